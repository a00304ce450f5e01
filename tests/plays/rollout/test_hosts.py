# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts the rollout is for, which it refuses, and what it calls a variable that is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible.release import __version__ as ansible_version

from ...short import one_in
from .conftest import PROFILE, Project, Run, user

HOSTS = {"desk-1": {"mail_accounts_users": [user("anna")]}, "desk-2": {"mail_accounts_users": [user("basil")]}}
ROLE = {"import_role": {"name": "mailops.profiles.mail_accounts"}}


def extra(**variables: Any) -> tuple[str, str]:
    return "-e", json.dumps(variables)


def served(run: Run) -> list[str]:
    return [name for name in HOSTS if f"{name} : ok=2" in run.output]


@pytest.mark.parametrize(("variables", "hosts"), one_in(2, [
    ({}, ["desk-1", "desk-2"]),
    ({"mail_accounts_hosts": "", "mail_accounts_serial": ""}, ["desk-1", "desk-2"]),
    ({"mail_accounts_hosts": " ", "mail_accounts_serial": " \n"}, ["desk-1", "desk-2"]),
    ({"mail_accounts_hosts": None, "mail_accounts_serial": None}, ["desk-1", "desk-2"]),
    ({"mail_accounts_hosts": "desk-1:!desk-2"}, ["desk-1"]),
    ({"mail_accounts_hosts": "desk-1\ndesk-2\n", "mail_accounts_serial": "1\n50%"}, ["desk-1", "desk-2"]),
    ({"mail_accounts_hosts": "- desk-2", "mail_accounts_serial": "[1, 2]"}, ["desk-2"]),
    ({"mail_accounts_hosts": ["desk-1", "desk-2"], "mail_accounts_serial": [1, "50%"]}, ["desk-1", "desk-2"]),
]))  # fmt: skip
def test_the_hosts_of_the_playbook(project: Project, variables: dict[str, Any], hosts: list[str]) -> None:
    run = project.rollout(project.inventory(HOSTS), "--check", *extra(**variables))
    assert run.status == 0 and served(run) == hosts and "PLAY [Roll out the mail accounts] *" in run.output


@pytest.mark.parametrize("serial", ["all", "1\n-1"])
def test_batches_that_are_no_numbers(project: Project, serial: str) -> None:
    run = project.rollout(project.inventory(HOSTS), *extra(mail_accounts_serial=serial))
    assert run.status and "mail_accounts_serial: must be numbers of hosts or shares such as 10%" in run.output
    assert "Traceback" not in run.output and project.written() == []


@pytest.mark.parametrize("hosts", ["people", "people:&more", ["people", "more"]])
def test_a_group_that_is_not_there(project: Project, hosts: Any) -> None:
    run = project.rollout(project.inventory(HOSTS), *extra(mail_accounts_hosts=hosts))
    name = hosts if isinstance(hosts, str) else ", ".join(hosts)
    sentence = f"PLAY [Roll out the mail accounts (the inventory has no host in {name}: put hosts there, or give mail_accounts_hosts)]"
    assert run.status == 0 and sentence in run.output and served(run) == []


def test_without_the_group_of_the_playbook(project: Project) -> None:
    inventory = project.write("hosts.json", {"people": {"hosts": dict.fromkeys(HOSTS)}})
    assert "(the inventory has no host in mail_accounts: put hosts there, or give mail_accounts_hosts)" in project.rollout(inventory).output


@pytest.mark.parametrize("variables", [
    {"ansible_connection": "winrm"}, {"ansible_connection": "psrp"}, {"ansible_connection": "ssh", "ansible_shell_type": "powershell"},
])  # fmt: skip
def test_a_windows_host_stops_all_with_one_sentence(project: Project, variables: dict[str, Any]) -> None:
    hosts = {**HOSTS, "laptop": {**variables, "ansible_host": "192.0.2.1", "mail_accounts_users": [user("cecil")]}}
    run = project.rollout(project.inventory(hosts))
    sentence = f"mail_account: the host is a Windows host (connection {variables['ansible_connection']}), which is not supported: take it out"
    assert run.status and sentence in run.output and "Traceback" not in run.output and project.written() == []


def test_misspelled_variables_are_a_warning_once(project: Project) -> None:
    run = project.rollout(project.inventory(HOSTS, mail_account_store="x", mail_accounts_profile=["work"], mail_accounts_company="x"))
    assert run.status == 0 and served(run) == list(HOSTS)
    assert run.output.count("the role mail_accounts has no variable 'mail_account_store' (did you mean 'mail_accounts_store'?)") == 1
    assert run.output.count("the role mail_accounts has no variable 'mail_accounts_profile' (did you mean 'mail_accounts_profiles'?)") == 1
    assert "mail_accounts_company" not in run.output


def test_a_misspelled_list_of_users(project: Project) -> None:
    run = project.rollout(project.inventory({"desk-1": {"mail_account_users": [user("anna")]}}))
    assert run.status and "mail_account: mail_accounts_users: is required" in run.output
    assert "no variable 'mail_account_users' (did you mean 'mail_accounts_users'?)" in run.output


def test_the_variables_are_named_in_messages_of_the_role_only(project: Project) -> None:
    inventory = project.inventory(HOSTS, mail_accounts_state="gone")
    assert "mail_account: mail_accounts_state: must be one of present, absent" in project.rollout(inventory).output
    task = {"mailops.profiles.mail_account": {"users": [user("anna")], "clients": ["msmtp"], "profile_definitions": [PROFILE], "state": "gone"}}
    run = project.play(project.write("site.yml", [{"hosts": "all", "gather_facts": False, "tasks": [task]}]), "-i", inventory)
    assert "mail_account: state: must be one of present, absent" in run.output


WRONG = {"good": {"mail_accounts_users": [user("anna")]}, "wrong": {"mail_accounts_users": [user("basil", email="nonsense")]}}


@pytest.mark.parametrize(("play", "spared"), [
    ({"tasks": [ROLE]}, True),
    ({"tasks": [ROLE], "strategy": "free"}, False),
    ({"tasks": [ROLE], "strategy": "ansible.builtin.host_pinned"}, False),
    ({"tasks": [{**ROLE, "ignore_errors": True}]}, False),
])  # fmt: skip
def test_when_a_mistake_stops_all_hosts(project: Project, play: dict[str, Any], spared: bool) -> None:
    """As the role's documentation says."""
    run = project.play(project.write("site.yml", [{"hosts": "all", "gather_facts": False, **play}]), "-i", project.inventory(WRONG))
    assert "nonsense" in run.output and (project.written() == []) == spared, run.output


def test_a_mistake_in_a_block_with_a_rescue(project: Project) -> None:
    """Newer versions than 2.16 send all hosts to the rescue."""
    block = {"block": [ROLE], "rescue": [{"ansible.builtin.debug": {"msg": "rescued"}}]}
    run = project.play(project.write("site.yml", [{"hosts": "all", "gather_facts": False, "tasks": [block]}]), "-i", project.inventory(WRONG))
    assert "nonsense" in run.output and (project.written() == []) == (not ansible_version.startswith("2.16.")), run.output


@pytest.mark.parametrize("delegated", [False, True])
def test_the_host_name_is_that_of_the_inventory(project: Project, delegated: bool) -> None:
    """Also of a task that another host does with delegate_to."""
    profile = {**PROFILE, "account_name": "on {HostName}"}
    inventory = project.inventory({**HOSTS, "gateway": {"mail_accounts_users": []}}, mail_accounts_dest=f"{project.path}/homes/{{HostName}}/{{UserName}}")
    role = {"import_role": {"name": "mailops.profiles.mail_accounts"}, **({"delegate_to": "gateway"} if delegated else {})}
    play = {"hosts": "desk-1", "gather_facts": False, "tasks": [role], "vars": {"mail_accounts_profile_definitions": [profile]}}
    run = project.play(project.write("site.yml", [play]), "-i", inventory)
    assert run.status == 0 and project.written() == ["desk-1/anna/.msmtprc"], run.output


@pytest.mark.skipif(not shutil.which("git"), reason="git is not there")
def test_the_host_name_with_ansible_pull(project: Project, tmp_path: Path) -> None:
    """That by which the host is in the inventory of the repository."""
    repository = tmp_path / "repository"
    role = {"hosts": "all", "gather_facts": False, "tasks": [ROLE]}
    project.write("repository/local.yml", [role])
    variables = {"mail_accounts_dest": f"{project.path}/homes/{{HostName}}/{{UserName}}"}
    project.inventory({"laptop-17": HOSTS["desk-1"]}, "repository/hosts.json", **variables)
    project.inventory({"localhost": HOSTS["desk-1"]}, "repository/local.json", **variables)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    pull = [*project.isolation, str(Path(sys.executable).with_name("ansible-pull")), "-U", f"file://{repository}", "-d", str(tmp_path / "checkout")]
    environment = project.environment()
    for arguments in (["-i", "hosts.json", "--limit", "laptop-17"], ["-i", "local.json"]):
        done = subprocess.run([*pull, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert project.written() == ["laptop-17/anna/.msmtprc", "localhost/anna/.msmtprc"]

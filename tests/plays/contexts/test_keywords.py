# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keywords of tasks and plays that change how a module runs, or on what."""

from __future__ import annotations

from typing import Any

import pytest

from ..rollout.conftest import PROFILE, Project, user
from .conftest import ACCOUNT, DEAD, MODULES, host, play, recap

OPTIONS: dict[str, dict[str, Any]] = {
    "mail_profile": PROFILE, "mail_profiles": {"profiles": [{**PROFILE, "name": "other"}]}, "mail_profile_info": {},
    "mail_account": {**{name: value for name, value in ACCOUNT.items() if name != "profile_definitions"}, "profiles": ["work", "other"]},
}  # fmt: skip
# A connection as those of ansible.netcommon: it belongs to ansible-core's class for network devices, which runs modules on the controller.
NETWORK = """
DOCUMENTATION = "name: to_a_switch\\nshort_description: x\\noptions: {persistent_log_messages: {type: bool, default: false}}"
from ansible.plugins.connection import NetworkConnectionBase
class Connection(NetworkConnectionBase):
    transport = "to_a_switch"
    force_persistence = False
    def _connect(self):
        return self
"""


def test_async_is_refused_before_anything_happens(project: Project) -> None:
    defaults = {"group/mailops.profiles.all": {"store": f"{project.path}/p.db"}}
    tasks = [
        {f"mailops.profiles.{name}": OPTIONS[name], "async": 30, "poll": poll, "ignore_errors": True, "environment": {"MAILOPS_STORE_KEY": "sesame"}}
        for name, poll in zip(MODULES, (0, 1, 1, 5))
    ]  # fmt: skip
    run = play(project, [{"tasks": tasks, "module_defaults": defaults}], project.inventory(host("desk")), "-vvv")
    assert recap(run) == {"desk": {"ok": 4, "ignored": 4}}, run.output
    for name in MODULES:
        assert f"{name}: async is not supported, because the controller does the work: take async and poll off the task" in run.output
    assert project.written() == [] and not (project.path / "p.db").exists()
    assert "sesame" not in run.output and "Traceback" not in run.output


def test_no_log_with_a_diff_and_a_loop(project: Project) -> None:
    """Nothing of the users or the profiles, and without no_log nothing of a password; ``diff: false`` is obeyed."""
    people = [user(f"person-{number}", password="sesame") for number in range(2)]
    definition = {**PROFILE, "incoming": {"host": "imap.example.org", "password": "{UserPassword}"}}
    hidden = {**definition, "incoming": {"host": "hidden.example.org"}, "description": "hidden"}
    templated = [{**person, "password": "{{ secrets[0] }}"} for person in people]
    tasks = [
        {"mailops.profiles.mail_account": {**ACCOUNT, "users": ["{{ item }}"], "profile_definitions": [hidden]}, "loop": "{{ people }}", "no_log": True},
        {"mailops.profiles.mail_profiles": {"profiles": [hidden], "store": f"{project.path}/p.db"}, "no_log": True},
        {"mailops.profiles.mail_account": {**ACCOUNT, "users": templated, "dest": "{{ mail_accounts_dest }}-2"}, "diff": False},
        {"mailops.profiles.mail_account": {**ACCOUNT, "users": templated, "dest": "{{ mail_accounts_dest }}-3"}},
    ]
    given = {"people": people, "secrets": ["sesame"], "mail_accounts_profile_definitions": [definition]}
    run = play(project, [{"tasks": tasks, "vars": given}], project.inventory(host("desk"), mail_accounts_clients=["mbsync"]), "--diff", "-vvv")
    assert recap(run) == {"desk": {"ok": 4, "changed": 4}} and "sesame" not in run.output, run.output
    assert "hidden" not in run.stdout.replace("result was hidden", "").replace("output has been hidden", "")
    assert run.stderr.count("mail_account: [desk]") == 2
    # Of two users, in one of the two tasks.
    assert run.stdout.count("\n+Host imap.example.org") == 2, run.stdout


def test_many_hosts_whose_task_one_host_does(project: Project) -> None:
    """At once, and with throttle one after the other: all places are on the list, and each host purges its own only."""
    names = [f"desk-{number}" for number in range(4)]
    hosts = {name: host(name)[name] for name in names}
    gateway = {"lan_connection": "local", "ansible_connection": "{{ lan_connection }}", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    # Nothing can be reached but the gateway.
    inventory = project.inventory({**hosts, "gateway": gateway}, **DEAD)
    task = {"mailops.profiles.mail_account": {**ACCOUNT, "purge_users": True}, "delegate_to": "gateway"}
    another = {**task, "mailops.profiles.mail_account": {**task["mailops.profiles.mail_account"], "users": [user("another")]}}
    plays = [{"hosts": "desk-*", "tasks": [task, {**task, "throttle": 1}]}, {"hosts": "desk-3", "tasks": [another]}]
    run = play(project, plays, inventory, "--forks", "4")
    assert recap(run) == {name: {"ok": 2, "changed": 1} if name != "desk-3" else {"ok": 3, "changed": 2} for name in names}, run.output
    expected = [f"{name}/user-of-{name}/.msmtprc" for name in names if name != "desk-3"]
    assert project.written() == sorted([*expected, "desk-3/another/.msmtprc"]), run.output


def test_defaults_of_groups(project: Project) -> None:
    """The collection's own group, one of somebody else's that extends it, with short names by ``collections:``, and inside a role."""
    extended = {"requires_ansible": ">=2.16", "action_groups": {"mail": [{"metadata": {"extend_group": ["mailops.profiles.all"]}}]}}
    project.write("own/ansible_collections/our/own/meta/runtime.yml", extended)
    project.write("own/ansible_collections/our/own/galaxy.yml", {"namespace": "our", "name": "own", "version": "1.0.0"})
    tasks = [{name: OPTIONS[name], "register": name} for name in MODULES]
    tasks.append({"ansible.builtin.debug": {"msg": "has {{ mail_profile_info.profiles | map(attribute='name') | list }}"}})
    project.write("roles/mail/tasks/main.yml", tasks)
    project.write("roles/mail/meta/main.yml", {"collections": ["mailops.profiles"]})  # a role does not inherit those of a play
    groups = {"mailops.profiles.all": "first", "our.own.mail": "second"}
    plays = [
        {"collections": ["mailops.profiles"], "module_defaults": {f"group/{group}": {"store": f"{project.path}/{name}.db"}}, "tasks": tasks}
        for group, name in groups.items()
    ]
    plays.append({"module_defaults": {"group/our.own.mail": {"store": f"{project.path}/third.db"}}, "tasks": [{"import_role": {"name": "mail"}}]})
    run = play(project, plays, project.inventory(host("desk")), ANSIBLE_COLLECTIONS_PATH=f"{project.path}/own:{project.collections}")
    assert run.status == 0 and run.output.count("has ['other', 'work']") == 3, run.output
    assert all((project.path / f"{name}.db").exists() for name in ("first", "second", "third"))


@pytest.mark.parametrize("delegated", [False, True], ids=["host", "delegate"])
def test_a_network_device_is_not_the_controller(project: Project, delegated: bool) -> None:
    """Ansible runs there what is sent to such a device, so the accounts would come to the controller's own users."""
    project.write("connection_plugins/to_a_switch.py", NETWORK)
    hosts = {**host("desk"), **host("switch", ansible_connection="to_a_switch", ansible_host="127.0.0.1")}
    task: dict[str, Any] = {"mailops.profiles.mail_account": ACCOUNT}
    who = {"hosts": "desk"} if delegated else {"hosts": "switch:desk"}
    run = play(project, [{**who, "tasks": [{**task, **({"delegate_to": "switch"} if delegated else {})}]}], project.inventory(hosts))
    sentence = "mail_account: the host is a network device (connection to_a_switch), which is not supported: take it out of the play's hosts"
    assert run.status and sentence in run.output and "Traceback" not in run.output, run.output
    assert project.written() == ([] if delegated else ["desk/user-of-desk/.msmtprc"])

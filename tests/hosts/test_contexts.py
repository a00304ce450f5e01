# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that become root in other ways, or nobody's root at all, where temporary files are a problem, and hosts that do another's task."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hosts import Host, Hosts
from profiles import profile
from rollout import Recap, read_recap

ROOT_PASSWORD = "sesame of root"
# What community.general's plugin says to a doas that asks for no password; Ansible itself has none.
DOAS = """
DOCUMENTATION = "name: doas\\nshort_description: doas\\noptions: {}"
from ansible.plugins.become import BecomeBase
class BecomeModule(BecomeBase):
    name = "doas"
    def build_become_command(self, cmd, shell):
        return f"doas -n -u root {self._build_success_command(cmd, shell)}"
"""

# name of the host: what is done to it before, and its variables.
PREPARED: dict[str, tuple[str, dict[str, Any]]] = {
    "su": (f"echo 'root:{ROOT_PASSWORD}' | chpasswd", {"ansible_become_method": "su", "ansible_become_password": ROOT_PASSWORD}),
    "doas": ("echo 'permit nopass admin as root' > /etc/doas.conf; chmod 600 /etc/doas.conf", {"ansible_become_method": "doas"}),
    "noexec": ("for each in /tmp /var/tmp /home/admin; do mount -t tmpfs -o noexec,mode=1777 none $each; done", {}),
    "read-only-tmp": ("mount -t tmpfs -o ro none /tmp", {}),
    "no-home": ("rm -r /home/admin", {"ansible_remote_tmp": "/var/tmp/of-{{ ansible_user }}"}),
    "plain-user": ("true", {"ansible_become_user": "user1", "ansible_pipelining": True}),
    "no-acl": ("true", {"ansible_become_user": "user1"}),
    "terminal": ("echo 'Defaults requiretty' >> /etc/sudoers.d/admin", {"ansible_pipelining": True}),
    "read-only": ("for each in /tmp /var/tmp /home/admin; do mount -t tmpfs -o ro none $each; done", {"ansible_pipelining": True}),
}  # fmt: skip
REFUSED = {
    "no-acl": "Ansible cannot pass the module from the connecting user to the become user, because neither of them is root: set ansible_pipelining: "
              "true, install the package acl on the host, connect as the become user, or become root",
    "terminal": "the module did not run on the host: sudo wants a terminal there (requiretty), which it does not have with pipelining",
    "read-only": "the module did not run on the host: no directory for temporary files can be written to there (/tmp, /var/tmp)",
}  # fmt: skip


@pytest.fixture
def start(possible: None, tmp_path: Path) -> Iterator[Callable[..., Hosts]]:
    """A function that starts a fleet with these hosts, each with variables of its own."""
    running = Hosts(tmp_path / "hosts")

    def started(hosts: Sequence[Host], variables: dict[str, dict[str, Any]]) -> Hosts:
        running.hosts = hosts
        running.start(die_with_caller=True)
        (tmp_path / "become").mkdir()
        (tmp_path / "become" / "doas.py").write_text(DOAS)
        running.environment.update(ANSIBLE_BECOME_PLUGINS=str(tmp_path / "become"), ANSIBLE_NOCOLOR="1", COLUMNS="1000")
        inventory = json.loads(running.inventory_file.read_text())
        common = {"mail_accounts_clients": ["msmtp"], "mail_accounts_profile_definitions": [profile()], "ansible_python_interpreter": "/usr/bin/python3"}
        inventory["mail_accounts"]["vars"].update(common)
        for name, own in variables.items():
            inventory["mail_accounts"]["hosts"][name].update(own)
        running.inventory_file.write_text(json.dumps(inventory))
        return running

    try:
        yield started
    finally:
        running.stop()


def inside(hosts: Hosts, name: str, script: str) -> str:
    """What a shell of the host's root prints."""
    pid = json.loads((hosts.directory / "pids.json").read_text())[name]
    argv = ["nsenter", f"--target={pid}", "--mount", "--root", "sh", "-c", script]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout


def with_a_password(hosts: Hosts, name: str) -> list[str]:
    """The files of a host that hold one, temporary files included."""
    return inside(hosts, name, "grep -rl 'sesame of user1' /home /tmp /var/tmp /root /run /dev/shm; true").split()


def test_ways_to_the_users(start: Callable[..., Hosts]) -> None:
    hosts = start([Host(name) for name in PREPARED], {name: variables for name, (_script, variables) in PREPARED.items()})
    for name, (script, _variables) in PREPARED.items():
        inside(hosts, name, script)
    done = hosts.run(["ansible-playbook", "mailops.profiles.rollout", "--become", "--forks", "9", "--diff"])
    output = done.stdout + done.stderr
    failed = {name: Recap(changed=0, unreachable=0, failed=1) for name in REFUSED}
    assert read_recap(done.stdout) == {**dict.fromkeys(PREPARED, Recap(changed=1, unreachable=0, failed=0)), **failed}, output
    assert "sesame" not in output and "Traceback" not in output
    for name in PREPARED:
        files = with_a_password(hosts, name)
        assert len(files) == (name not in REFUSED) and all("/.config/mailops/msmtp/" in path for path in files), (name, files)
        left = inside(hosts, name, "find /home /tmp /var/tmp /root -path '*ansible*' -type f; find /home/user1 -user root")
        assert left == "", (name, left)
    for name, sentence in REFUSED.items():
        assert f'fatal: [{name}]: FAILED! => {{"changed": false, "msg": "mail_account: {sentence}' in output, output


def test_a_task_that_another_host_does(start: Callable[..., Hosts], tmp_path: Path) -> None:
    """Templates and reports are the controller's, the rest is the other host's, and names are those of the hosts of the play."""
    own = {"ansible_python_interpreter": "/nowhere/python", "ansible_become_method": "nonsense", "port": 1, "way": "nonsense"}
    desk = {"ansible_port": "{{ port }}", "port": 2222, "ansible_become_method": "{{ way }}", "way": "sudo"}
    hosts = start(
        [Host("laptop", "unreachable"), Host("phone", "unreachable"), Host("desk"), Host("broken")],
        {"laptop": own, "phone": own, "desk": desk, "broken": {"ansible_python_interpreter": "/broken/python"}},
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "note.j2").write_text("for {{ user.name }}")
    options = {
        "users": [{"name": "of-{{ inventory_hostname }}", "email": "a@example.org", "display_name": "A", "password": "sesame"}], "clients": ["msmtp"],
        "profile_definitions": [profile()], "templates": [{"src": "note.j2", "dest": "note-of-{{ inventory_hostname }}"}],
        "dest": "/srv/{HostName}/{UserName}", "report_path": f"{tmp_path}/{{{{ inventory_hostname }}}}.json",
    }  # fmt: skip
    task = {"mailops.profiles.mail_account": options, "become": True}
    failing = {"mailops.profiles.mail_account": {**options, "report_path": f"{tmp_path}/{{{{ inventory_hostname }}}}.failed.json"}, "become": True}
    tasks = [{**task, "delegate_to": "desk"}, {**failing, "delegate_to": "broken", "ignore_errors": True}]
    (tmp_path / "site.yml").write_text(json.dumps([{"hosts": "laptop:phone", "gather_facts": False, "tasks": tasks}]))
    done = hosts.run(["ansible-playbook", str(tmp_path / "site.yml")])
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("laptop", "phone"):
        assert f"mail_account: [{name}] 1 user, 1 account: 3 files created" in done.stderr
        report = json.loads((tmp_path / f"{name}.json").read_text())
        assert all(change["path"].startswith(f"/srv/{name}/of-{name}/") for change in report["changes"]) and len(report["changes"]) == 3
        assert inside(hosts, "desk", f"cat /srv/{name}/of-{name}/note-of-{name}") == f"for of-{name}"
        assert inside(hosts, "desk", f"cat /var/lib/mailops.profiles/default.json | grep -c '\"{name}\"'").strip() != "0"
    sentence = '"msg": "mail_account: /broken/python did not run on the host broken (exit status 127): set ansible_python_interpreter'
    assert done.stdout.count(sentence) == 2, done.stdout
    reports = [json.loads((tmp_path / f"{name}.failed.json").read_text()) for name in ("laptop", "phone")]
    assert all("did not run on the host broken" in report["problems"][0] and not report["changes"] for report in reports)

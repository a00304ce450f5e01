# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's controller and a host of users, both in the lab: the rollout playbook, over ssh, with become."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ssh_server
from harness import Lab

from ansible_collections.mailops.profiles.plugins import plugin_utils

# Where Python found the collection; seen from within the lab, too.
COLLECTIONS = str(Path(next(iter(plugin_utils.__path__))).parents[4])

_KEY = "/root/lab_key"
_INVENTORY: dict[str, Any] = {
    "ansible_host": "127.0.0.1",
    "ansible_port": ssh_server.PORT,
    "ansible_user": "admin",
    "ansible_python_interpreter": "/usr/bin/python3",
    "ansible_ssh_private_key_file": _KEY,
    "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
}


class Controller:
    """Runs playbooks in the lab as root, against the lab's own sshd, where it is only ``admin`` and becomes root by sudo."""

    def __init__(self, lab: Lab, directory: Path):
        self._lab = lab
        self._directory = directory
        self._environment = {"ANSIBLE_COLLECTIONS_PATH": COLLECTIONS, "ANSIBLE_NOCOLOR": "1", "LANG": "C.UTF-8"}
        self._start_sshd()

    def _start_sshd(self) -> None:
        # A locked account may not even log in with a key.
        user = ["useradd", "--create-home", "--password", "*", "admin"]
        for argv in (user, [sys.executable, "-B", ssh_server.__file__, "/etc/mailops-lab/ssh", _KEY]):
            done = self._lab.run(argv)
            assert done.returncode == 0, done.stderr

    def play(self, playbook: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """``playbook``: the name of one in the collection, or a path."""
        argv = [str(Path(sys.prefix) / "bin/ansible-playbook"), playbook, *arguments]
        environment = {**self._environment, "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"}
        return self._lab.run(argv, env=environment, timeout=timeout)

    def store(self, profiles: list[dict[str, Any]]) -> None:
        """Exactly these profiles, in the store on the controller."""
        task = {"mailops.profiles.mail_profiles": {"profiles": profiles, "purge": True, "store": self._path("profiles.db")}}
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
        done = self.play(self._write("profiles.yml", play), "-i", "localhost,")
        assert done.returncode == 0, done.stdout + done.stderr

    def roll_out(self, users: list[dict[str, Any]], *arguments: str, become: bool = True, **variables: Any) -> dict[str, Any]:
        """The role for these users of the host; the report of the run (in check mode: none)."""
        report = self._directory / "report.json"
        report.unlink(missing_ok=True)
        of_the_host = {**_INVENTORY, "mail_accounts_users": users, "mail_accounts_store": self._path("profiles.db")}
        of_the_host.update({f"mail_accounts_{name}": value for name, value in {"report_path": str(report), **variables}.items()})
        inventory = self._write("inventory.json", {"mail_accounts": {"hosts": {"desk": of_the_host}}})
        done = self.play("mailops.profiles.rollout", "-i", inventory, *(["--become"] if become else []), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        self.output = done.stdout + done.stderr
        return json.loads(report.read_text()) if report.exists() else {}

    def _path(self, name: str) -> str:
        return str(self._directory / name)

    def _write(self, name: str, data: Any) -> str:
        path = self._directory / name
        path.write_text(json.dumps(data))
        return str(path)

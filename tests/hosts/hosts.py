# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real hosts on the loopback interface: start them, run a controller in their network, end them.

  python hosts.py start 100 DIRECTORY [--users 10] [--kind debian]
  python hosts.py exec DIRECTORY -- ansible all -m ping
  python hosts.py stop DIRECTORY
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab"), str(HERE.parent)]
import another_release  # noqa: E402
import ssh_server  # noqa: E402
from sandbox import REPOSITORY, LabError, Sandbox  # noqa: E402

KINDS = ("plain", "debian", "no_python", "unreachable")


@dataclass(frozen=True)
class Host:
    """``kind``: plain (the machine's own programs), debian (those of another release), no_python, unreachable (no sshd)."""

    name: str
    kind: str = "plain"
    users: Sequence[str] = ("user1",)


class Hosts(Sandbox):
    """Hosts in their directory, whether they run or not. Like a lab: the controller runs in it, and reaches them by ssh."""

    program = HERE / "fleet.py"

    def __init__(self, directory: os.PathLike | str, hosts: Sequence[Host] = ()):
        super().__init__(directory)
        self.hosts = hosts
        self.inventory_file = self.directory / "inventory.json"
        self.environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "build" / "collections"),
            # The controller has a /run of its own. In the home of whoever runs this, the master connections of two fleets would be
            # taken for each other: the addresses are the same.
            "ANSIBLE_HOME": "/run/ansible",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": "/run/ansible/cp",
            "ANSIBLE_INVENTORY": str(self.inventory_file),
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
        }

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """A command on the controller. Its failure is for the caller to judge."""
        command = self.command(argv, env={**self.environment, **(env or {})})
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)

    def host_path(self, name: str, path: str) -> Path:
        """Where a host's file is seen from outside. (An absolute symbolic link in there leads outside.)"""
        pids = json.loads((self.directory / "pids.json").read_text())
        return Path(f"/proc/{pids[name]}/root", path.lstrip("/"))

    def _spawn(self, shared: Sequence[os.PathLike | str], die_with_caller: bool) -> None:
        roots = {host.kind: str(another_release.root()) if host.kind == "debian" else "/" for host in self.hosts}
        hosts = [
            {"name": host.name, "kind": host.kind, "users": host.users, "root": roots[host.kind], "address": _address(number)}
            for number, host in enumerate(self.hosts)
        ]
        for key in ("key", "host_key"):
            ssh_server.make_key(self.directory / key)
        self._write("known_hosts", f"rollout {(self.directory / 'host_key.pub').read_text()}")
        self._write("hosts.json", json.dumps(hosts))
        self._write("inventory.json", json.dumps(self._inventory(hosts), indent=2))
        super()._spawn(shared, die_with_caller)

    def _inventory(self, hosts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        options = {"UserKnownHostsFile": f"'{self.directory / 'known_hosts'}'", "HostKeyAlias": "rollout", "LogLevel": "ERROR"}
        variables = {
            "ansible_port": ssh_server.PORT,
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": str(self.directory / "key"),
            # -F none: the settings of whoever runs this do not count.
            "ansible_ssh_common_args": " ".join(["-F none", *(f"-o {name}={value}" for name, value in options.items())]),
        }
        listed = {host["name"]: {"ansible_host": host["address"], "mail_accounts_users": _people(host["users"])} for host in hosts}
        return {"mail_accounts": {"hosts": listed, "vars": variables}}

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def _remove_files(self) -> None:
        for name in ("key", "key.pub", "host_key", "host_key.pub", "known_hosts", "hosts.json", "pids.json", "inventory.json"):
            (self.directory / name).unlink(missing_ok=True)
        super()._remove_files()


def _address(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def _people(names: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"name": name, "email": f"{name}@example.org", "display_name": name.title(), "password": f"sesame of {name}"} for name in names
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    start = actions.add_parser("start", help="start hosts and wait until they can be reached; the inventory is DIRECTORY/inventory.json")
    start.add_argument("number", type=int)
    start.add_argument("directory", type=Path)
    start.add_argument("--users", type=int, default=1, help="users of each host (default: 1)")
    start.add_argument("--kind", choices=KINDS, default="plain")
    execute = actions.add_parser("exec", help="run a command where the hosts can be reached, with their inventory")
    execute.add_argument("directory", type=Path)
    execute.add_argument("command", nargs="+")
    stop = actions.add_parser("stop", help="end the hosts and remove their files")
    stop.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.action == "start":
            users = [f"user{number}" for number in range(1, arguments.users + 1)]
            hosts = [Host(f"host{number:03}", arguments.kind, users) for number in range(1, arguments.number + 1)]
            Hosts(arguments.directory, hosts).start()
        elif arguments.action == "exec":
            running = Hosts(arguments.directory)
            # Entering leads to /.
            argv = running.command(["env", f"--chdir={Path.cwd()}", *arguments.command], env=running.environment)
            os.execvp(argv[0], argv)
        else:
            Hosts(arguments.directory).stop()
    except (LabError, another_release.Unavailable) as error:
        sys.exit(f"hosts.py: {error}")


if __name__ == "__main__":
    main()

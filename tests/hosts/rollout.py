# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in which some hosts cannot be served, and rollouts to it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hosts import Host, Hosts
from profiles import profile

SERVED = ("plain", "bigger", "debian")
# In batches of two, each has a host that can be served.
FLEET = (
    Host("plain", users=("user1", "user2")),
    Host("gone", "unreachable"),
    Host("bigger", users=("user1", "user2", "user3")),
    Host("bare", "no_python"),
    Host("debian", "debian", users=("user1", "user2")),
)
PROFILE = profile(account_name="{UserDisplayName} (work)", signature="{UserDisplayName}\n")
_RECAP = re.compile(r"^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+) ", re.MULTILINE)


@dataclass(frozen=True)
class Recap:
    changed: int
    unreachable: int
    failed: int


def read_recap(output: str) -> dict[str, Recap]:
    return {name: Recap(*map(int, numbers)) for name, *numbers in _RECAP.findall(output)}


@dataclass(frozen=True)
class Rollout:
    output: str
    hosts: dict[str, Recap]
    reports: dict[str, dict[str, Any]]

    def diff(self) -> list[str]:
        """The lines of all hosts, which come in any order."""
        return sorted(line for line in self.output.splitlines() if line.startswith(("+", "-", "@@")))


class Fleet(Hosts):
    """Hosts with the variables of a rollout."""

    def prepare(self, store: Path) -> None:
        self._reports = self.directory / "reports"
        self._reports.mkdir()
        self._variables = {
            "mail_accounts_store": str(store),
            "mail_accounts_profiles": [PROFILE["name"]],
            "mail_accounts_clients": ["neomutt", "msmtp", "mbsync", "fetchmail"],
            "mail_accounts_report_path": f"{self._reports}/{{{{ inventory_hostname }}}}.json",
        }

    def roll_out(self, *arguments: str, env: dict[str, str] | None = None, **variables: Any) -> Rollout:
        extra = json.dumps({**self._variables, **variables})
        done = self.run(["ansible-playbook", "mailops.profiles.rollout", "-e", extra, *arguments], {"ANSIBLE_NOCOLOR": "1", **(env or {})})
        output = done.stdout + done.stderr
        recap = read_recap(output)
        assert recap, output
        assert "sesame" not in output
        reports = {file.stem: json.loads(file.read_text()) for file in self._reports.iterdir()}
        return Rollout(output, recap, reports)

    def home(self, host: str, user: str) -> Path:
        return self.host_path(host, f"/home/{user}")

    def files(self, host: str) -> dict[str, tuple[int, int, int, bytes | str]]:
        """Everything in the homes of the host's users: path -> owner, mode, time of the last change, content."""
        home = self.host_path(host, "/home")
        return {str(path.relative_to(home)): _state(path) for path in home.glob("user*/**/*")}


def _state(path: Path) -> tuple[int, int, int, bytes | str]:
    state = path.lstat()
    content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
    return state.st_uid, state.st_mode & 0o7777, state.st_mtime_ns, content

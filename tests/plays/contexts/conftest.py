# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays in which the modules, the role and the rollout stand in other ways than in their examples."""

from __future__ import annotations

import re
from typing import Any

from ..rollout.conftest import Project, Run, project, user

__all__ = ["ACCOUNT", "DEAD", "MODULES", "ROLE", "host", "play", "project", "recap"]

MODULES = ("mail_profile", "mail_profiles", "mail_profile_info", "mail_account")
ROLE: dict[str, Any] = {"import_role": {"name": "mailops.profiles.mail_accounts"}}
# What the role says, in a task of one's own.
ACCOUNT = {name: f"{{{{ mail_accounts_{name} }}}}" for name in ("users", "clients", "dest", "profile_definitions")}
# Nothing listens there.
DEAD = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
_RECAP = re.compile(r"^(.+?) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) +skipped=\d+ +rescued=(\d+) +ignored=(\d+)", re.MULTILINE)
_COUNTS = ("ok", "changed", "unreachable", "failed", "rescued", "ignored")


def host(name: str, **variables: Any) -> dict[str, dict[str, Any]]:
    """An inventory host with a user of its own."""
    return {name: {"mail_accounts_users": [user(f"user-of-{name}")], **variables}}


def play(project: Project, plays: list[dict[str, Any]], inventory: str, *arguments: str, **environment: str) -> Run:
    """A playbook of these plays, which gather no facts unless they say so."""
    book = [{"hosts": "all", "gather_facts": False, **each} for each in plays]
    return project.play(project.write("site.yml", book), "-i", inventory, *arguments, **environment)


def recap(run: Run) -> dict[str, dict[str, int]]:
    """The counts of each host that are not 0, apart from skipped tasks, of which the role has some."""
    found = {name: dict(zip(_COUNTS, map(int, counts))) for name, *counts in _RECAP.findall(run.stdout)}
    return {name: {key: count for key, count in counts.items() if count} for name, counts in found.items()}

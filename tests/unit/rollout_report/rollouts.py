# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rollouts for the tests, of results as mail_account returns them."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.collector import Collector
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import FINISHED

START = 1_800_000_000.0  # 2027-01-15 08:00 UTC
ACTION = "mailops.profiles.mail_account"
CHECK = "mailops.profiles.mail_account_check"
CLIENTS = ("evolution", "mbsync", "msmtp", "neomutt", "thunderbird")


def result(*users: str, state: str = "unchanged", **more: Any) -> dict[str, Any]:
    return {
        "changed": state == "changed", "accounts": {"total": len(users), "changed": 0}, "files": {"created": 0, "updated": 1, "removed": 0, "unchanged": 2},
        "users": [{"user": name, "clients": dict.fromkeys(CLIENTS, state)} for name in users], **more,
    }  # fmt: skip


def failure(user: str, msg: str) -> dict[str, Any]:
    """As a task fails when one of its users does."""
    failed = [{"user": user, "path": f"/home/{user}", "msg": msg}]
    return result(user, state="failed", failed=True, failed_users=failed, msg=f"mail_account: {msg} (user {user})\n(the other users were served)")


def collector(*hosts: str) -> Collector:
    found = Collector(START)
    found.expect(hosts)
    return found


def take(found: Collector, host: str, data: dict[str, Any], task: str = "deploy", action: str = ACTION, at: float = START) -> None:
    found.result(host, task, action, data, at)


def document(found: Collector, status: str = FINISHED, seconds: float = 60) -> dict[str, Any]:
    return found.rollout.document(status, START + seconds)


def states(found: Collector, status: str = FINISHED) -> dict[str, str]:
    return {entry["host"]: entry["state"] for entry in document(found, status)["hosts"]}


def groups(found: Collector, kind: str) -> list[tuple[str, list[str]]]:
    return [(group["msg"], [item["host"] for item in group["hosts"]]) for group in document(found)["attention"][kind]]

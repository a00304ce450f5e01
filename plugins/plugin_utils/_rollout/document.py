# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollout as one document: what JSON and page say. Pure: times come from the caller."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Mapping, Sequence

from .attention import attention
from .command import rerun
from .host import FAILED, HOST_STATES, NOT_TRIED, STALE, UNREACHABLE, Host
from .report import CLIENT_STATES, FILE_ACTIONS, OK

# Raised when a key changes its meaning or goes.
SCHEMA_VERSION = 1
KIND = "mailops.profiles.rollout"
RUNNING, FINISHED, INTERRUPTED = "running", "finished", "interrupted"


@dataclass
class Rollout:
    """``head``: what is known of the run: playbook, limit, versions and the like, texts or None. ``arguments``: to run it again."""

    hosts: dict[str, Host] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    started: float | None = None

    def document(self, status: str, now: float) -> dict[str, Any]:
        """``status``: running, finished or interrupted; ``now``: when this is said."""
        is_over = status != RUNNING
        # What was checked only is well, unless other hosts went further, or a mistake kept them all from it.
        only_checked = not any(host.is_deployed or host.unreachable or host.failed_task or any(r.failed for r in host.reports) for host in self.hosts.values())
        entries = [host.entry(is_over, only_checked) for host in self.hosts.values()]
        entries.sort(key=lambda entry: (HOST_STATES.index(entry["state"]), entry["host"]))
        checked = {report.check_mode for host in self.hosts.values() for report in host.reports if report.check_mode is not None}
        again = [entry["host"] for entry in entries if entry["state"] in (FAILED, UNREACHABLE, NOT_TRIED, STALE)]
        for entry in entries:
            entry["reported"] = utc(entry["reported"])
        return {
            "kind": KIND,
            "schema_version": SCHEMA_VERSION,
            "status": status,
            "started": utc(self.started),
            "written": utc(now),
            "head": {"check_mode": checked.pop() if len(checked) == 1 else None, **self.head},
            "counts": _counts(entries),
            "attention": attention(entries),
            "rerun": rerun(self.arguments, again if is_over else []),
            "hosts": entries,
        }


def utc(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: Any) -> float | None:
    """The other way round; None for what is no time."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    except (TypeError, ValueError):
        return None


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":")) + "\n"


def _counts(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    states = [entry["state"] for entry in entries]
    users = [min(user["clients"].values(), key=CLIENT_STATES.index) for entry in entries for user in entry["users"] if user["clients"]]
    checks = [check["outcome"] == OK for entry in entries for check in entry["checks"]]
    return {
        "hosts": {"total": len(states), **{state: states.count(state) for state in HOST_STATES}},
        "users": {"total": sum(len(entry["users"]) for entry in entries), **{state: users.count(state) for state in CLIENT_STATES}},
        "accounts": sum(entry["accounts"] for entry in entries),
        "files": {action: sum(entry["files"][action] for entry in entries) for action in FILE_ACTIONS},
        "checks": {"ok": checks.count(True), "failed": checks.count(False)},
    }

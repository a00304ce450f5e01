# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host of a rollout: what its tasks reported, as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable

from .report import CHANGED, CLIENT_STATES, DRIFTED, FAILED, FILE_ACTIONS, OK, SKIPPED, UNCHANGED, Report

# Of a host, beside those of clients. Checked: the options or the log-ins were, and nothing was to be deployed. Stale: an old report.
UNREACHABLE, NOT_TRIED, STALE, WAITING, CHECKED = "unreachable", "not_tried", "stale", "waiting", "checked"
HOST_STATES = (FAILED, UNREACHABLE, NOT_TRIED, STALE, WAITING, DRIFTED, CHANGED, SKIPPED, CHECKED, UNCHANGED)


@dataclass
class Host:
    """``unreachable``: why. ``failed_task``: the name of another's task that failed there, before or after ours. ``stale``: the last report
    is too old to be of this rollout."""

    name: str
    reports: list[Report] = field(default_factory=list)
    unreachable: str = ""
    failed_task: str = ""
    stale: bool = False

    @property
    def is_deployed(self) -> bool:
        return any(not (report.validated or report.skipped or report.checks) for report in self.reports)

    @property
    def has_failed(self) -> bool:
        return bool(self.unreachable or self.failed_task) or any(_has_failed(report) for report in self.reports)

    @property
    def is_done(self) -> bool:
        return self.is_deployed or self.has_failed or any(report.skipped for report in self.reports)

    @property
    def is_checked(self) -> bool:
        """Its log-ins were, which may be all that is to be done."""
        return any(report.checks for report in self.reports)

    def state(self, is_over: bool, only_checked: bool) -> str:
        """``is_over``: nothing more comes of the rollout. ``only_checked``: it is one that deploys nothing."""
        reports = self.reports
        if self.unreachable:
            return UNREACHABLE
        if self.has_failed:
            return FAILED
        if self.stale:
            return STALE
        if not any(not report.validated for report in reports):
            return CHECKED if reports and only_checked else NOT_TRIED if is_over else WAITING
        if all(report.skipped or report.validated for report in reports):
            return SKIPPED
        if any(report.drifted for report in reports):
            return DRIFTED
        if any(report.changed for report in reports):
            return CHANGED
        return UNCHANGED if self.is_deployed else CHECKED

    def entry(self, is_over: bool, only_checked: bool) -> dict[str, Any]:
        """The host in the rollout's document. Where two tasks served a user's client, the worse of both states counts."""
        done = [report for report in self.reports if not report.validated or report.failed]
        users: dict[str, dict[str, str]] = {}
        for report in done:
            for user, clients in report.users.items():
                into = users.setdefault(user, {})
                for client, state in clients.items():
                    into[client] = min(into.get(client, state), state, key=CLIENT_STATES.index)
        clients = sorted({client for report in done for client in report.dropped})
        times = [report.at for report in done if report.at is not None]
        return {
            "host": self.name,
            "state": self.state(is_over, only_checked),
            "reported": max(times) if times else None,
            "unreachable": self.unreachable,
            "failed_task": self.failed_task,
            "changed": any(report.changed for report in done),
            "truncated": any(report.truncated for report in done),
            "problems": _all(report.problems for report in done),
            "users": [{"user": user, "clients": clients} for user, clients in users.items()],
            "failed_users": _all([vars(item) for item in report.failed_users] for report in done),
            "drifted": [{"user": user, "path": path} for user, path in _all(report.drifted for report in done)],
            "dropped": {client: _all(report.dropped.get(client, ()) for report in done) for client in clients},
            "skipped_accounts": _all([vars(item) for item in report.skipped_accounts] for report in done),
            "warnings": _all(report.warnings for report in done),
            "checks": _all([vars(item) for item in report.checks] for report in done),
            "files": {action: sum(report.files.get(action, 0) for report in done) for action in FILE_ACTIONS},
            "accounts": sum(report.accounts for report in done),
        }


def _has_failed(report: Report) -> bool:
    clients = (state for clients in report.users.values() for state in clients.values())
    return report.failed or bool(report.failed_users) or FAILED in clients or any(check.outcome != OK for check in report.checks)


def _all(lists: Iterable[Iterable[Any]]) -> list[Any]:
    """Each entry once, in order."""
    found: list[Any] = []
    seen = set()
    for each in lists:
        for item in each:
            key = tuple(item.items()) if isinstance(item, dict) else item
            if key not in seen:
                seen.add(key)
                found.append(item)
    return found

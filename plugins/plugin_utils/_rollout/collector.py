# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collects a rollout from the events of a run, in whatever order the hosts' results arrive. Pure: times come from the caller."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from .._model.limits import MAX_LISTED
from .document import Rollout
from .host import Host
from .report import NOT_SHOWN, Report, censored, clean, read_report

COLLECTION = "mailops.profiles."
# Whose results say what became of accounts, and whose failures are told in the message.
OURS = ("mail_account", "mail_account_check")


def is_ours(action: str) -> bool:
    """Whether it is a task about accounts, with or without the name of the collection."""
    return action.removeprefix(COLLECTION) in OURS


class Collector:
    """``rollout``: the hosts so far. Hosts of plays without a task of ours are in it only when something failed there."""

    def __init__(self, started: float) -> None:
        self.rollout = Rollout(started=started)
        self._reports: dict[str, dict[str, list[Report]]] = {}
        self._starts: dict[str, float] = {}
        self._first: float | None = None

    def expect(self, hosts: Iterable[str]) -> None:
        """The hosts of a play with a task of ours."""
        for name in hosts:
            self._host(name)

    def start(self, host: str, now: float) -> None:
        self._starts[host] = now

    def result(self, host: str, task: str, action: str, data: Mapping[str, Any], now: float) -> None:
        """The result of a task. ``task``: which one, alike for the same task only. ``data`` has the ``failed`` and ``skipped`` of the event."""
        if not is_ours(action):
            return
        found = self._host(host)
        found.unreachable = ""
        items = data.get("results")
        listed = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else [data]
        tasks = self._reports.setdefault(host, {})
        tasks[task] = [self._report(host, item, now) for item in listed or [data]]
        found.reports = [report for reports in tasks.values() for report in reports]
        if self._first is None and found.is_deployed:
            self._first = self._starts.get(host, now)

    def failed_elsewhere(self, host: str, task: str) -> None:
        """A task that is not ours failed, so that the host got no further; its message may hold anything."""
        self._host(host).failed_task = clean(task)

    def unreachable(self, host: str, data: Mapping[str, Any]) -> None:
        """``data``: the result of any task."""
        message = NOT_SHOWN if _is_censored(data) else clean(data.get("msg") or "no reason was given")
        self._host(host).unreachable = message.removeprefix("Task failed: ")

    def forgive(self, hosts: Iterable[str]) -> None:
        """Hosts on which, as it turned out, no task failed that was not rescued."""
        for name in hosts:
            if name in self.rollout.hosts:
                self.rollout.hosts[name].failed_task = ""

    def progress(self, now: float) -> str:
        """One line: how far, and about how long still, by the time that the hosts took so far."""
        hosts = self.rollout.hosts.values()
        only_checked = not any(host.is_deployed for host in hosts)
        done = sum(host.is_done or (only_checked and host.is_checked) for host in hosts)
        failed = sum(host.has_failed for host in hosts)
        left = ""
        if self._first is not None and 0 < done < len(hosts):
            left = f", about {max(now - self._first, 0) / done * (len(hosts) - done):.0f} s to go"
        return f"{done} of {len(hosts)} hosts, {failed} failed{left}"

    def _host(self, name: str) -> Host:
        return self.rollout.hosts.setdefault(name, Host(clean(name)))

    def _report(self, host: str, data: Mapping[str, Any], now: float) -> Report:
        if _is_censored(data):
            data = {**censored(data), "skipped": data.get("skipped")}
        truncated = any(isinstance(data.get(name), list) and len(data[name]) == MAX_LISTED for name in ("users", "checks"))
        return read_report({**data, "truncated": truncated}, clean(host), now)


def _is_censored(data: Mapping[str, Any]) -> bool:
    return bool(data.get("_ansible_no_log")) or "censored" in data

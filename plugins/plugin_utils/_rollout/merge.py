# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads report files, and merges them into one rollout. Hosts may have written them, as with ansible-pull: nothing in them is trusted."""

from __future__ import annotations

import glob
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping, Sequence

from .._model.errors import Problems
from .document import KIND, Rollout, seconds
from .host import CHECKED, NOT_TRIED, WAITING, Host
from .report import SKIPPED, Report, clean, host_name, read_report

_MAX_BYTES = 64 << 20  # a host of 100,000 users has about 20 MB
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def report_files(paths: Sequence[str], problems: Problems) -> list[str]:
    """The files that are meant: a directory stands for the JSON files in it, a pattern for what it matches."""
    found: list[str] = []
    for path in paths:
        if not os.path.isabs(path):
            problems.append(f"reports: {path}: must be an absolute path on the controller")
        elif os.path.isdir(path):
            found += sorted(str(each) for each in Path(path).glob("*.json"))
        elif glob.has_magic(path) and not os.path.exists(path):
            found += sorted(glob.glob(path, recursive=True))
        elif os.path.exists(path):
            found.append(path)
        else:
            problems.append(f"reports: there is no {path} on the controller: give files, directories with *.json, or patterns")
    return list(dict.fromkeys(found))


def merge(files: Sequence[str], hosts: Sequence[str], oldest: float | None) -> tuple[Rollout, list[str]]:
    """The rollout, and warnings about files that are none of ours. ``hosts``: those that are to have a report. ``oldest``: what is older
    counts as no report of this rollout. Of two reports of the same task for a host, the newer one counts."""
    rollout = Rollout(hosts={name: Host(clean(name)) for name in hosts})
    newest: dict[tuple[str, str, str], Report] = {}
    warnings: list[str] = []
    for path in files:
        data, at, problem = _load(path)
        if problem:
            warnings.append(f"{path}: {problem}; it is left out")
            continue
        for report in _reports(data, at, Path(path).stem, rollout.hosts):
            key = (report.host, report.instance, report.dest)
            if key not in newest or (newest[key].at or 0) < (report.at or 0):
                newest[key] = report
    for report in newest.values():
        host = rollout.hosts.setdefault(report.host, Host(report.host))
        if report.unreachable:
            host.unreachable = "; ".join(report.problems)
        host.failed_task = host.failed_task or report.failed_task
        host.stale = host.stale or (oldest is not None and (report.at or 0) < oldest)
        if not report.nothing:
            host.reports.append(replace(report, problems=()) if report.unreachable else report)
    return rollout, warnings


def _load(path: str) -> tuple[Mapping[str, Any], float, str]:
    """The content, when it was written, and what is wrong. What is in a file that is no report is never quoted."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as exc:
        return {}, 0, f"cannot be read: {os.strerror(exc.errno or 0)}"
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            return {}, 0, "is no file"
        if state.st_size > _MAX_BYTES:
            return {}, 0, f"is larger than {_MAX_BYTES >> 20} MiB"
        try:
            data = json.loads(file.read(_MAX_BYTES))
        except (ValueError, RecursionError):
            return {}, 0, "is not JSON"
        except OSError as exc:
            return {}, 0, f"cannot be read: {os.strerror(exc.errno or 0)}"
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        return {}, 0, "is no report of mail_account, and no document of rollout_report"
    if version != 1:
        return {}, 0, f"has the schema version {version % 10**6}, which this version does not know: update the collection"
    return data, state.st_mtime, ""


def _reports(data: Mapping[str, Any], at: float, stem: str, known: Mapping[str, Host]) -> list[Report]:
    """A report file is of one host: of that which is expected and gave the file its name, or else of that which the file names."""
    if data.get("kind") != KIND:
        return [read_report(data, stem if stem in known else host_name(data) or clean(stem), at)]
    found = data.get("hosts")
    entries = [item for item in found if isinstance(item, Mapping) and host_name(item)] if isinstance(found, list) else []
    written = min(seconds(data.get("written")) or at, at)
    return [_of_entry(entry, written) for entry in entries]


def _of_entry(entry: Mapping[str, Any], written: float) -> Report:
    """A host of a document, which is the sum of its reports."""
    state, unreachable = entry.get("state"), entry.get("unreachable")
    problems = [unreachable] if unreachable else entry.get("problems")
    flags = {"failed": bool(problems), "unreachable": bool(unreachable), "validated": state == CHECKED, "skipped": state == SKIPPED}
    data = {**entry, "problems": problems, **flags}
    at = min(seconds(entry.get("reported")) or written, written)
    return replace(read_report(data, host_name(entry), at), nothing=state in (NOT_TRIED, WAITING))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_info`` says of a host: by user, small in the task's result and complete in the report file."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Iterable, Mapping, Sequence

from ...module_utils._wire import EDITED, FILE_STATES, MISSING, Answer, Found, FoundFile, Result
from .._model.errors import comma_list, some
from .._model.limits import MAX_LISTED
from .question import Question

# Raised when a key of the report file changes its meaning or goes.
SCHEMA_VERSION = 1
_LISTS = ("drifted", "failed_users", "host_files", "warnings")
_MAX_CHARACTERS = 300_000  # of the users in a result: AWX drops one of 700,000, and a user can make paths long


def inventory(question: Question, answers: Sequence[Answer], host: str | None) -> dict[str, Any]:
    """The complete report."""
    results = [result for answer in answers for result in answer.results]
    users = _users(question, results)
    shared = [file for result in results if not result.name for file in (result.found or Found()).files]
    files = [(result.name, file) for result in results for file in (result.found or Found()).files]
    counts = {state: sum(file.state == state for _user, file in files) for state in FILE_STATES}
    failed = [{"user": result.name, "path": result.problem.path, "msg": result.problem.message} for result in results if result.problem is not None]
    failed += [{"user": user, "path": file.path, "msg": file.reason} for user, file in files if file.reason]
    accounts = sum(len(user["accounts"]) for user in users)
    return {
        "changed": False,
        "msg": _summary(host, users, accounts, counts, len(failed)),
        "instance": question.instance,
        "users": users,
        "host_files": [_file(file) for file in shared],
        "accounts": {"total": accounts},
        "files": counts,
        "drifted": [{"user": user, "path": file.path, "state": file.state} for user, file in files if file.state in (EDITED, MISSING)],
        "failed_users": failed,
        "warnings": [*question.warnings, *_warnings(question, answers, results, host)],
    }


def small_result(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of a report is returned by the task."""
    found = {key: value[:MAX_LISTED] if key in _LISTS else value for key, value in report.items()}
    kept: list[dict[str, Any]] = []
    size = 0
    for user in report["users"][:MAX_LISTED]:
        size += len(json.dumps(user))
        if size > _MAX_CHARACTERS:
            break
        kept.append(user)
    found["users"] = kept
    if len(kept) < len(report["users"]):
        left = f"the result has {len(kept)} of {len(report['users'])} users; report_path writes all of them to a file"
        found["warnings"] = [f"mail_account_info: {left}", *found["warnings"]]
    if not found["warnings"]:
        del found["warnings"]
    return found


def _users(question: Question, results: Iterable[Result]) -> list[dict[str, Any]]:
    """One entry for each user, those that were asked for in their order."""
    places: dict[str, list[Result]] = {name: [] for name in question.users or ()}
    for result in results:
        if result.name:
            places.setdefault(result.name, []).append(result)
    return [_user(name, found) for name, found in (places.items() if question.users is not None else sorted(places.items()))]


def _user(name: str, results: Sequence[Result]) -> dict[str, Any]:
    found = [result.found or Found() for result in results]
    accounts: dict[tuple[str, str], list[str]] = {}
    for label in (label for each in found for label in each.accounts):
        accounts.setdefault((label.profile, label.key), []).extend(label.clients)
    return {
        "user": name,
        "places": [result.path for result in results],
        # All that is listed has been so since then.
        "confirmed": _time(min((each.confirmed for each in found), default=0)),
        "accounts": [{"profile": profile, "key": key, "clients": list(dict.fromkeys(clients))} for (profile, key), clients in accounts.items()],
        "files": [_file(file) for each in found for file in each.files],
    }


def _file(file: FoundFile) -> dict[str, str]:
    found = {"path": file.path, "client": file.producer, "state": file.state}
    return {**found, "real_path": file.real_path} if file.real_path else found


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def _summary(host: str | None, users: Sequence[Any], accounts: int, counts: Mapping[str, int], failed: int) -> str:
    parts = [_amount(len(users), "user"), _amount(accounts, "account"), _amount(sum(counts.values()), "file")]
    text = f"mail_account_info: [{host}] {comma_list(parts)}"
    states = [f"{count} {state}" for state, count in counts.items() if count]
    text = f"{text}: {comma_list(states)}" if states else text
    return f"{text}; {_amount(failed, 'problem')}" if failed else text


def _amount(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _warnings(question: Question, answers: Sequence[Answer], results: Sequence[Result], host: str | None) -> list[str]:
    found = [warning for answer in answers for warning in answer.warnings]
    missing = [name for answer in answers for name in answer.missing]
    if missing:
        found.append(f"mail_account_info: the host has no user {some(missing)}, and instance {question.instance} has nothing of theirs")
    others = sorted({place.inventory_host for answer in answers for place in answer.remaining if place.inventory_host != (host or "")})
    if others:
        found.append(f"mail_account_info: instance {question.instance} also has files on this machine for other inventory hosts: {some(others)}")
    return found + [warning for result in results for warning in result.warnings]

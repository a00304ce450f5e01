# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account`` says about a run: one report, small in the task's result and complete in the report file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ...module_utils._wire import ACTIONS, Change, Drift, Remaining, Result
from .._model.errors import MailopsError, some
from .._model.limits import MAX_LISTED, limited_diffs
from .deployment import Deployment, probe_note
from .remaining import remaining_warnings
from .report_file import write_report
from .summary import summary
from .target import Delivery

# Raised when a key of the report file changes its meaning or goes.
SCHEMA_VERSION = 1
_WHO_IS_MISSING = "look whether its directory service answers; otherwise create them, take them off the list, or set missing_users: skip"
_LISTS = ("changes", "drifted", "skipped_accounts", "failed_users", "forgotten", "users", "warnings")
_COUNTED = ("users", "drifted", "skipped_accounts", "failed_users")
_MAX_REASONS = 10
UNCHANGED, CHANGED, DRIFTED, SKIPPED, FAILED, REMOVED = "unchanged", "changed", "drifted", "skipped", "failed", "removed"


@dataclass(frozen=True)
class Report:
    """``data`` is complete. ``problems``: why the task fails, if it does. ``others``: what became of the users who are not named there.
    ``summary``: one line about what changed, None when nothing did. ``task``: of which host, instance and run it is, for the file."""

    data: Mapping[str, Any]
    problems: Sequence[str]
    others: str
    diffs: Sequence[dict[str, str]]
    summary: str | None
    task: Mapping[str, Any]

    def result(self) -> dict[str, Any]:
        """The result of the task."""
        found = {key: value[:MAX_LISTED] if key in _LISTS else value for key, value in self.data.items() if key != "schema_version"}
        if not found["warnings"]:
            del found["warnings"]
        diffs = limited_diffs(self.diffs, "files")
        if diffs:
            found["diff"] = diffs
        found["msg"] = self.summary or ""
        if self.problems:
            found.update(failed=True, msg=f"mail_account: {MailopsError(*self.problems)}{self.others}")
        return found

    def write(self, path: str, unreachable: bool = False) -> None:
        """The complete report as JSON on the controller, mode 0600; the file is the old or the new one at any time."""
        document = {"schema_version": SCHEMA_VERSION, **self.task, **self.data, "failed": bool(self.problems), "problems": list(self.problems)}
        if unreachable:
            document["unreachable"] = True
        write_report(path, document)


def make_report(deployment: Deployment, delivery: Delivery | None, check_mode: bool) -> Report:
    """The report of a delivery, or of a deployment that was only checked (None)."""
    checked_only = delivery is None
    delivery = delivery or Delivery()
    results = [result for answer in delivery.answers for result in answer.results]
    missing = [name for answer in delivery.answers for name in answer.missing]
    if deployment.request.missing_users == "skip":  # a dry run has results for them, as if they existed by then
        results = [result for result in results if result.name not in missing]
    skipped, failed, warnings, problems = _verdicts(deployment, delivery, results, missing, check_mode)
    changes = [(result, change) for result in results for change in result.changes]
    with_changes = {result.name for result, _change in changes if result.listed}
    counts = {action: sum(change.action == action for _result, change in changes) for action in ACTIONS}
    forgotten = [place for answer in delivery.answers for place in answer.forgotten]
    data: dict[str, Any] = {
        "changed": bool(changes or forgotten),
        "accounts": {
            "total": sum(map(len, deployment.accounts.values())),
            "changed": sum(len(deployment.accounts.get(name, ())) for name in with_changes),
        },
        "files": {**counts, "unchanged": sum(result.unchanged for result in results)},
        "users": [] if checked_only else _users(deployment, results, missing, skipped, check_mode),
        "changes": [
            {"user": result.name, "client": change.producer, "path": change.path, "action": change.action, **_real_path(change)}
            for result, change in changes
        ],
        "drifted": [{"user": result.name, "path": drift.path, **_real_path(drift)} for result in results for drift in result.drifted],
        "dropped": deployment.dropped,
        # Not "skipped": Ansible takes a task whose result has that key for one that did not run.
        "skipped_accounts": skipped,
        "failed_users": failed,
        "forgotten": [{"user": place.user, "path": place.path} for place in forgotten],
        "warnings": warnings,
    }
    data["counts"] = {name: len(data[name]) for name in _COUNTED}
    diffs = [change.diff._asdict() for _result, change in changes if change.diff is not None]
    if forgotten:
        diffs.append(_forgotten_diff(deployment.request.instance, forgotten))
    purged = [result.name for result in results if result.name and result.changes and not result.listed]
    names = list(dict.fromkeys(place.user for place in forgotten))
    line = summary(deployment, sorted(with_changes - {""}), purged, missing, names, counts, check_mode) if changes or forgotten else None
    request = deployment.request
    task = {"host": deployment.host or "", "instance": request.instance, "dest": request.destination.pattern or "", "check_mode": check_mode}
    return Report(data, problems, _others(delivery, results, check_mode), diffs, line, task)


def _real_path(item: Change | Drift) -> dict[str, str]:
    """Only where it is another one: most files are no links."""
    return {"real_path": item.real_path} if item.real_path else {}


def _others(delivery: Delivery, results: Sequence[Result], check_mode: bool) -> str:
    failed = {result.name for result in results if result.problem is not None}
    if not any(result.name and result.listed and result.name not in failed for result in results):
        return ""
    others = "the other users" if delivery.stopped is None else "the users before those"
    return f"\n({others} {'would be' if check_mode else 'were'} served)"


def _verdicts(
    deployment: Deployment, delivery: Delivery, results: Sequence[Result], missing: Sequence[str], check_mode: bool
) -> tuple[list[Mapping[str, str]], list[dict[str, str]], list[str], list[str]]:
    """Skipped accounts, failed users, warnings, and why the task fails."""
    request = deployment.request
    skipped = list(deployment.skipped)
    failed = [
        {"user": result.name, "path": result.problem.path, "msg": result.problem.message} for result in results if result.problem is not None
    ]
    problems = [item["msg"] + (f" (user {item['user']})" if item["user"] else "") for item in failed]
    warnings = [*deployment.warnings, *_skip_warnings(deployment.skipped)]
    failed += [{"user": user.name, "path": "", "msg": "; ".join(user.problems)} for user in request.invalid]
    if request.invalid:
        warnings.append(_invalid_warning(deployment))
    for answer in delivery.answers:
        warnings += [*answer.warnings, *_probe_warnings(deployment, answer.probes, skipped)]
    warnings += _note_warnings(deployment, results, skipped)
    warnings += _tag_warnings(deployment, results)
    warnings += [warning for result in results for warning in result.warnings]
    warnings += [_residue_warning(result.name) for result in results if result.residue]
    if missing:
        message = f"the host has no user {some(missing)}"
        spaced = next((name for name in missing if " " in name), None)
        if spaced:
            message += f" ('{spaced}' holds a space: is it a display name, and not the log-in name?)"
        if request.missing_users == "skip":
            skipped += [{"user": name, "client": "", "profile": "", "reason": "the host has no such user"} for name in missing]
        elif check_mode:  # an earlier task of a real run may create the user
            warnings.append(f"mail_account: {message}; a real run fails unless they exist by then")
        else:
            failed += [{"user": name, "path": "", "msg": "the host has no such user"} for name in missing]
            problems.append(f"{message}: {_WHO_IS_MISSING}")
    remaining = [place for answer in delivery.answers for place in answer.remaining]
    warnings += remaining_warnings(request, deployment.host, remaining, has_answer=bool(delivery.answers))
    if delivery.stopped:
        problems.append(delivery.stopped)
    return skipped, failed, warnings, problems


def _residue_warning(user: str) -> str:
    reason = "a program still has to forget the accounts, and the host's files that it needs for that stay"
    return f"{user}: {reason}: let the user start the program, and run again"


def _forgotten_diff(instance: str, forgotten: Sequence[Remaining]) -> dict[str, str]:
    header = f"the places of instance {instance}"
    before = "".join(f"{place.user} in {place.path}\n" for place in forgotten)
    return {"before": before, "after": "", "before_header": header, "after_header": header}


def _invalid_warning(deployment: Deployment) -> str:
    request = deployment.request
    count = len(request.invalid)
    reasons = [problem for user in request.invalid for problem in user.problems]
    more = "; ..." if len(reasons) > _MAX_REASONS else ""
    purge = ", and nobody was purged, because one of them has no valid name" if request.purge_users and not deployment.purges else ""
    who = "a user with mistakes" if count == 1 else f"{count} users with mistakes"
    return f"mail_account leaves out {who}; nothing of theirs is changed{purge}: {'; '.join(reasons[:_MAX_REASONS])}{more}"


def _skip_warnings(skipped: Sequence[Mapping[str, str]]) -> list[str]:
    if not skipped:
        return []
    reasons = sorted({f"{item['client']}, profile '{item['profile']}': {item['reason']}" for item in skipped})
    more = "; ..." if len(reasons) > _MAX_REASONS else ""
    count = "1 account" if len(skipped) == 1 else f"{len(skipped)} accounts"
    return [f"mail_account skips {count}: {'; '.join(reasons[:_MAX_REASONS])}{more}"]


def _probe_warnings(deployment: Deployment, notes: Sequence[str], skipped: list[Mapping[str, str]]) -> list[str]:
    """The words for what the host's probes found; each is a program that reads other files than ours."""
    words = {
        probe_note(client, number): (client.name, probe.reason)
        for client in deployment.request.clients
        for number, probe in enumerate(client.host_probes)
    }
    warnings = []
    for name, reason in [words[note] for note in notes if note in words]:
        skipped.append({"user": "", "client": name, "profile": "", "reason": reason})
        warnings.append(f"{name}: {reason}")
    return warnings


def _note_warnings(deployment: Deployment, results: Sequence[Result], skipped: list[Mapping[str, str]]) -> list[str]:
    """The words for what the users' own texts decided: one sentence each, with all whom it is about."""
    words = {
        client.note_identifier(name): (client, note)
        for client in deployment.request.clients
        for name, note in client.variant_notes.items()
    }
    users: dict[str, list[str]] = {}
    for result in results:
        for identifier in dict.fromkeys(identifier for _path, identifier in result.notes):
            users.setdefault(identifier, []).append(result.name)
    warnings = []
    for identifier in sorted(users.keys() & words):
        client, note = words[identifier]
        warnings.append(f"{client.name}: {note.reason} ({some(users[identifier])})")
        if note.skips:
            options = deployment.request.client_options[client.name]
            skipped += [
                {"user": user, "client": client.name, "profile": account.profile, "reason": note.reason}
                for user in users[identifier]
                for account in client.supported(deployment.accounts.get(user, ()), options)
                if note.concerns(account)
            ]
    return warnings


def _tag_warnings(deployment: Deployment, results: Sequence[Result]) -> list[str]:
    """The words for files whose public tag is another one than before: one sentence for each client, with all whom it is about."""
    users: dict[str, list[str]] = {}
    for result in results:
        for name in dict.fromkeys(change.producer for change in result.changes if change.old_tag and change.action != "removed"):
            users.setdefault(name, []).append(result.name)
    words = {client.name: client.tag_change for client in deployment.request.clients}
    return [f"{name}: {words[name]} ({some(users[name])})" for name in sorted(users) if words.get(name)]


def _users(
    deployment: Deployment, results: Sequence[Result], missing: Sequence[str], skipped: Sequence[Mapping[str, str]], check_mode: bool
) -> list[dict[str, Any]]:
    """What became of each user's clients; users who were purged follow the listed ones."""
    states = {
        user.name: {name: UNCHANGED if served else SKIPPED for name, served in deployment.clients_of(user).items()}
        for user in deployment.request.users
    }
    states.update({user.name: {client.name: FAILED for client in deployment.request.clients} for user in deployment.request.invalid if user.name})
    seen = {result.name for result in results}
    for name, clients in states.items():
        if name not in seen:
            absent = name in missing and (deployment.request.missing_users == "skip" or check_mode)
            clients.update({client: SKIPPED if absent else FAILED for client, state in clients.items() if state != SKIPPED})
    for result in results:
        if result.name:
            _judge(states.setdefault(result.name, {}), result)
    skips: dict[tuple[str, str], set[str]] = {}
    for item in skipped:
        skips.setdefault((item["user"], item["client"]), set()).add(item["profile"])
    for (name, client), profiles in skips.items():
        accounts = deployment.accounts.get(name, ())
        if accounts and profiles.issuperset(account.profile for account in accounts) and states[name].get(client) == UNCHANGED:
            states[name][client] = SKIPPED
    return [{"user": name, "clients": clients} for name, clients in states.items()]


def _judge(clients: dict[str, str], result: Result) -> None:
    """Puts what happened in one place into the states of a user's clients."""
    for change in result.changes:
        if change.producer:
            going = clients.get(change.producer) in (None, REMOVED) and change.action == "removed"
            clients[change.producer] = REMOVED if going else CHANGED
    for drift in result.drifted:
        if drift.producer and clients.get(drift.producer) != REMOVED:
            clients[drift.producer] = DRIFTED
    if result.problem is not None:
        clients.update({client: FAILED for client, state in clients.items() if state != SKIPPED})

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_check`` says about log-ins: small in the task's result, complete in the report file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from ...module_utils._login_wire import OK, OUTCOMES, CheckAnswer, Finding
from .._model.errors import MailopsError, some
from .._model.limits import MAX_LISTED
from .._private_file import replace_file
from .check_request import ANY, CheckRequest
from .checks import ROUND_TRIP, SIDES, Plan, Row
from .deployment import Deployment

SCHEMA_VERSION = 1
_LISTS = ("checks", "failed_users", "servers", "warnings")
_EXPIRES_SOON = 14  # days
_LONGEST_SUMMARY = 3  # kinds of failure


@dataclass(frozen=True)
class CheckReport:
    """``data`` is complete. ``problems``: what fails, a sentence for each kind of failure at each server. ``summary``: one line."""

    data: Mapping[str, Any]
    problems: Sequence[str]
    summary: str
    fails: bool
    task: Mapping[str, Any]

    def result(self) -> dict[str, Any]:
        found = {key: value[:MAX_LISTED] if key in _LISTS else value for key, value in self.data.items()}
        if not found["warnings"]:
            del found["warnings"]
        found["msg"] = self.summary
        if self.fails:
            found.update(failed=True, msg=f"{self.summary}\n{MailopsError(*self.problems)}")
        return found

    def write(self, path: str) -> None:
        """As JSON on the controller, mode 0600."""
        document = {"schema_version": SCHEMA_VERSION, **self.task, **self.data, "failed": self.fails, "problems": list(self.problems)}
        try:
            replace_file(path, json.dumps(document, indent=2, sort_keys=True))
        except OSError as exc:
            raise MailopsError(f"report_path {path}: cannot be written: {os.strerror(exc.errno or 0)}") from None


def make_check_report(deployment: Deployment, request: CheckRequest, plan: Plan, answer: CheckAnswer, check_mode: bool) -> CheckReport:
    rows = [(row, finding) for row in plan.rows if (finding := _finding(row, answer)) is not None]
    # What fails comes first, because the result of the task has room for some only.
    rows.sort(key=lambda item: (item[1].outcome == OK, item[0].user, item[0].profile, SIDES.index(item[0].side)))
    servers = _servers(rows)
    failed = [(row, finding) for row, finding in rows if finding.outcome != OK]
    counts = {"total": len(rows), "ok": len(rows) - len(failed), "failed": len(failed)}
    counts.update({outcome: number for outcome in OUTCOMES[1:] if (number := sum(finding.outcome == outcome for _row, finding in failed))})
    invalid = deployment.request.invalid
    problems = _problems(failed)
    data = {
        "changed": False,
        "checks": [_entry(row, finding) for row, finding in rows],
        "counts": counts,
        "failed_users": [{"user": user.name, "msg": "; ".join(user.problems)} for user in invalid],
        "servers": servers,
        "warnings": [*deployment.warnings, *_invalid_warnings(len(invalid)), *_expiry_warnings(servers), *_mode_warnings(request, check_mode)],
    }
    summary = _summary(deployment, rows, failed)
    task = {"host": deployment.host or "", "check_mode": check_mode}
    return CheckReport(data, problems, summary, bool(problems) and request.fail_on == ANY, task)


def _finding(row: Row, answer: CheckAnswer) -> Finding | None:
    """None: a round trip that was not tried, because one of its log-ins failed."""
    if row.side == ROUND_TRIP:
        return answer.round_trips[row.number]
    finding = answer.findings[row.number][row.sender]
    if row.untried and finding.outcome == OK:
        return finding._replace(msg=f"{finding.msg}: {row.untried}")
    return finding


def _entry(row: Row, finding: Finding) -> dict[str, Any]:
    return {
        "user": row.user,
        "profile": row.profile,
        "side": row.side,
        "outcome": finding.outcome,
        "msg": finding.msg,
        "hint": finding.hint,
        **_server(row),
        "username": row.server.username,
        "address": finding.address,
        "mechanism": finding.mechanism,
        "tls_version": finding.tls_version,
        "certificate_days": finding.certificate_days,
    }


def _server(row: Row) -> dict[str, Any]:
    return {"protocol": row.protocol, "host": row.server.host, "port": row.server.port, "security": row.server.security}


def _servers(rows: Iterable[tuple[Row, Finding]]) -> list[dict[str, Any]]:
    """Each server once: whether it answers as the profiles say, whatever it thinks of the accounts."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row, finding in rows:
        if row.side == ROUND_TRIP:
            continue
        server = _server(row)
        known = found.get(tuple(server.values()))
        if known is not None and (known["outcome"] != OK or finding.reached):
            continue
        well = finding.reached
        found[tuple(server.values())] = {
            **server,
            "outcome": OK if well else finding.outcome,
            "msg": "the server answers as the profile says" if well else finding.msg,
            "hint": "" if well else finding.hint,
            "tried": list(finding.tried),
            "tls_version": finding.tls_version,
            "certificate_days": finding.certificate_days,
            "mechanisms": list(finding.mechanisms),
        }
    return sorted(found.values(), key=lambda server: (server["outcome"] == OK, server["host"], server["port"], server["protocol"], server["security"]))


def _problems(failed: Sequence[tuple[Row, Finding]]) -> list[str]:
    """One sentence for each kind of failure at a server, with all whom it is about."""
    kinds: dict[tuple[str, int | None, str, str], list[tuple[Row, Finding]]] = {}
    for row, finding in failed:
        kinds.setdefault((row.server.host, row.server.port, row.side, finding.outcome), []).append((row, finding))
    found = []
    for (host, port, side, outcome), items in sorted(kinds.items(), key=lambda item: str(item[0])):
        row, finding = items[0]
        users = list(dict.fromkeys(item.user for item, _finding in items))
        hint = f": {finding.hint}" if finding.hint else ""
        found.append(f"{host}:{port} ({side}), {outcome}: {finding.msg} (profile {row.profile}, {_whom(users)}){hint}")
    return found


def _whom(users: Sequence[str]) -> str:
    return f"{'user' if len(users) == 1 else 'users'} {some(users)}"


def _summary(deployment: Deployment, rows: Sequence[tuple[Row, Finding]], failed: Sequence[tuple[Row, Finding]]) -> str:
    users = len({row.user for row, _finding in rows})
    text = f"{users} {'user' if users == 1 else 'users'}, {len(rows) - len(failed)} of {len(rows)} checks ok"
    kinds: dict[tuple[str, int | None, str], set[str]] = {}
    for row, finding in failed:
        kinds.setdefault((row.server.host, row.server.port, finding.outcome), set()).add(row.user)
    parts = [f"{host}:{port} {outcome} ({some(sorted(names), 3)})" for (host, port, outcome), names in sorted(kinds.items(), key=str)]
    more = [f"{len(parts) - _LONGEST_SUMMARY} more"] if len(parts) > _LONGEST_SUMMARY else []
    return f"mail_account_check: [{deployment.host}] {'; '.join([text, *parts[:_LONGEST_SUMMARY], *more])}"


def _invalid_warnings(count: int) -> list[str]:
    return [f"mail_account_check leaves out {count} users with mistakes; failed_users has the reasons"] if count else []


def _expiry_warnings(servers: Iterable[Mapping[str, Any]]) -> list[str]:
    soon = [server for server in servers if server["outcome"] == OK and server["certificate_days"] is not None and server["certificate_days"] < _EXPIRES_SOON]
    return [f"the certificate of {server['host']}:{server['port']} expires in {server['certificate_days']} days: renew it" for server in soon]


def _mode_warnings(request: CheckRequest, check_mode: bool) -> list[str]:
    return ["mail_account_check: no message is sent in check mode; the log-ins were tried"] if request.round_trip and check_mode else []

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of the wire of log-ins: encodes jobs, and reads answers, which are hostile input."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from ...module_utils._login_wire import OUTCOMES, CheckAnswer, CheckJob, Finding
from .exchange import _MAX_ANSWER, _text, _texts, _tuple

_MAX_DAYS = 1_000_000


def dump_check_job(job: CheckJob) -> str:
    """Base64 of compressed JSON."""
    return base64.b64encode(zlib.compress(json.dumps(job).encode(), 1)).decode()


def load_check_answer(text: Any, job: CheckJob) -> CheckAnswer:
    """ValueError for anything that is no answer to this job."""
    if not isinstance(text, str) or len(text) > _MAX_ANSWER:
        raise ValueError("not an answer")
    try:
        findings, round_trips = json.loads(text)
        answer = CheckAnswer(
            _tuple(findings, lambda found: _tuple(found, _finding)),
            _tuple(round_trips, lambda found: None if found is None else _finding(found)),
        )
    except (TypeError, RecursionError) as exc:
        raise ValueError("not an answer") from exc
    if [len(found) for found in answer.findings] != [max(len(check.senders), 1) for check in job.checks] or len(answer.round_trips) != len(job.round_trips):
        raise ValueError("not an answer to this job")
    return answer


def _finding(data: Any) -> Finding:
    outcome, msg, hint, address, tried, tls_version, days, mechanisms, mechanism, reached = data
    if outcome not in OUTCOMES:
        raise ValueError("not an outcome")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or abs(days) > _MAX_DAYS):
        raise ValueError("not a number of days")
    return Finding(
        outcome, _text(msg), _text(hint), _text(address), _texts(tried), _text(tls_version), days, _texts(mechanisms), _text(mechanism), reached is True
    )

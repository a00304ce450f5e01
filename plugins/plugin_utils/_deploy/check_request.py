# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that tries log-ins asks for: the request that every task with accounts has, and a few options of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from .._model import given, values
from .._model.errors import MailopsError
from .._secrets.keys import OPTIONS as KEY_OPTIONS
from .request import OPTIONS as REQUEST_OPTIONS
from .request import OptionReader, Request, read_request

OWN_OPTIONS = ("fail_on", "parallel", "round_trip", "timeout")
OPTIONS = (*OWN_OPTIONS, "invalid_users", "profile_definitions", "profiles", "report_path", "store", *KEY_OPTIONS, "users")
FAIL_ON = ANY, NEVER = ("any", "never")
_MAX_SECONDS, _MAX_PARALLEL = 600, 100


@dataclass(frozen=True)
class CheckRequest:
    """``timeout``: seconds for one log-in. ``parallel``: connections at a time."""

    request: Request
    fail_on: str
    parallel: int
    round_trip: bool
    timeout: int


def read_check_request(options: Mapping[str, Any], environ: Mapping[str, str], check_mode: bool, dry_run: str | None) -> CheckRequest:
    """The request that the options (None: not given) describe. MailopsError lists everything that is wrong with them."""
    reader = OptionReader(options)
    own = {
        "fail_on": reader.read("fail_on", lambda value: given.choice(value, FAIL_ON), ANY),
        "parallel": reader.read("parallel", lambda value: values.whole_number(value, 1, _MAX_PARALLEL), 40),
        "round_trip": reader.read("round_trip", values.boolean, False),
        "timeout": reader.read("timeout", lambda value: values.whole_number(value, 1, _MAX_SECONDS), 30),
    }
    try:
        shared = {name: options.get(name) for name in REQUEST_OPTIONS}
        request = read_request(shared, environ, _no_template, check_mode=check_mode, dry_run=dry_run, for_files=False)
    except MailopsError as exc:
        raise MailopsError(*reader.problems, *exc.problems) from None
    reader.problems.raise_all()
    return CheckRequest(request=request, **own)


def _no_template(_source: str) -> tuple[str, bool]:
    raise MailopsError("templates are not checked")

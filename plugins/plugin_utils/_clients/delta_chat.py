# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes for Delta Chat: ``delta-chat-KEY.png``, one for each account."""

from __future__ import annotations

import datetime
from typing import Any, Mapping, Sequence

from .._model.account import Account
from .._model.errors import Problems
from .._model.passwords import masked
from . import _qr
from ._client import Client, Context, Option, OptionCheck
from ._delta_chat_code import payload, refusal
from ._file import File, owned, owned_paths


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [
        owned(f"delta-chat-{account.key}.png", _qr.png(payload(account)), redacted=payload(account, masked).decode() + "\n", secret=True)
        for account in accounts
    ]


def _check_options(options: Mapping[str, Any], now: datetime.datetime) -> OptionCheck:
    problems = Problems()
    with problems.at("include_passwords"):
        _qr.check_library()
    return OptionCheck(tuple(problems))


CLIENT = Client(
    name="delta_chat",
    title="Delta Chat",
    account_types=("imap",),
    expresses=(
        "email",
        *(f"{side}.{name}" for side in ("incoming", "outgoing") for name in ("host", "port", "security", "username", "password")),
    ),
    paths=owned_paths("delta-chat-*.png"),
    render=_render,
    option_reason=lambda account, options: refusal(account, options["include_passwords"]),
    options=(
        Option(
            "include_passwords", "bool", False,
            "Whether passwords are in the codes. Otherwise there are no codes, because the app takes no account without its password.",
        ),
    ),
    check_options=_check_options,
    without_ca_file="the app cannot get ca_file: users have to install the authority's certificate on the phone",
    redacts=True,
    notes=(
        "An image for each account, `delta-chat-KEY.png`, for the app's own scanner: it logs in at once, so the code is the password. The app always "
        "checks certificates, against the phone's authorities. No real phone was available; two readers of codes, and a parser written from the app's "
        "sources, judge it. See [phones](phones.md)."
    ),
)  # fmt: skip

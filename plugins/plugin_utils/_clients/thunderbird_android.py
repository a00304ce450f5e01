# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes for Thunderbird for Android: ``thunderbird-android-1-of-1.png``, which the app scans in its import of settings."""

from __future__ import annotations

import datetime
from typing import Any, Mapping, Sequence

from .._model.account import Account, instance_suffix
from .._model.errors import Problems
from . import _qr
from ._android import WITHOUT_CA_FILE, cautions
from ._client import Client, Context, Option, OptionCheck
from ._file import File, owned, owned_paths
from ._thunderbird_code import AUTHENTICATIONS, MAX_ACCOUNTS, codes, refusal

_FORMATS = {"png": _qr.png, "svg": _qr.svg}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    options = context.options
    found = codes(accounts, options["include_passwords"], options["accounts_per_code"])
    name = f"thunderbird-android{instance_suffix(context.instance)}"
    return [
        owned(f"{name}-{code.number}-of-{code.total}.{kind}", _FORMATS[kind](code.payload), redacted=code.redacted, secret=code.secret)
        for code in found
        for kind in sorted(set(options["formats"]))
    ]


def _check_options(options: Mapping[str, Any], now: datetime.datetime) -> OptionCheck:
    problems = Problems()
    if not 1 <= options["accounts_per_code"] <= MAX_ACCOUNTS:
        problems.append(f"accounts_per_code: must be 1 to {MAX_ACCOUNTS}: the app fails with more")
    if not options["formats"] or not set(options["formats"]) <= set(_FORMATS):
        problems.append(f"formats: must be a list of {' and '.join(_FORMATS)}, or one of them")
    with problems.at("formats"):
        _qr.check_library()
    return OptionCheck(tuple(problems))


CLIENT = Client(
    name="thunderbird_android",
    title="Thunderbird for Android",
    account_types=("imap", "pop"),
    expresses=(
        "email", "account_name", "sender_name", "account_type",
        *(f"{side}.{name}" for side in ("incoming", "outgoing") for name in ("host", "port", "security", "username", "password", "authentication")),
    ),
    paths=owned_paths("thunderbird-android-*.png", "thunderbird-android-*.svg"),
    render=_render,
    authentications=tuple(AUTHENTICATIONS),
    cautions=cautions,
    without_ca_file=WITHOUT_CA_FILE,
    option_reason=lambda account, options: refusal(account, options["include_passwords"]),
    options=(
        Option("include_passwords", "bool", False, "Whether passwords are in the code. Otherwise the app asks for them."),
        Option("accounts_per_code", "int", 1, "How many accounts one code may have, 3 at most. A code with one is the easiest to scan."),
        Option("formats", "list", ["png"], "The kinds of images: `png`, `svg`."),
    ),
    check_options=_check_options,
    redacts=True,
    notes=(
        "An image for each code, `thunderbird-android-NUMBER-of-ALL.png`, of the accounts in their order. In the app: Settings, Import settings, scan "
        "the codes of the set one after the other; K-9 Mail has no such scanner, `k9_settings` is for both. Scanning again adds the accounts again. "
        "The app does not import signatures and notifications from a code. A code that a phone could not read (858 bytes) is not made, and its "
        "account is skipped with the reason. No real phone was available; two readers of codes, and a parser written from the app's rules, judge it. "
        "See [phones](phones.md)."
    ),
)  # fmt: skip

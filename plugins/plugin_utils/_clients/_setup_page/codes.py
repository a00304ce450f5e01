# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The QR codes on a page: those for Thunderbird on Android, and the one of the page's address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..._model.account import Account
from .. import _qr, get
from .._client import Context
from .._thunderbird_code import codes
from .options import data_url
from .page import Code

# What a screen of 320 pixels has for a code, and how many of them a module can have: the largest that fit. Print has its own, by the class.
_WIDTH = 276
_SIZES = {"m4": 4, "m3": 3, "m2": 2.5}


class Codes(NamedTuple):
    """``without``: the accounts that are in none. ``hold_password``: whether one is in a code."""

    images: Sequence[Code]
    without: Sequence[Account]
    hold_password: bool


def of_accounts(accounts: Sequence[Account], context: Context) -> Codes:
    """As the task's thunderbird_android has them, but with passwords only if the page may have them."""
    client, passwords = get("thunderbird_android"), context.options["include_passwords"]
    options = {**client.default_options(), **context.clients.get(client.name, {}), "include_passwords": passwords}
    coded = client.supported(accounts, options)
    found = codes(coded, passwords, options["accounts_per_code"])
    return Codes(
        images=[image(code.payload, ", ".join(account.account_name for account in code.accounts)) for code in found],
        without=[account for account in accounts if account not in coded],
        hold_password=any(code.secret for code in found),
    )


def image(payload: bytes, accounts: str = "") -> Code:
    modules = 17 + 4 * _qr.version(payload) + 2 * _qr.QUIET_ZONE
    size = next((name for name, pixels in _SIZES.items() if modules * pixels <= _WIDTH), "m2")
    return Code(data_url("image/png", _qr.png(payload)), math.ceil(modules * _SIZES[size]), size, accounts)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files beside a page, of the other clients of the same task."""

from __future__ import annotations

from collections.abc import Sequence

from ..._model.account import Account, instance_suffix
from .. import get
from .._client import Context
from .page import Link

_FILES = {"mobileconfig": "mail{}.mobileconfig", "k9_settings": "mail{}.k9s"}


def files(accounts: Sequence[Account], context: Context) -> dict[str, str]:
    """Client -> its file, which has one of the accounts at least."""
    suffix = instance_suffix(context.instance)
    return {name: path.format(suffix) for name, path in _FILES.items() if _supported(name, accounts, context)}


def delta_chat(accounts: Sequence[Account], context: Context) -> list[Link]:
    """Its codes, one for each account, are files of their own: it reads one at a time, and a password is in each."""
    return [Link(f"delta-chat-{account.key}.png", account.account_name) for account in _supported("delta_chat", accounts, context)]


def hold_password(accounts: Sequence[Account], context: Context) -> bool:
    """Whether one of these files holds a password."""
    return any(
        account.has_password
        for name in (*_FILES, "delta_chat")
        for account in _supported(name, accounts, context)
        if context.clients[name]["include_passwords"]
    )


def _supported(name: str, accounts: Sequence[Account], context: Context) -> list[Account]:
    options = context.clients.get(name)
    return [] if options is None else get(name).supported(accounts, options)

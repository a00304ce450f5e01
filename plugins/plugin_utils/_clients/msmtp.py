# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp: one ``account`` for each account in the user's ``.msmtprc``."""

from __future__ import annotations

import re
from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._client import Client, Context
from ._file import File, block_paths
from ._msmtp_syntax import AUTHENTICATIONS, accounts_block, connection, quoted, too_long


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [accounts_block(accounts, _lines, ".msmtprc", (".msmtprc", ".config/msmtp/config"))]


def _lines(account: Account) -> list[str]:
    sender = ["protocol smtp", f"from {quoted(account.email)}"]
    return [*connection(account, account.outgoing, "plain", sender), "tls_certcheck on"]


def _unsupported_reason(account: Account) -> str | None:
    if re.search(r"%[UHCM]|[*?\[]", account.email):
        return "msmtp reads an address with *, ? or [, or with %U, %H, %C or %M, as a pattern (email)"
    return too_long("msmtp", _lines(account))


CLIENT = Client(
    name="msmtp",
    title="msmtp",
    account_types=("imap", "pop"),
    expresses=("email", "default", "ca_file", *fields_below("outgoing")),
    paths=block_paths(".msmtprc", ".config/msmtp/config"),
    render=_render,
    authentications=(*AUTHENTICATIONS, "none"),
    unsupported_reason=_unsupported_reason,
    notes=(
        "The accounts are in `.msmtprc`. `msmtp -a KEY` chooses one, or the sender's address does (`msmtp --read-envelope-from`). "
        "The default one is `account default`, unless the user has a default already. The password is in the file, or comes from "
        "the command; otherwise msmtp asks for it. A wrong certificate is rejected."
    ),
)  # fmt: skip

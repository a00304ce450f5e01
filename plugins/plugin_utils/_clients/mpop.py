# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mpop: one ``account`` for each account in the user's ``.mpoprc``, with a Maildir of its own."""

from __future__ import annotations

from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._client import Client, Context
from ._file import File, block_paths, owned_paths
from ._maildir import maildir
from ._msmtp_syntax import AUTHENTICATIONS, accounts_block, connection, too_long


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    ours = accounts_block(accounts, _lines, ".mpoprc", (".mpoprc", ".config/mpop/config"))
    return [ours, *(file for account in accounts for file in maildir(_mailbox(account)))]


def _mailbox(account: Account) -> str:
    return f"Mail/mpop/{account.key}"


def _lines(account: Account) -> list[str]:
    return [
        *connection(account, account.incoming, "user"),
        "tls_host_override",
        "tls_certcheck on",
        f"keep {'on' if account.leave_on_server else 'off'}",
        "only_new on",
        # These would delete mail on the server that was never fetched.
        "killsize off",
        "filter",
        # By default accounts with the same log-in share it, and only the first one gets a new message.
        f"uidls_file ~/.mpop_uidls/{account.key}",
        f"delivery maildir ~/{_mailbox(account)}",
    ]


def _unsupported_reason(account: Account) -> str | None:
    return too_long("mpop", _lines(account))


CLIENT = Client(
    name="mpop",
    title="mpop",
    account_types=("pop",),
    expresses=("default", "leave_on_server", "ca_file", *fields_below("incoming")),
    paths={**block_paths(".mpoprc", ".config/mpop/config"), **owned_paths(*(file.path for file in maildir("Mail/mpop/*")))},
    render=_render,
    authentications=AUTHENTICATIONS,
    unsupported_reason=_unsupported_reason,
    notes=(
        "The accounts are in `.mpoprc`, each with a Maildir `~/Mail/mpop/KEY`. `mpop` fetches the mail of the default one "
        "(`account default`, unless the user has a default already), `mpop KEY` of another one, `mpop --all-accounts` of all. With "
        "`leave_on_server` nothing is deleted on the server. The password is in the file, or comes from the command; otherwise "
        "mpop asks for it. A wrong certificate is rejected."
    ),
)  # fmt: skip

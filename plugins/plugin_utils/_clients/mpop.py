# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mpop: one ``account`` for each account in the user's ``.mpoprc``, with a Maildir of its own."""

from __future__ import annotations

from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles
from ._client import Client, Context
from ._file import File, block_paths, owned_paths
from ._maildir import mail_directory, maildir
from ._msmtp_syntax import AUTHENTICATIONS, Program, accounts_block, connection, notes, too_long

_FILES = AccountFiles("mpop")
_MPOP = Program(
    "mpop",
    paths=(".mpoprc", ".config/mpop/config"),  # the first that exists, since 1.4.6; before, only the first
    comment="mpop NAME fetches the mail of one of these accounts.",
    newer=(("socket|tls_host_override|eval", ("socket", "tls_host_override")),),  # 1.4.8
)


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [
        accounts_block(_MPOP, accounts, [_lines(account) for account in accounts]),
        *(file for account in accounts for file in (*_FILES.passwords(account, "incoming"), *maildir(_mailbox(account.key)))),
    ]


def _mailbox(key: str) -> str:
    return mail_directory("mpop", key)


def _lines(account: Account) -> list[str]:
    return [
        *connection(_FILES, account, "incoming", "user", timeout="180"),
        "pipelining auto",
        "received_header on",
        f"keep {'on' if account.leave_on_server else 'off'}",
        "only_new on",
        # These would delete mail on the server that was never fetched.
        "killsize off",
        "skipsize off",
        "filter",
        # By default accounts with the same log-in share it, and only the first one gets a new message.
        f"uidls_file ~/.mpop_uidls/{account.key}",
        f"delivery maildir ~/{_mailbox(account.key)}",
    ]


def _unsupported_reason(account: Account) -> str | None:
    return too_long("mpop", _lines(account))


CLIENT = Client(
    name="mpop",
    title="mpop",
    account_types=("pop",),
    expresses=("default", "leave_on_server", "ca_file", *fields_below("incoming")),
    paths={
        **block_paths(*_MPOP.paths),
        **_FILES.patterns("incoming.password"),
        **owned_paths(*(file.path for file in maildir(_mailbox("*")))),
        # Where they were before the release of 0.1.0: without these patterns the files would stay.
        **owned_paths(*(file.path for file in maildir("Mail/mpop/*"))),
    },
    render=_render,
    authentications=AUTHENTICATIONS,
    unsupported_reason=_unsupported_reason,
    variant_notes=notes(_MPOP),
    notes=(
        "The accounts are in `.mpoprc`, or in `.config/mpop/config` where only that exists, each with a Maildir `~/.local/share/mailops/mail/mpop/KEY`. `mpop` "
        "fetches the mail of the default one (`account default`, unless the user's file has one), "
        "`mpop KEY` of another one, `mpop --all-accounts` of all. mpop allows no second default, so a profile that is marked as default does "
        "not win over the user's, and the task warns. With `leave_on_server` nothing is deleted on the server. `defaults` of the user's do not "
        "apply to our accounts. Nothing of the user's is changed; an own account with the name of ours, which mpop would reject, skips ours. "
        "The password is in a file of ours, or comes from the command; otherwise mpop looks into `.netrc` and the keyring for this server, and "
        "then asks for it. What `eval` in the user's file prints is not known: such a file counts as one with a default. A wrong certificate "
        "is rejected."
    ),
)  # fmt: skip

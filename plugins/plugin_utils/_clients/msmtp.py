# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp: one ``account`` for each account in the user's ``.msmtprc``."""

from __future__ import annotations

import re
from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles
from ._client import Client, Context
from ._file import File, block_paths
from ._msmtp_syntax import AUTHENTICATIONS, Program, accounts_block, connection, notes, quoted, too_long

_FILES = AccountFiles("msmtp")
_MSMTP = Program(
    "msmtp",
    # The first that exists, since 1.8.6; before, only the first. Accounts in /etc/msmtprc count besides.
    paths=(".msmtprc", ".config/msmtp/config"),
    comment="msmtp -a NAME sends with one of these accounts.",
    newer=(
        ("from_full_name", ("from_full_name",)),  # 1.8.24
        ("set_msgid_header|eval", ("set_msgid_header auto",)),  # 1.8.21
        ("allow_from_override", ("allow_from_override on",)),  # 1.8.20
        ("undisclosed_recipients", ("undisclosed_recipients off",)),  # 1.8.11
        ("socket|tls_host_override|set_(?:from|date)_header", ("socket", "tls_host_override")),  # 1.8.8
    ),
    reads=("/etc/msmtprc",),
)


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    ours = accounts_block(_MSMTP, accounts, [_lines(account) for account in accounts])
    return [ours, *(file for account in accounts for file in _FILES.passwords(account, "outgoing"))]


def _lines(account: Account) -> list[str]:
    return [
        *connection(_FILES, account, "outgoing", "plain", timeout="off"),
        "protocol smtp",
        "domain localhost",
        f"from {quoted(account.email)}",
        # These two would win over "from".
        "auto_from off",
        "maildomain",
        # The names that all versions know of "set_from_header auto" and "set_date_header auto".
        "add_missing_from_header on",
        "add_missing_date_header on",
        "remove_bcc_headers on",
        "aliases",
        "dsn_notify off",
        "dsn_return off",
        "logfile",
        "logfile_time_format",
        "syslog off",
    ]


def _unsupported_reason(account: Account) -> str | None:
    if re.search(r"%[UHCM]|[*?\[]", account.email):
        return "msmtp reads an address with *, ? or [, or with %U, %H, %C or %M, as a pattern (email)"
    return too_long("msmtp", _lines(account))


CLIENT = Client(
    name="msmtp",
    title="msmtp",
    account_types=("imap", "pop"),
    expresses=("email", "default", "ca_file", *fields_below("outgoing")),
    paths={**block_paths(*_MSMTP.paths), **_FILES.patterns("outgoing.password")},
    render=_render,
    authentications=(*AUTHENTICATIONS, "none"),
    unsupported_reason=_unsupported_reason,
    variant_notes=notes(_MSMTP),
    notes=(
        "The accounts are in `.msmtprc`, or in `.config/msmtp/config` where only that exists. `msmtp -a KEY` chooses one, or the sender's "
        "address does (`msmtp --read-envelope-from`). The default one is `account default`, unless the user has a default: in the file, with "
        "or without a line `account`, or in `/etc/msmtprc`. Where ours is the default, one in `/etc/msmtprc` that is added later does not "
        "change that. A profile that is marked as default wins over `/etc/msmtprc` only; msmtp allows "
        "no second default in the user's file, and the task warns. `defaults` of the user's do not apply to our accounts, a `logfile` included. "
        "Nothing of the user's is changed; an own account with the name of ours, which msmtp would reject, skips ours. The password is in a "
        "file of ours, or comes from the command; otherwise msmtp looks into `.netrc` and the keyring for this server, and then asks for it. "
        "What `eval` in the user's file prints is not known: such a file counts as one with a default. A wrong certificate is rejected."
    ),
)  # fmt: skip

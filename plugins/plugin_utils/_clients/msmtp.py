# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp: one ``account`` for each account in the user's ``.msmtprc``."""

from __future__ import annotations

import re
from typing import Sequence

from .._model.account import Account
from ._client import Client, Context
from ._file import File
from ._msmtp_syntax import accounts_block, login_and_tls, quoted, too_long

_AUTH = {"gssapi": "gssapi", "encrypted": "cram-md5", "ntlm": "ntlm", "oauth2": "xoauth2", "none": "off"}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [accounts_block(accounts, _lines, ".msmtprc", (".msmtprc", ".config/msmtp/config"))]


def _lines(account: Account) -> list[str]:
    server = account.outgoing
    return [
        f"account {account.key}",
        f"host {server.host}",
        f"port {server.port}",
        "protocol smtp",
        f"from {quoted(account.email)}",
        f"auth {_auth(account)}",
        *login_and_tls(server, account.ca_file),
        "tls_certcheck on",
    ]


def _auth(account: Account) -> str:
    server = account.outgoing
    if server.authentication != "password":
        return _AUTH[server.authentication]
    # "on" chooses from what the server offers, but without TLS never a method that reveals the password.
    return "plain" if server.security == "none" else "on"


def _unsupported_reason(account: Account) -> str | None:
    if re.search(r"%[UHCM]|[*?\[]", account.email):
        return "msmtp reads an address with *, ? or [, or with %U, %H, %C or %M, as a pattern (email)"
    return too_long("msmtp", _lines(account))


CLIENT = Client(
    name="msmtp",
    title="msmtp",
    account_types=("imap", "pop"),
    expresses=frozenset(
        (
            "email", "default", "ca_file",
            "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.password",
            "outgoing.password_command", "outgoing.authentication",
        )
    ),
    paths=(".msmtprc", ".config/msmtp/config"),
    render=_render,
    authentications=("password", "encrypted", "gssapi", "ntlm", "oauth2", "none"),
    unsupported_reason=_unsupported_reason,
    notes=(
        "The accounts are in `.msmtprc`. `msmtp -a KEY` chooses one, or the sender's address does (`msmtp --read-envelope-from`). "
        "The default one is `account default`, unless the user has a default already. The password is in the file, or comes from "
        "the command; otherwise msmtp asks for it. A wrong certificate is rejected."
    ),
)  # fmt: skip

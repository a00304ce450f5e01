# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp: one ``account`` for each account in the user's ``.msmtprc``."""

from __future__ import annotations

import re
from typing import Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import Client, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._msmtp_syntax import block, login_and_tls, quoted, too_long
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_AUTH = {"gssapi": "gssapi", "encrypted": "cram-md5", "ntlm": "ntlm", "oauth2": "xoauth2", "none": "off"}


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    return [block(accounts, _lines, ".msmtprc", (".msmtprc", ".config/msmtp/config"))]


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
    # "on" takes what the server offers of PLAIN, LOGIN and the like, but without TLS never a method that shows the password.
    return "plain" if server.security == "none" else "on"


def _cannot(account: Account) -> str | None:
    if re.search(r"%[UHCM]|[*?\[]", account.email):
        return "msmtp takes an address with * or ?, or with %U, %H, %C or %M, for a pattern"
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
    cannot=_cannot,
    notes=(
        "Accounts in `.msmtprc`, chosen by `msmtp -a KEY` or by the sender's address (`msmtp --read-envelope-from`); the "
        "default one is `account default`, unless the user has that already. The password stands there, or comes from the "
        "command; otherwise msmtp asks. A wrong certificate is refused."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common syntax of msmtp and mpop. It has no escapes: the programs strip the quotes around an argument, and every other
character is literal."""

from __future__ import annotations

import shlex
from typing import Callable, Sequence

from .._model.account import Account
from .._model.profile import Server
from ._accounts import default_account
from ._file import File, block, variant
from ._line_limit import long_line_reason

# Both programs reject the whole file, the user's own accounts included, for one longer line.
_MAX_LINE = 499
# "account default" in the user's own lines. If it is given twice, the programs reject the whole file. The user may have put the
# name in quotes.
_OWN_DEFAULT = r'^[ \t]*account[ \t]+"?default"?[ \t\r]*(?::|$)'

_METHODS = {"gssapi": "gssapi", "encrypted": "cram-md5", "ntlm": "ntlm", "oauth2": "xoauth2", "none": "off"}
AUTHENTICATIONS = ("password", "encrypted", "gssapi", "ntlm", "oauth2")

Lines = Callable[[Account], Sequence[str]]


def quoted(text: str) -> str:
    return f'"{text}"'


def accounts_block(accounts: Sequence[Account], lines: Lines, path: str, alternatives: tuple[str, ...]) -> File:
    """The accounts, and which of them is the default, unless the user has a default."""
    default = default_account(accounts)
    # A blank line between accounts, none at the end.
    text = "\n".join("".join(f"{line}\n" for line in lines(account)) for account in accounts)
    with_default = f"{text}\naccount default : {default.key}\n"
    return block(path, with_default, alternatives=alternatives, variants=[variant(_OWN_DEFAULT, text)])


def connection(account: Account, server: Server, cleartext_method: str, sender: Sequence[str] = ()) -> list[str]:
    """Every directive that matters, even if it is empty: otherwise the user's own ``defaults`` would apply. ``sender``: those for
    sending."""
    # "on" chooses from what the server offers, but without TLS never a method that reveals the password.
    password_method = cleartext_method if server.security == "none" else "on"
    return [
        f"account {account.key}",
        f"host {server.host}",
        f"port {server.port}",
        *sender,
        f"auth {_METHODS.get(server.authentication, password_method)}",
        "user" if server.authentication == "none" else f"user {quoted(server.username)}",
        "password" if server.password is None else f"password {quoted(server.password)}",
        f"passwordeval {quoted(shlex.join(server.password_command))}" if server.password_command else "passwordeval",
        f"tls {'off' if server.security == 'none' else 'on'}",
        f"tls_starttls {'on' if server.security == 'starttls' else 'off'}",
        f"tls_trust_file {quoted(account.ca_file)}" if account.ca_file else "tls_trust_file system",
        # A fingerprint would override the trust file.
        "tls_fingerprint",
    ]


def too_long(program: str, lines: Sequence[str]) -> str | None:
    return long_line_reason(program, _MAX_LINE, lines)

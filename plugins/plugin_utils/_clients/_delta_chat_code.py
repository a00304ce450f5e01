# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Delta Chat reads from a code: a ``dclogin:`` address, version 1 (``src/qr/dclogin_scheme.rs`` in its sources).

``dclogin://ADDRESS?p=PASSWORD&v=1&...``, of which ``i*`` are for IMAP and ``s*`` for SMTP: host, port, user, password, security, and the
checks of certificates, where 1 is strict. Everything is percent-encoded. Without a password there is no such address.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from .._model.account import Account
from .._model.profile import Server
from ._qr import MAX_BYTES

_SECURITIES = {"tls": "ssl", "starttls": "starttls", "none": "plain"}
_STRICT = "1"


def payload(account: Account) -> bytes:
    """The address of an account of which ``refusal`` finds nothing to say."""
    incoming, outgoing = account.incoming, account.outgoing
    query = {"p": incoming.password, "v": "1", **_server("i", incoming), **_server("s", outgoing)}
    if outgoing.password and outgoing.password != incoming.password:
        query["spw"] = outgoing.password
    return f"dclogin://{account.email}?{urlencode(query, quote_via=quote, safe='')}".encode()


def refusal(account: Account, passwords: bool) -> str | None:
    """Why the account cannot be in a code, or None. ``passwords``: whether they may be."""
    if not passwords:
        return "Delta Chat takes an account only with its password: set include_passwords, and read who can see it then"
    if account.incoming.password is None:
        return "Delta Chat takes an account only with its password, and the profile has none for incoming"
    if account.outgoing.authentication == "none":
        return "Delta Chat always logs in to send, and outgoing.authentication is none"
    size = len(payload(account))
    if size > MAX_BYTES:
        return f"Delta Chat gets accounts in codes of {MAX_BYTES} bytes at most, because phones read no larger ones, and this one needs {size}"
    return None


def _server(letter: str, server: Server) -> dict[str, str]:
    host = f"[{server.host}]" if ":" in server.host else server.host
    found = {"h": host, "p": str(server.port), "u": server.username, "s": _SECURITIES[server.security], "c": _STRICT}
    return {letter + name: value for name, value in found.items()}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Delta Chat reads from a code: a ``dclogin:`` address, version 1 (``src/qr/dclogin_scheme.rs`` in its sources).

``dclogin://ADDRESS?p=PASSWORD&v=1&...``, of which ``i*`` are for IMAP and ``s*`` for SMTP: host, port, user, password, security, and the
checks of certificates, where 1 is strict. These are percent-encoded; the e-mail address is taken as it is. Without a password there is no such
address.
"""

from __future__ import annotations

from typing import Callable
from urllib.parse import quote, urlencode

from .._model.account import Account
from .._model.profile import Server
from ._accounts import servers
from ._qr import MAX_BYTES

_SECURITIES = {"tls": "ssl", "starttls": "starttls", "none": "plain"}
_STRICT = "1"
_UNESCAPED = "!~*'()"  # as JavaScript's encodeURIComponent
_ENDS_ADDRESS = "/?#%"  # the last one, where a version of the app decodes it


def payload(account: Account, show: Callable[[str], str] = lambda password: password) -> bytes:
    """The address of an account of which ``refusal`` finds nothing to say. ``show``: what is written for a password."""
    incoming, outgoing = account.incoming, account.outgoing
    query = {"p": show(incoming.password or ""), "v": "1", **_server("i", incoming), **_server("s", outgoing)}
    if outgoing.password != incoming.password:
        query["spw"] = show(outgoing.password or "")
    return f"dclogin://{account.email}?{urlencode(query, quote_via=quote, safe=_UNESCAPED)}".encode()


def refusal(account: Account, passwords: bool) -> str | None:
    """Why the account cannot be in a code, or None. ``passwords``: whether they may be."""
    if not passwords:
        return "Delta Chat takes an account only with its password: set include_passwords, and read who can see it then"
    for side, server in servers(account):
        # Without one for sending it would send that server the password of the other.
        if server.password is None:
            return f"Delta Chat takes an account only with its passwords, and the profile has no {side}.password"
    sign = next((sign for sign in account.email if sign in _ENDS_ADDRESS), None)
    if sign:
        return f"Delta Chat would read the e-mail address in its code up to the '{sign}'"
    size = len(payload(account))
    if size > MAX_BYTES:
        return f"Delta Chat gets accounts in codes of {MAX_BYTES} bytes at most, because phones read no larger ones, and this one needs {size}"
    return None


def _server(letter: str, server: Server) -> dict[str, str]:
    found = {"h": server.host, "p": str(server.port), "u": server.username, "s": _SECURITIES[server.security], "c": _STRICT}
    return {letter + name: value for name, value in found.items()}

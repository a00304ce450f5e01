# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""What Thunderbird for Android reads from a code: its format version 1 (``feature/migration/qrcode/qr-code-format.md`` in its sources).

JSON of nested arrays: ``[1, [number, of], INCOMING, [[OUTGOING, [e-mail, name]]], ...]``, with two elements for each account. ASCII with ``\u``
escapes, because zbar takes UTF-8 for another encoding in some names. One account that the app rejects makes it reject the whole code.
"""

from __future__ import annotations

import json
from typing import Any, Sequence

from .._model.account import Account
from .._model.profile import Server
from ._qr import MAX_BYTES

MAX_ACCOUNTS = 3  # in one code; the app fails with more
_PROTOCOLS = {"imap": 0, "pop": 1}
_SECURITIES = {"none": 0, "starttls": 2, "tls": 3}
AUTHENTICATIONS = {"none": 0, "password": 1, "encrypted": 2, "client_certificate": 5, "oauth2": 6}
# Of a sequence that is longer than any: a code's size must not depend on how many there are.
_LONGEST = (999, 999)


def payloads(accounts: Sequence[Account], passwords: bool, accounts_per_code: int) -> list[bytes]:
    """One for each code, in the order of the accounts, of which ``refusal`` finds nothing to say. ``passwords``: whether they are in it."""
    groups: list[list[Account]] = []
    for account in accounts:
        last = groups[-1] if groups else []
        if last and len(last) < accounts_per_code and len(_payload([*last, account], passwords, _LONGEST)) <= MAX_BYTES:
            last.append(account)
        else:
            groups.append([account])
    return [_payload(group, passwords, (number, len(groups))) for number, group in enumerate(groups, start=1)]


def refusal(account: Account, passwords: bool) -> str | None:
    """Why the account cannot be in a code, or None. The app's other rules are those of every account."""
    if "::" in (account.incoming.host, account.outgoing.host):
        return "Thunderbird for Android rejects the host ::"
    size = len(_payload([account], passwords, _LONGEST))
    if size > MAX_BYTES:
        return f"Thunderbird for Android gets accounts in codes of {MAX_BYTES} bytes at most, because phones read no larger ones, and this one needs {size}"
    return None


def _payload(accounts: Sequence[Account], passwords: bool, sequence: tuple[int, int]) -> bytes:
    parts: list[Any] = [1, list(sequence)]
    for account in accounts:
        parts += [_incoming(account, passwords), [[_outgoing(account, passwords), [account.email, account.sender_name]]]]
    return json.dumps(parts, separators=(",", ":")).encode()


def _incoming(account: Account, passwords: bool) -> list[Any]:
    # The app reads no null, and takes the address for the name when it is empty or left out.
    name = "" if account.account_name == account.email else account.account_name
    found = [_PROTOCOLS[account.account_type], *_server(account.incoming), name]
    password = account.incoming.password if passwords else None
    return [*found, password] if password else found if name else found[:-1]


def _outgoing(account: Account, passwords: bool) -> list[Any]:
    found = [0, *_server(account.outgoing)]
    password = account.outgoing.password if passwords else None
    return [*found, password] if password else found


def _server(server: Server) -> list[Any]:
    user = "" if server.authentication == "none" else server.username
    return [server.host, server.port, _SECURITIES[server.security], AUTHENTICATIONS[server.authentication], user]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""What Thunderbird for Android reads from a code: its format version 1 (``feature/migration/qrcode/qr-code-format.md`` in its sources).

JSON of nested arrays: ``[1, [number, of], INCOMING, [[OUTGOING, [e-mail, name]]], ...]``, with two elements for each account. ASCII with ``\u``
escapes, because zbar takes UTF-8 for another encoding in some names. One account that the app rejects makes it reject the whole code.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Sequence

from .._model.account import Account
from .._model.profile import Server
from ._qr import MAX_BYTES

MAX_ACCOUNTS = 3  # in one code; the app fails with more
_PROTOCOLS = {"imap": 0, "pop": 1}
_SECURITIES = {"none": 0, "starttls": 2, "tls": 3}
AUTHENTICATIONS = {"none": 0, "password": 1, "encrypted": 2, "client_certificate": 5, "oauth2": 6}
# Of a sequence that is longer than any: a code's size must not depend on how many there are.
_LONGEST = (999, 999)


class Code(NamedTuple):
    """Number ``number`` of ``total`` codes. ``passwords``: whether those of the accounts are in it."""

    accounts: tuple[Account, ...]
    number: int
    total: int
    passwords: bool

    @property
    def payload(self) -> bytes:
        return _text(self.accounts, self.passwords, self.number, self.total).encode()

    @property
    def redacted(self) -> str:
        """The same for people: a line for each part, letters instead of escapes, masks instead of passwords."""
        parts = _parts([each.redacted() for each in self.accounts], self.passwords, self.number, self.total)
        return "".join(f"{json.dumps(part, ensure_ascii=False)}\n" for part in parts)

    @property
    def secret(self) -> bool:
        return self.passwords and any(account.has_password for account in self.accounts)


def codes(accounts: Sequence[Account], passwords: bool, accounts_per_code: int) -> list[Code]:
    """For accounts of which ``refusal`` finds nothing to say, in their order."""
    groups: list[list[Account]] = []
    for account in accounts:
        last = groups[-1] if groups else []
        if last and len(last) < accounts_per_code and len(_text([*last, account], passwords, *_LONGEST)) <= MAX_BYTES:
            last.append(account)
        else:
            groups.append([account])
    return [Code(tuple(group), number, len(groups), passwords) for number, group in enumerate(groups, start=1)]


def refusal(account: Account, passwords: bool) -> str | None:
    """Why the account cannot be in a code, or None. The app's other rules are those of every account."""
    if "::" in (account.incoming.host, account.outgoing.host):
        return "Thunderbird for Android rejects the host ::"
    size = len(_text([account], passwords, *_LONGEST))
    if size > MAX_BYTES:
        return f"Thunderbird for Android gets accounts in codes of {MAX_BYTES} bytes at most, because phones read no larger ones, and this one needs {size}"
    return None


def _text(accounts: Sequence[Account], passwords: bool, number: int, total: int) -> str:
    return json.dumps(_parts(accounts, passwords, number, total), separators=(",", ":"))


def _parts(accounts: Sequence[Account], passwords: bool, number: int, total: int) -> list[Any]:
    parts: list[Any] = [1, [number, total]]
    for account in accounts:
        parts += [_incoming(account, passwords), [[_outgoing(account, passwords), [account.email, account.sender_name]]]]
    return parts


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

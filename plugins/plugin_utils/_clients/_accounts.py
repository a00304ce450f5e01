# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several clients ask of accounts, servers and profiles."""

from __future__ import annotations

from typing import Iterable, Sequence

from .._model.account import Account
from .._model.profile import Profile, Server


def default_account(accounts: Sequence[Account]) -> Account:
    """The account that a program uses when its user does not choose one: the marked one, else the first. Only a marked one may win over a
    default that the user has."""
    return next((account for account in accounts if account.default), accounts[0])


def servers(account: Account) -> tuple[tuple[str, Server], ...]:
    """Both servers with their names in a profile."""
    return ("incoming", account.incoming), ("outgoing", account.outgoing)


def host_and_port(server: Server) -> str:
    """``imap.example.org:993``, or ``[2001:db8::1]:993``."""
    return f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"


def html_signature(profile: Profile) -> Iterable[str]:
    """The fields that a text-only program cannot express when the signature is HTML."""
    return ("signature", "signature_format") if profile.signature_format == "html" else ()

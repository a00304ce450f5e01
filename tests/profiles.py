# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of small profiles, as an administrator gives them."""

from __future__ import annotations

from typing import Any

SERVERS: dict[str, dict[str, Any]] = {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}


def bare_profile(name: str = "work", /, **changes: Any) -> dict[str, Any]:
    """Without passwords. ``incoming__port=1993`` changes a field of a server; None removes a field."""
    data: dict[str, Any] = {"name": name, **{side: dict(server) for side, server in SERVERS.items()}}
    for key, value in changes.items():
        target, _separator, field = key.rpartition("__")
        place = data.setdefault(target, {}) if target else data
        place[field] = value
        if value is None:
            del place[field]
    return data


def profile(name: str = "work", password: str = "{UserPassword}", /, **changes: Any) -> dict[str, Any]:
    """With a password for both servers."""
    passwords = {f"{side}__password": password for side in SERVERS}
    return bare_profile(name, **{**passwords, **changes})

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles for people to read: a table of all, and a sheet of one. Pure. No password is in either, encrypted or not."""

from __future__ import annotations

import unicodedata
from typing import Any, Iterable, Mapping, Sequence

from ...module_utils._text import printable
from .._model import variables
from .._model.passwords import SERVERS
from .._model.ports import derived_port
from .._model.stored import Stored

MAX_ROWS = 1000
_MAX_CELL = 40  # columns of the screen
_HEADER = ("NAME", "TYPE", "INCOMING", "OUTGOING", "DEFAULT", "DESCRIPTION")
_LABELS = {
    "description": "Description", "email": "E-mail address", "account_name": "Account name", "sender_name": "Sender name", "reply_to": "Reply to",
    "account_type": "Account type", "default": "Default account", "notifications": "Notifications", "signature": "Signature",
}  # fmt: skip
# Beside what the form asks for, and displayed only where it is set.
_MORE = {
    "signature_format": "Signature format", "leave_on_server": "Leave mail on the server", "delete_after_days": "Delete after days",
    "check_interval": "Check interval, minutes", "ca_file": "CA file", "folders": "Folders", "variables": "Variables",
}  # fmt: skip
_USUAL = {"signature_format": "text", "leave_on_server": True}
_SERVER_MORE = {"authentication": "password", "allow_cleartext": False, "separator": None, "namespace": None}


def table(profiles: Sequence[Stored], location: str) -> str:
    """All profiles, a line each; at most ``MAX_ROWS``."""
    count = f"{len(profiles)} profile{'' if len(profiles) == 1 else 's'} in {printable(location)}"
    rows = [_HEADER, *(_row(stored) for stored in profiles[:MAX_ROWS])]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths)).rstrip() for row in rows] if profiles else []
    if len(profiles) > MAX_ROWS:
        lines.append(f"... and {len(profiles) - MAX_ROWS} more, which show displays by name")
    return "\n".join([count, *lines])


def _row(stored: Stored) -> tuple[str, ...]:
    data = stored.data
    servers = [f"{data[side]['host']}:{_port(data, side)} {data[side]['security']}" for side in SERVERS]
    cells = (stored.name, data["account_type"], *servers, "yes" if data["default"] else "no", data["description"] or "")
    return tuple(_cut(printable(cell)) for cell in cells)


def sheet(stored: Stored) -> str:
    """One profile, a field a line, labelled as in the form."""
    data = stored.data
    lines = [("Profile", stored.name), ("Key on hosts", stored.key), ("Revision", stored.revision)]
    lines += [(label, data[name]) for name, label in _LABELS.items()]
    for side in SERVERS:
        lines += [(f"{side.title()} {label}", value) for label, value in _server(data, side)]
    lines += [(label, data[name]) for name, label in _MORE.items() if data[name] not in (None, {}, _USUAL.get(name))]
    width = max(_width(label) for label, _value in lines)
    return "\n".join(text for label, value in lines for text in _field(_padded(label, width), value))


def _server(data: Mapping[str, Any], side: str) -> Iterable[tuple[str, Any]]:
    server = data[side]
    yield "server", server["host"]
    yield "port", f"{_port(data, side)}{'' if server['port'] else ' (follows from the security)'}"
    yield "security", server["security"]
    yield "user name", server["username"]
    yield "password", _password(server)
    for name, usual in _SERVER_MORE.items():
        if server.get(name) not in (None, usual):
            yield name.replace("_", " "), server[name]


def _password(server: Mapping[str, Any]) -> str:
    if server["password_command"]:
        return f"from the command {server['password_command'][0]}"
    if server["password"] is None:
        return "not set, the mail program asks"
    name = variables.parse(server["password"]).only_variable if not server["password"].startswith("$") else None
    return f"each user's own, {{{name}}}" if name else "set, encrypted in the store"


def _port(data: Mapping[str, Any], side: str) -> int:
    server = data[side]
    return server["port"] or derived_port(data["account_type"] if side == "incoming" else "smtp", server["security"])


def _field(label: str, value: Any) -> Iterable[str]:
    """The field's line, and under it the further lines of a text or mapping."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, Mapping):
        value = "\n".join(f"{name}: {'(each user gives it)' if item is None else item}" for name, item in value.items())
    first, *others = printable("-" if value in (None, "") else str(value), lines=True).split("\n")
    yield f"{label}  {first}".rstrip()
    for line in others:
        yield f"{' ' * _width(label)}  {line}".rstrip()


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: letters of Chinese, Japanese and Korean take two, combining marks none."""
    return sum(0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str) -> str:
    if _width(text) <= _MAX_CELL:
        return text
    kept, columns = "", 0
    for sign in text:
        columns += _width(sign)
        if columns > _MAX_CELL - 3:
            break
        kept += sign
    return f"{kept}..."

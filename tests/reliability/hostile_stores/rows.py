# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody may write into a store in place of a profile, for every kind of store."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
CLEAR = "a-passw0rd-in-clear"
BASE = {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}
VICTIM_ID = "6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b"


@dataclass(frozen=True)
class Row:
    """A profile as a table has it. ``document``: its text there, or a function that makes a large one."""

    id: Any = VICTIM_ID
    key: Any = "victim"
    name: Any = "victim"
    revision: Any = 1
    document: Any = json.dumps(BASE)

    @property
    def content(self) -> Any:
        return self.document() if callable(self.document) else self.document


GOOD = Row(id="0d9c1f5e-7a52-4d0b-9a0e-2f1f6c6a4b7d", key="good", name="good")


def _with(**changes: Any) -> Row:
    return Row(document=json.dumps({**BASE, **changes}))


def _server(**changes: Any) -> Row:
    return _with(incoming={"host": "imap.example.org", **changes})


def _raw(text: str) -> Row:
    return Row(document=text)


def _field(value: str) -> Row:
    """A document in which a value stands as it is."""
    return _raw(json.dumps({**BASE, "description": "HERE"}).replace('"HERE"', value))


_BOX = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


def rows(canary: str) -> dict[str, Row]:
    """Name of an attack -> what to write. ``canary``: a file that code would make."""
    code = _BOX % canary
    texts = {
        "description": _with, "email": _with, "account_name": _with, "sender_name": _with, "reply_to": _with, "signature": _with, "ca_file": _with,
        "host": _server, "username": _server, "password": _server, "security": _server, "key": _with,
    }  # fmt: skip
    found = {f"escapes in {field}": make(**{field: f"/x{ESCAPES}"}) for field, make in texts.items()}
    found |= {f"code in {field}": make(**{field: code}) for field, make in texts.items()}
    found |= {f"a list for {field}": make(**{field: [{"x": ESCAPES}]}) for field, make in texts.items()}
    found |= {f"a number for {field}": make(**{field: 7}) for field, make in texts.items()}
    return found | {
        "escapes in a field's name": _with(**{f"x{ESCAPES}": 1}),
        "escapes in a folder": _with(folders={"sent": ESCAPES, ESCAPES: "x"}),
        "escapes in a variable": _with(variables={ESCAPES: ESCAPES, "Code": code}),
        "escapes in a command": _server(password_command=["cat", ESCAPES]),
        "a way out for a folder": _with(folders={"sent": "../../../../etc/x"}),
        "a way out for a key": replace(Row(), key="../../../../etc/x"),
        "a way out for a CA": _with(ca_file="/../../etc/shadow"),
        "no JSON": _raw("{"),
        "nothing": _raw(""),
        "null": _raw("null"),
        "a number": _raw("7"),
        "a text": _raw('"x"'),
        "a list": _raw("[]"),
        "two documents": _raw(json.dumps(BASE) * 2),
        "no servers": _raw("{}"),
        "servers of other types": _with(incoming=[], outgoing="x"),
        "depth": _field("[" * 100_000),
        "closed depth": _field("[" * 900 + "]" * 900),
        "a mapping's depth": _field('{"a":' * 900 + "1" + "}" * 900),
        "infinite": _field("1e999"),
        "not a number": _field("NaN"),
        "many digits": _field("9" * 20_000),
        "500 digits": _server(port=10**500),
        "a float": _server(port=993.5),
        "half a surrogate": _field('"\\ud800"'),
        "a NUL": _field('"\\u0000"'),
        "twice": _raw('{"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "x.example.org"}, "outgoing": {"host": "smtp.example.org"}}'),
        "a password in clear": _server(password=CLEAR),
        "a sealed password of nothing": _server(password="$mailops$"),
        "a sealed password of a newer release": _server(password="$mailops$9$" + "A" * 100),
        "a sealed password of other bytes": _server(password=f"$mailops$1${'A' * 22}${'A' * 11}${'A' * 60}"),
        "a sealed password of no length": _server(password=f"$mailops$1${'A' * 22}${'A' * 11}${'A' * 41}"),
        "a sealed password of many bytes": _server(password=f"$mailops$1${'A' * 22}${'A' * 11}${'A' * 8000}"),
        "a sealed password of a megabyte": _server(password=f"$mailops$1${'A' * 22}${'A' * 11}${'A' * 1_000_000}"),
        "a sealed password with escapes": _server(password=f"$mailops$1${ESCAPES}"),
        "70 KB": _with(description="x" * 70_000),
        "100 MB": Row(document=lambda: _with(description="x" * 100_000_000).document),
        "100 MB of brackets": Row(document=lambda: "[" * 100_000_000),
        "many backslashes": _with(description="\\" * 60_000 + "{"),
        "many variables": Row(document=lambda: _with(variables={f"V{number}": "x" for number in range(200_000)}).document),
        "many words": Row(document=lambda: _server(password_command=["x"] * 1_000_000).document),
        "an id that is none": replace(Row(), id=f"../{ESCAPES}"),
        "no id": replace(Row(), id=""),
        "a long id": replace(Row(), id="6" * 2000),
        "escapes in the key": replace(Row(), key=ESCAPES),
        "a long key": replace(Row(), key="k" * 2000),
        "a revision below zero": replace(Row(), revision=-1),
        "the largest revision": replace(Row(), revision=2**31 - 1),
    }  # fmt: skip


def named_rows() -> dict[str, Row]:
    """Names that no profile has. In a directory they are in the file, beside its own name."""
    names = {
        "a name with escapes": ESCAPES, "no name": "", "a name of spaces": "   ", "a way out for a name": "../../../etc/x", "a long name": "n" * 2000,
        "a name in another form": "o\u0301", "a name of the other": "good", "a name with a bidirectional control": "victim\u202e",
        "a name that is code": "{{ 7 * 7 }}",
    }  # fmt: skip
    return {title: replace(Row(), name=name) for title, name in names.items()}

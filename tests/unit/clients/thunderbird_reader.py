# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader of the codes of Thunderbird for Android, written from the format's description and the checks of the app, not from our writer.

As strict as a writer has to be: what the app only tolerates (more elements, null) is an error, too. One mistake rejects the whole code.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any, Callable, Sequence

_LABEL = r"(?:[a-z0-9]|[a-z0-9][a-z0-9-]{0,61}[a-z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?\Z", re.IGNORECASE)
_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>(?:{_LABEL}\.)*{_LABEL})\Z", re.IGNORECASE)
_INCOMING = ("protocol", "host", "port", "security", "authentication", "username", "name", "password")
_OUTGOING = ("protocol", "host", "port", "security", "authentication", "username", "password")
_REQUIRED = 6
# Name -> the values that the app takes.
_CHOICES = {"security": (0, 2, 3), "authentication": (0, 1, 2, 5, 6)}


class Rejected(Exception):
    """The app would not import anything of this code."""


def read(payload: bytes) -> tuple[tuple[int, int], list[dict[str, Any]]]:
    """Number and count of the codes, and the accounts: ``incoming``, ``outgoing``, ``identity``."""
    _need(payload.isascii(), "the text is not ASCII")
    try:
        root = json.loads(payload)
    except ValueError as exc:
        raise Rejected(str(exc)) from exc
    _need(isinstance(root, list) and len(root) >= 4 and len(root) % 2 == 0, "there is no whole account")
    version, sequence, *servers = root
    _need(_is_whole(version) and version == 1, "another version")
    number, end = _elements(sequence, 2, 2)
    _need(type(number) is type(end) is int and 1 <= number <= end, "a sequence that does not count")
    return (number, end), [_account(*pair) for pair in zip(servers[::2], servers[1::2])]


def _account(incoming: Any, groups: Any) -> dict[str, Any]:
    (group,) = _elements(groups, 1, 1)  # the app imports the first one only
    outgoing, identity = _elements(group, 2, 2)
    email, display_name = (_line(text) for text in _elements(identity, 2, 2))
    found = _ADDRESS.match(email)
    _need(found is not None and len(found["local"]) <= 64 and len(found["domain"]) <= 253 and len(email) <= 254, "not an address")
    return {
        "incoming": _server(incoming, _INCOMING, (0, 1)), "outgoing": _server(outgoing, _OUTGOING, (0,)), "identity": (email, display_name),
    }  # fmt: skip


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _server(data: Any, names: Sequence[str], protocols: Sequence[int]) -> dict[str, Any]:
    found = dict(zip(names, _elements(data, _REQUIRED, len(names))))
    for name, choices in {"protocol": protocols, **_CHOICES}.items():
        _need(_is_whole(found[name]) and found[name] in choices, f"{name} is none of {choices}")
    _need(_is_whole(found["port"]) and 1 <= found["port"] <= 65535, "no port")
    for name in ("host", "username", "name", "password"):
        if name in found:
            _line(found[name])
    _need(_is_host(found["host"]), "no host")
    return found


def _is_host(text: str) -> bool:
    if ":" in text:
        return _parses(ipaddress.IPv6Address, text) and "%" not in text and int(ipaddress.IPv6Address(text)) != 0
    return len(text) <= 255 and bool(_HOST.match(text))


def _parses(reader: Callable[[str], Any], text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True


def _elements(data: Any, least: int, most: int) -> list[Any]:
    _need(isinstance(data, list) and least <= len(data) <= most, "an array of another length")
    return data


def _line(text: Any) -> str:
    _need(isinstance(text, str) and not re.search("[\r\n]", text), "not one line of text")
    return text


def _need(fact: bool, reason: str) -> None:
    if not fact:
        raise Rejected(reason)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Apple's schema of a mail payload says of one: ``apple/com.apple.mail.managed.yaml``, as Apple publishes it, under its own licence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator, Mapping

import yaml

SCHEMA = yaml.safe_load((Path(__file__).parent / "apple" / "com.apple.mail.managed.yaml").read_text(encoding="utf-8"))
KEYS = {entry["key"]: entry for entry in SCHEMA["payloadkeys"]}
PAYLOAD_TYPE = SCHEMA["payload"]["payloadtype"]
_TYPES = {"<string>": str, "<integer>": int, "<boolean>": bool}
# What every payload has (Apple, "Configuring Multiple Devices Using Profiles").
_COMMON = {"PayloadType": str, "PayloadVersion": int, "PayloadIdentifier": str, "PayloadUUID": str, "PayloadDisplayName": str}


def violations(payload: Mapping[str, Any]) -> list[str]:
    return list(_violations(payload))


def _is(value: Any, kind: type) -> bool:
    """True is an int to isinstance."""
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _violations(payload: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in _COMMON.items():
        if not _is(payload.get(name), kind):
            yield f"{name} is missing, or of another type"
    if payload.get("PayloadType") != PAYLOAD_TYPE or payload.get("PayloadVersion") != 1:
        yield "PayloadType or PayloadVersion is another one"
    for name, entry in KEYS.items():
        if name not in payload:
            if entry["presence"] == "required":
                yield f"{name} is required"
            continue
        value = payload[name]
        if not _is(value, _TYPES[entry["type"]]):
            yield f"{name} is no {entry['type']}"
        elif "rangelist" in entry and value not in entry["rangelist"]:
            yield f"{name} is none of {entry['rangelist']}"
        elif "format" in entry and not re.match(entry["format"], value):
            yield f"{name} has another format"
    for name in payload.keys() - KEYS.keys() - _COMMON.keys():
        yield f"{name} is no key of the schema"

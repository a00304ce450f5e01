# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles as rows of a table: id, key, name, revision, and the fields that differ from their defaults as one JSON document.

A change of a field's default, or a new field, needs a new version of the schema, which writes the old default into the documents.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Tuple

from .._model.errors import MailopsError
from .._model.names import profile_name
from .._model.profile import DEFAULTS, SERVER_DEFAULTS
from .._model.stored import Stored

_OWN_COLUMNS = ("key", "name")

Row = Tuple[str, str, str, int, str]  # id, key, name, revision, document


def rows(records: Iterable[Stored]) -> list[Row]:
    return [(record.id, record.key, record.name, record.revision, _document(record)) for record in records]


def _document(record: Stored) -> str:
    data = _without_defaults(record.data, DEFAULTS)
    for name in _OWN_COLUMNS:
        data.pop(name, None)
    data["incoming"] = _without_defaults(data["incoming"], SERVER_DEFAULTS["incoming"])
    data["outgoing"] = _without_defaults(data["outgoing"], SERVER_DEFAULTS["outgoing"])
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _without_defaults(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name, default in defaults.items() if data[name] != default}


def records(found: Iterable[Row], location: str) -> dict[str, Stored]:
    """The records by name, sorted by code point: a database sorts as its collation says."""
    read = {}
    for profile_id, key, name, revision, document in found:
        try:
            data = _with_defaults(json.loads(document), DEFAULTS)
            data["incoming"] = _with_defaults(data["incoming"], SERVER_DEFAULTS["incoming"])
            data["outgoing"] = _with_defaults(data["outgoing"], SERVER_DEFAULTS["outgoing"])
            if profile_name(name) != name or not isinstance(key, str):
                raise ValueError
        except (KeyError, TypeError, ValueError, RecursionError):
            raise MailopsError(
                f"store {location}: profile {name!r} is damaged; restore it from a backup (it was left as it is)"
            ) from None
        read[name] = Stored(profile_id, name, revision, {**data, "name": name, "key": key})
    return dict(sorted(read.items()))


def _with_defaults(data: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """All fields, and nothing else: a document that another program wrote may have more, such as an id."""
    full = {**defaults, **data}
    return {name: full[name] for name in defaults}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles as rows of a table: id, name, revision, and the fields that differ from their defaults as one JSON document.

Who adds a field to profiles, or gives one another default, raises the schema's version, and writes the old default into the documents.
"""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import DEFAULTS, SERVER_DEFAULTS
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

_DAMAGE = (KeyError, TypeError, ValueError, RecursionError)
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def documents(records: Sequence[Stored]) -> Iterator[str]:
    """The text of each record. Profiles of a list that are alike share their values, and ``records`` keeps those alive: one object, one text."""
    made: dict[tuple[int, ...], str] = {}
    for record in records:
        alike = tuple([id(value) for field, value in record.data.items() if field != "name"])
        if alike not in made:
            made[alike] = _document(record)
        yield made[alike]


def _document(record: Stored) -> str:
    data = _given(record.data, DEFAULTS)
    del data["name"]
    data["incoming"] = _given(data["incoming"], SERVER_DEFAULTS)
    data["outgoing"] = _given(data["outgoing"], SERVER_DEFAULTS)
    return _JSON.encode(data)


def _given(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults."""
    return {name: data[name] for name, default in defaults.items() if data[name] is not default and data[name] != default}


def records(rows: Sequence[tuple[str, str, int, str]], location: str) -> dict[str, Stored]:
    """The records by name, sorted by code point: a database sorts as its collation says."""
    found = {}
    try:
        # Each text once, because many profiles differ in their names only, and all at once, which takes two thirds of the time.
        texts = list(dict.fromkeys(row[3] for row in rows))
        parsed = {text: _full(data) for text, data in zip(texts, json.loads(f"[{','.join(texts)}]"), strict=True)}
        for profile_id, name, revision, text in rows:
            found[name] = Stored(profile_id, name, revision, {**parsed[text], "name": name})
        return dict(sorted(found.items()))
    except _DAMAGE:
        raise MailopsError(_damaged(rows, location)) from None


def _full(data: Any) -> dict[str, Any]:
    """All fields but the name; KeyError or TypeError for what is no profile."""
    full = _filled(data, DEFAULTS)
    full["incoming"] = _filled(data["incoming"], SERVER_DEFAULTS)
    full["outgoing"] = _filled(data["outgoing"], SERVER_DEFAULTS)
    return full


def _filled(data: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    full = {**defaults, **data}
    # Whoever can write the store can give a document an id, too.
    return full if len(full) == len(defaults) else {name: full[name] for name in defaults}


def _damaged(rows: Sequence[tuple[str, str, int, str]], location: str) -> str:
    name = next((row[1] for row in rows if not isinstance(row[1], str) or not _is_document(row[3])), None)
    return f"store {location}: profile {name!r} is damaged; restore it from a backup (it was left as it is)"


def _is_document(text: Any) -> bool:
    try:
        return bool(_full(json.loads(text)))
    except _DAMAGE:
        return False

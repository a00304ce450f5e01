# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles as rows of a table: id, key, name, revision, and the fields that differ from their defaults as one JSON document.

A change of a field's default, or a new field, needs a new version of the schema, which writes the old default into the documents.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Tuple

from .._model import values
from .._model.errors import MailopsError, quoted
from .._model.names import profile_name
from .._model.profile import DEFAULTS, SERVER_DEFAULTS, profile_key
from .._model.stored import Stored
from ._limits import MAX_PROFILE, TooLarge, refuse_too_large

_OWN_COLUMNS = ("key", "name")
_MAX_DEPTH = 8
_MAX_NUMBER = 2**53

Row = Tuple[str, str, str, int, str]  # id, key, name, revision, document


def rows(records: Iterable[Stored]) -> list[Row]:
    """MailopsError when one would be too large to be read again."""
    found = [(record.id, record.key, record.name, record.revision, _document(record)) for record in records]
    for row in found:
        if _size(row) > MAX_PROFILE:
            raise MailopsError(f"profile '{row[2]}': would have more than {MAX_PROFILE} bytes; shorten its texts")
    return found


def _size(row: Row) -> int:
    return sum(len(str(value).encode("utf-8", "surrogatepass")) for value in row)


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
    """The records by name, sorted by code point: a database sorts as its collation says. What others wrote there is not believed: names,
    types, sizes and characters are checked. MailopsError names a profile that is damaged, or says that there are too many."""
    read: dict[str, Stored] = {}
    seen: set[tuple[str, str]] = set()
    size = 0
    for row in found:
        try:
            record = _record(*row)
            size += _size(row)
            refuse_too_large(len(read) + 1, size)
            own = {("id", record.id), ("key", record.key), ("name", record.name)}
            if own & seen:
                raise ValueError
            seen |= own
        except TooLarge as exc:
            raise MailopsError(f"store {location}: {exc}") from None
        except (KeyError, TypeError, ValueError, RecursionError):
            name = quoted(row[2]) if isinstance(row[2], str) else "without a name"
            raise MailopsError(f"store {location}: profile {name} is damaged; restore it from a backup (it was left as it is)") from None
        read[record.name] = record
    return dict(sorted(read.items()))


def _record(profile_id: Any, key: Any, name: Any, revision: Any, document: Any) -> Stored:
    """ValueError and others when it is none."""
    data = _with_defaults(_loaded(document), DEFAULTS)
    data["incoming"] = _with_defaults(data["incoming"], SERVER_DEFAULTS["incoming"])
    data["outgoing"] = _with_defaults(data["outgoing"], SERVER_DEFAULTS["outgoing"])
    if profile_name(name) != name or values.identifier(profile_id) != profile_id or isinstance(revision, bool) or not isinstance(revision, int):
        raise ValueError
    return Stored(profile_id, name, values.revision(revision), {**data, "name": name, "key": profile_key(key)})


def _loaded(document: Any) -> Any:
    if not isinstance(document, str) or len(document) > MAX_PROFILE:
        raise ValueError
    data = json.loads(document, object_pairs_hook=_unique)
    _refuse_foreign(data, 0)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse_foreign(value: Any, depth: int) -> None:
    """ValueError for what no profile holds. Whether a field has the right value is found when it is used, so that an edit can mend it."""
    if isinstance(value, str):
        if not value.isprintable() and values.FORBIDDEN.search(value.replace("\n", "")):
            raise ValueError
    elif isinstance(value, (dict, list)):
        if depth == _MAX_DEPTH:
            raise ValueError
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _refuse_foreign(item, depth + 1)
    elif isinstance(value, float) or (value is not None and abs(value) > _MAX_NUMBER):
        raise ValueError


def _with_defaults(data: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """All fields, and nothing else: a document that another program wrote may have more, such as an id."""
    full = {**defaults, **data}
    return {name: full[name] for name in defaults}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where lists of people come from: a CSV file, a directory service, the host's passwd, a web API. Pure.

Every source becomes a list of rows. A row is a dictionary of attributes, whose names are found in any case, as those of LDAP are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from .errors import Invalid, key_text, nearest

# What modules and web services put around their lists: read_csv, ldap_search and Keycloak's modules, Microsoft Graph, SCIM.
_WRAPPERS = ("list", "results", "existing", "value", "Resources")
_PASSWD = ("password", "uid", "gid", "gecos", "home", "shell")
_FIRST_UID, _NOBODY = 1000, 65534  # UID_MIN of Debian, Red Hat and SUSE
_BOM = "\ufeff"


def rows_of(source: Any) -> list[Mapping[Any, Any]]:
    """Invalid for what is no list of people."""
    if isinstance(source, Mapping):
        if source and all(_is_passwd(entry) for entry in source.values()):  # first: Debian has a user whose name is list
            return [row for name, entry in source.items() if (row := _passwd_row(name, entry)) is not None]
        if isinstance(source.get("json"), (Mapping, list)):  # a result of ansible.builtin.uri
            return rows_of(source["json"])
        for name in _WRAPPERS:
            if isinstance(source.get(name), Sequence) and not isinstance(source[name], str):
                return rows_of(source[name])
        if source:
            raise Invalid(
                "must be a list of dictionaries, the result of read_csv, ldap_search or uri, or the dictionary that getent makes of passwd, "
                f"and not a dictionary with the keys {', '.join(key_text(name, 30) for name in list(source)[:5])}"
            )
        return []
    if isinstance(source, str) or not isinstance(source, Sequence):
        raise Invalid("must be a list of dictionaries (for the text of a CSV file use community.general.from_csv)")
    wrong = [str(number) for number, row in enumerate(source, start=1) if not isinstance(row, Mapping)]
    if wrong:
        more = f" and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise Invalid(f"must be a list of dictionaries, and entry {', '.join(wrong[:10])}{more} is none")
    return list(source)


class Columns:
    """Where the attributes of rows are, whatever case, byte order mark, white space or quotes their names have there."""

    def __init__(self, rows: Sequence[Mapping[Any, Any]]) -> None:
        keys: dict[str, None] = {}
        self.is_table = bool(rows) and "dn" not in rows[0]
        first = rows[0].keys() if rows else ()
        for number, row in enumerate(rows):
            if number and row.keys() == first:
                continue  # as in every row of a CSV file
            self.is_table = self.is_table and not number
            keys.update(dict.fromkeys(key for key in row if isinstance(key, str)))
        self._spellings: dict[str, list[str]] = {}
        for key in keys:
            self._spellings.setdefault(_bare(key), []).append(key)

    def reader(self, path: str) -> Callable[[Mapping[Any, Any]], Any]:
        """Row -> the attribute, None where the row has none. A path with dots leads into dictionaries and lists: ``emails.0.value``."""
        keys = self._spellings.get(_bare(path), ())
        if not keys and "." in path:
            return lambda row: _inside(row, path)
        if len(keys) == 1:
            (only,) = keys
            return lambda row: row.get(only)
        return lambda row: next((row[key] for key in keys if key in row), None)

    def missing(self, path: str) -> str | None:
        """Why no row can have this attribute, if so."""
        if _bare(path) in self._spellings or _bare(path.partition(".")[0]) in self._spellings:
            return None
        names = [_clean(key) for keys in self._spellings.values() for key in keys[:1]]
        if len(names) == 1 and any(sign in names[0] for sign in ";\t|,"):
            return f"the only column is '{key_text(names[0], 100)}': give the delimiter of the CSV file"
        return f"no entry has an attribute '{key_text(path)}'{nearest(path, names)}"


def _inside(row: Mapping[Any, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        if isinstance(value, Mapping):
            names = {_bare(key): key for key in value if isinstance(key, str)}
            value = value.get(names.get(_bare(part), part))
        elif isinstance(value, Sequence) and not isinstance(value, str) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def texts(value: Any) -> Iterator[str]:
    """What is not blank in an attribute: one value, or as often in LDAP a list of them."""
    if value is None:
        return
    if isinstance(value, str):  # nearly all are
        if value.strip():
            yield value
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif not isinstance(value, Mapping):
        text = str(value)
        if text.strip():
            yield text


def _bare(name: str) -> str:
    return _clean(name).casefold()


def _clean(name: str) -> str:
    name = name.strip().removeprefix(_BOM).strip()
    # Behind a byte order mark the reader of CSV files takes quotes for text.
    return name[1:-1].strip() if len(name) > 1 and name[0] == name[-1] == '"' else name


def _is_passwd(entry: Any) -> bool:
    return isinstance(entry, Sequence) and not isinstance(entry, str) and len(entry) == len(_PASSWD)


def _passwd_row(name: Any, entry: Sequence[Any]) -> dict[str, Any] | None:
    """None: an account that is no person's."""
    row = {"name": name, **dict(zip(_PASSWD, entry))}
    del row["password"]
    uid = str(row["uid"])
    if uid.isdecimal() and (int(uid) < _FIRST_UID or int(uid) == _NOBODY):
        return None
    # GECOS: full name, room, telephone; & is the log-in name.
    full_name = str(row["gecos"] or "").partition(",")[0].replace("&", str(name).capitalize()).strip()
    return {**row, "display_name": full_name}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users out of rows that use other names: ``users_from``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from . import given
from .errors import Invalid, Problems, key_text, nearest, quoted
from .people import Columns, rows_of, texts
from .user import read_leavers, valid_users

_TEXTS = ("name", "email", "display_name", "first_name", "last_name", "password", "default_profile", "state")
_KEYS = (*_TEXTS, "profiles", "variables", "host", "disabled", "enabled")
_PART = re.compile(r"\{([^{}]+)\}")
_YES, _NO = ("true", "yes", "y", "on", "1", "t"), ("false", "no", "n", "off", "0", "f")
_SEPARATORS = re.compile(r"[,;\s]+")
_ACCOUNTDISABLE = 0x2  # of userAccountControl, Active Directory

Row = Mapping[Any, Any]
Read = Callable[[Row], Any]


class UserMap:
    """Which attributes of the rows are what of a user. ``Invalid`` for a map that cannot be meant."""

    def __init__(self, data: Mapping[Any, Any], rows: Sequence[Row]) -> None:
        self._columns = Columns(rows)
        self.unseen: list[str] = []  # what no entry of a source has in which entries differ, as in LDAP: it may be blank in all, or misspelled
        data = given.given(data) or {key: key for key in (*_TEXTS, "profiles") if self._columns.missing(key) is None}
        problems = Problems(f"map: there is no key '{key_text(key)}'{nearest(key, _KEYS)}" for key in data if key not in _KEYS)
        if "name" not in data:
            problems.append("map: name is required: the attribute with the log-in name")
        self._rows = rows
        self._fields: dict[str, Read] = {}
        for key in _TEXTS:
            if key in data:
                with problems.at(f"map.{key}"):
                    self._fields[key] = self._text(data[key], is_required=key == "name", keeps_space=key == "password")
        self._profiles = self._hosts = self._off = None
        self._variables: dict[str, Read] = {}
        with problems.at("map.profiles"):
            self._profiles = self._all(data["profiles"]) if "profiles" in data else None
        with problems.at("map.host"):
            self._hosts = self._all(data["host"], is_required=True) if "host" in data else None
        for name, value in given.mapping(data.get("variables") or {}).items():
            with problems.at(f"map.variables.{key_text(name)}"):
                self._variables[str(name)] = self._text(value)
        with problems.at("map"):
            self._off = self._disabled(data)
        if problems:
            raise Invalid(*problems)

    @property
    def has_hosts(self) -> bool:
        return self._hosts is not None

    def hosts(self, row: Row) -> list[str]:
        """One text may name several, separated by commas, semicolons or white space."""
        found = self._hosts(row) if self._hosts else []
        if len(found) == 1 and not _SEPARATORS.search(found[0]):
            return found
        return list(dict.fromkeys(host for text in found for host in _SEPARATORS.split(text) if host))

    def user(self, row: Row) -> dict[str, Any]:
        """The user, without what is blank; {} for a row of which nothing is known. Invalid when it is not clear whether the user is disabled."""
        user = {key: value for key, read in self._fields.items() if (value := read(row))}
        profiles = [name for text in (self._profiles(row) if self._profiles else ()) for name in given.text_list(text)]
        if profiles:
            user["profiles"] = profiles
        variables = {name: value for name, read in self._variables.items() if (value := read(row))}
        if variables:
            user["variables"] = variables
        if user and self._off is not None and self._off(row):
            user["state"] = "absent"
        return user

    def _reader(self, path: Any, is_required: bool = False, is_only: bool = True) -> Read:
        if not isinstance(path, str) or not path.strip():
            raise Invalid("must be the name of an attribute, a text with names in braces, or a list of them")
        reason = self._columns.missing(path)
        if reason and self._rows and (is_required or self._columns.is_table):
            raise Invalid(reason)
        if reason and self._rows and is_only:
            self.unseen.append(reason)
        return self._columns.reader(path)

    def _text(self, value: Any, is_required: bool = False, keeps_space: bool = False, is_only: bool = True) -> Read:
        """The first of several that gives a text."""
        if isinstance(value, (list, tuple)):
            reads = [self._text(each, False, keeps_space, is_only=len(value) == 1) for each in value]
            return lambda row: next((text for read in reads if (text := read(row))), "")
        if isinstance(value, str) and _PART.search(value):
            parts = {path: self._text(path, is_required, is_only=is_only) for path in _PART.findall(value)}
            return lambda row: _filled(value, {path: part(row) for path, part in parts.items()})
        read = self._reader(value, is_required, is_only)
        if keeps_space:
            return lambda row: next(texts(read(row)), "")
        return lambda row: next(texts(read(row)), "").strip()

    def _all(self, value: Any, is_required: bool = False) -> Callable[[Row], list[str]]:
        if isinstance(value, str) and _PART.search(value):
            filled = self._text(value, is_required)
            return lambda row: [text] if (text := filled(row)) else []
        read = self._reader(value, is_required)
        return lambda row: [text.strip() for text in texts(read(row))]

    def _disabled(self, data: Mapping[Any, Any]) -> Read | None:
        if "disabled" in data and "enabled" in data:
            raise Invalid("disabled and enabled: give one of them")
        key = next((key for key in ("disabled", "enabled") if key in data), None)
        if key is None:
            return None
        value = data[key]
        if isinstance(value, Mapping):
            if len(value) != 1:
                raise Invalid(f"{key}: must have one attribute, with the values that mean it")
            ((name, wanted),) = value.items()
            read = self._reader(name)
            meant = {text.strip().casefold() for text in texts(wanted)}
            return lambda row: _is_meant(texts(read(row)), meant, key == "disabled")
        read = self._reader(value)
        return lambda row: _is_yes(next(texts(read(row)), ""), value, key == "disabled")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Empty when one of its attributes is."""
    return _PART.sub(lambda match: values[match.group(1)], text) if all(values.values()) else ""


def _is_meant(values: Iterable[str], meant: set[str], is_disabled: bool) -> bool:
    """Whether the user is disabled. Blank says nothing."""
    found = [text.strip().casefold() in meant for text in values]
    return bool(found) and any(found) == is_disabled


def _is_yes(text: str, path: str, is_disabled: bool) -> bool:
    """Whether the user is disabled. Blank says nothing."""
    word = text.strip().casefold()
    if not word:
        return False
    if path.casefold() == "useraccountcontrol" and word.isdecimal():
        return bool(int(word) & _ACCOUNTDISABLE)
    if word not in _YES and word not in _NO:
        raise Invalid(f"{path}: {quoted(text)} is neither yes nor no: say in the map which values mean it, such as {{{path}: [{key_text(text, 30)}]}}")
    return (word in _YES) == is_disabled


def users_from(
    source: Any, user_map: Any, host: str | None, keep_invalid: bool, clean: Callable[[Row], Row] = dict, warn: Callable[[str], None] = lambda _text: None
) -> Any:
    """The users of a source; with a ``host`` those of this one, and with hosts in the map and no ``host`` a dictionary of the users of each.

    MailopsError names every row with a mistake, unless those in values are left for ``mail_account`` to find (``keep_invalid``). ``clean`` makes plain
    values of a row: of the host's only, because this takes longer than to find them. ``warn`` gets a sentence for what may be misspelled in the map.
    """
    rows = rows_of(source)
    mapped = UserMap(given.mapping(user_map or {}), rows)
    if host is not None and not mapped.has_hosts:
        raise Invalid("host: the map has no host, which says where a user's host is named")
    for reason in dict.fromkeys(mapped.unseen):
        warn(f"map: {reason}: is it misspelled, or blank for everybody?")
    found: dict[str, list[dict[str, Any]]] = {}
    rows_of_users: dict[tuple[str, str], int] = {}
    problems = Problems()
    for number, row in enumerate(rows, start=1):
        hosts: Iterable[str] = mapped.hosts(row) if mapped.has_hosts else [""]
        if host is not None:
            hosts = [host] if host in hosts else []
        if not hosts:
            continue
        user: dict[str, Any] = {}
        with problems.at(f"entry {number}"):
            user = mapped.user(clean(row))
        if not user:
            continue
        user = _leaver(user) if user.get("state") == "absent" else user
        where = f"entry {number}" + (f" ({quoted(user['name'])})" if user.get("name") else "")
        if not keep_invalid:
            _check(user, where, problems)
        for each in hosts:
            first = rows_of_users.setdefault((each, user.get("name", "")), number)
            if first != number and "name" in user:
                problems.append(f"{where}: is the user of entry {first} again" + (f", for host {quoted(each)}" if each else ""))
            found.setdefault(each, []).append(user)
    problems.raise_all()
    if mapped.has_hosts and host is None:
        return found
    return found.get(host or "", [])


def _leaver(user: Mapping[str, Any]) -> dict[str, Any]:
    """What a leaver needs: the name, and what a ``dest`` may be made of, as far as it is valid."""
    kept = {key: value for key, value in user.items() if key not in ("password", "profiles", "default_profile", "variables")}
    wrong = [key for key in kept if key not in ("name", "state") and valid_users([{"name": "x", key: kept[key]}])[1]]
    return {key: value for key, value in kept.items() if key not in wrong}


def _check(user: Mapping[str, Any], where: str, problems: Problems) -> None:
    if "name" not in user:
        problems.append(f"{where}: has no log-in name")
        return
    if user.get("state") == "absent":
        with problems.at(where):
            read_leavers([dict(user)])
        return
    _users, invalid = valid_users([dict(user)])
    start = f"user '{str(user['name'])[:60]}': "
    problems.extend(f"{where}: {problem.removeprefix(start)}" for each in invalid for problem in each.problems)

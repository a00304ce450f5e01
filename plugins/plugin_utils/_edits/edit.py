# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One edit of a profile: from the options and what the store holds to the record before and after.

Pure, except for new ids and for sealing passwords.
"""

from __future__ import annotations

import uuid
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from .._model import variables
from .._model.errors import Invalid, MailopsError, Problems, comma_list, named, nearest, quoted
from .._model.given import choice, text_list
from .._model.names import profile_name
from .._model.passwords import SERVERS
from .._model.profile import FIELDS, FOLDERS, SERVER_FIELDS, derived_key
from .._model.profile_reader import MAPPINGS, given_fields, read_profile
from .._model.stored import Changes, Snapshot, Stored
from .._secrets.keys import StoreKey
from .._secrets.sealing import Sealer

STATES = ("present", "absent")
COMMANDS = ("state", "clear", "copy_from", "renamed_from")
_NESTED = {**SERVER_FIELDS, "folders": FOLDERS}
_REQUIRED = ("name", "incoming", "outgoing", "incoming.host", "outgoing.host")
_CLEARABLE = tuple(
    name
    for name in (*FIELDS, *(f"{field}.{key}" for field, keys in _NESTED.items() for key in keys))
    if name not in (*_REQUIRED, "key")
)


class Edit(NamedTuple):
    """One profile before and after; None where there is none. ``before == after`` when nothing is to be done."""

    before: Stored | None
    after: Stored | None
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        known = self.before if self.after is None else self.after
        return "" if known is None else known.name

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def action(self) -> str:
        if not self.changed:
            return "unchanged"
        if self.before is None:
            return "created"
        if self.after is None:
            return "removed"
        return "updated" if self.before.name == self.after.name else "renamed"


def changes(edits: Iterable[Edit]) -> Changes:
    """What a store has to write for these edits."""
    changed = [edit for edit in edits if edit.changed]
    return Changes(
        put=tuple(edit.after for edit in changed if edit.after is not None),
        remove=tuple(edit.before.id for edit in changed if edit.before is not None and edit.after is None),
    )


def random_id() -> str:
    return str(uuid.uuid4())


def edit_profile(
    options: Mapping[str, Any], snapshot: Snapshot, key: StoreKey | None = None, new_id: Callable[[], str] = random_id
) -> Edit:
    """What ``options`` of mail_profile make of the profile that they name."""
    request = given_fields(options)
    if "name" not in request:
        raise MailopsError("name: is required")
    name = name_option(request["name"], "name")
    where = f"profile '{name}'"
    with named(f"{where}: state", MailopsError):
        state = choice(request.get("state", "present"), STATES)
    if state == "absent":
        commands = [command for command in COMMANDS[1:] if command in request]
        if commands:
            raise MailopsError(f"{where}: {comma_list(commands)}: means nothing with state: absent; leave it out")
        return Edit(snapshot.get(name), None)
    given = {field: value for field, value in request.items() if field not in COMMANDS}
    before, base = _origin(name, request, given, snapshot)
    problems = Problems()
    if not base and not _can_create(given) and nearest(name, snapshot):
        problems.append(f"does not exist{nearest(name, snapshot)}; to create it, give incoming.host and outgoing.host")
    data = _merged(base.data if base else {}, given)
    data["key"] = given.get("key") or (before.key if before else derived_key(name, {record.key for record in snapshot.values()}))
    owner = next((record for record in snapshot.values() if record.key == data["key"]), None)
    problems += key_problems(data["key"], before, owner)
    for path in _clear_list(request, where):
        _clear(data, path, given, problems)
    data, warnings = validated(data, where, problems, key)
    profile_id = before.id if before else new_id()
    with named(where, MailopsError):
        Sealer(key, snapshot).edited(data, profile_id, before, base, given)
    return Edit(before, next_record(before, profile_id, data), warnings)


def key_problems(key: Any, before: Stored | None, owner: Stored | None) -> list[str]:
    """Why a profile cannot have this key: another profile is its ``owner``, or the profile has a key already."""
    if owner is not None and (before is None or owner.id != before.id):
        return [f"key: '{key}' is the key of profile '{owner.name}'; give another one, or leave it out"]
    if before is not None and before.key != key:
        return [
            f"key: is '{before.key}' and never changes, because accounts on hosts are called so; leave it out, "
            "or create another profile with copy_from and remove this one"
        ]
    return []


def name_option(value: Any, option: str) -> str:
    """The profile name in an option, or MailopsError."""
    place = f"profile {quoted(value)}: " if option == "name" and isinstance(value, str) else ""
    with named(f"{place}{option}", MailopsError):
        return profile_name(value)


def _origin(
    name: str, request: Mapping[str, Any], given: Mapping[str, Any], snapshot: Snapshot
) -> tuple[Stored | None, Stored | None]:
    """The record that is edited, if there is one, and the record that the edit starts from."""
    where = f"profile '{name}'"
    known = snapshot.get(name)
    sources = {option: name_option(request[option], option) for option in ("copy_from", "renamed_from") if option in request}
    if not sources:
        return known, known
    if len(sources) == 2:
        raise MailopsError(f"{where}: copy_from and renamed_from: give one of them")
    ((option, source),) = sources.items()
    if source == name:
        raise MailopsError(f"{where}: {option}: names the profile itself; give another one")
    other = snapshot.get(source)
    if option == "copy_from":
        if not known and not other:
            raise MailopsError(f"{where}: copy_from: there is no profile '{source}'{nearest(source, snapshot)}")
        return known, known or other
    if known and other:
        raise MailopsError(f"{where}: renamed_from: '{source}' and '{name}' both exist; remove one of them first")
    if not known and not other and not _can_create(given):
        raise MailopsError(
            f"{where}: neither it nor '{source}' (renamed_from) exists{nearest(source, snapshot)}; "
            "to create it, give incoming.host and outgoing.host"
        )
    return known or other, known or other


def _can_create(given: Mapping[str, Any]) -> bool:
    # What is not even a mapping goes on to the validator, which has the better message.
    servers = [given.get(side) for side in SERVERS]
    return all(server is not None and (not isinstance(server, dict) or "host" in server) for server in servers)


def _merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the given fields on top, mappings key by key."""
    data = {**base, **given}
    for name in MAPPINGS:
        if isinstance(given.get(name), dict):
            data[name] = {**(base.get(name) or {}), **given[name]}
    return data


def _clear_list(request: Mapping[str, Any], where: str) -> list[str]:
    try:
        return text_list(request.get("clear", []))
    except Invalid:
        raise MailopsError(f"{where}: clear: must be a list of field names, such as [reply_to, incoming.password]") from None


def _clear(data: dict[str, Any], path: str, given: Mapping[str, Any], problems: list[str]) -> None:
    """Unset one field in ``data``; the validator fills in its default."""
    field, dot, key = path.partition(".")
    variable = field == "variables" and variables.NAME.match(key)
    if path in _REQUIRED:
        problems.append(f"clear: {path}: is required and cannot be cleared; give its new value instead")
    elif path == "key":
        problems.append("clear: key: never changes and cannot be cleared; leave it out")
    elif path not in _CLEARABLE and not variable:
        problems.append(f"clear: {path[:60]}: there is no such field{nearest(path, _CLEARABLE)}")
    elif _is_given(given, field, key if dot else None):
        problems.append(f"clear: {path}: is given and cleared at once; do one of them")
    elif not dot:
        data.pop(field, None)
    elif isinstance(data.get(field), dict):
        data[field] = {name: value for name, value in data[field].items() if name != key}


def _is_given(given: Mapping[str, Any], field: str, key: str | None) -> bool:
    value = given.get(field)
    if key is None or not isinstance(value, dict):
        return value is not None
    return key in value


def validated(
    data: Mapping[str, Any], where: str, problems: Iterable[str], key: StoreKey | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The complete data and its warnings, or MailopsError with ``problems``, which were found before, and its own."""
    found = Problems(f"{where}: {problem}" for problem in problems)
    with found.at(where):
        profile = read_profile(data, where, literals=key is not None)
    found.raise_all()
    return profile.as_data(), profile.warnings


def next_record(before: Stored | None, profile_id: str, data: Mapping[str, Any], revision: int = 1) -> Stored:
    """The record for ``data``: the one before when nothing differs. ``revision`` is the first one of a new record."""
    if before is None:
        return Stored(profile_id, data["name"], revision, data)
    if before.data == data:
        return before
    return Stored(profile_id, data["name"], before.revision + 1, data)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an edit of a profile does: the request and what the store has in, the record before and after out.

Pure, but for new ids and for sealing passwords.
"""

from __future__ import annotations

import uuid
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values, variables
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, comma_list, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import SERVERS, is_literal
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import FIELDS, FOLDERS, SERVER_FIELDS
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import complete
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Snapshot, Stored
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import Sealer

STATES = ("present", "absent")
COMMANDS = ("state", "clear", "copy_from", "renamed_from")
_NESTED = {"incoming": SERVER_FIELDS, "outgoing": SERVER_FIELDS, "folders": FOLDERS}
_REQUIRED = ("name", "incoming", "outgoing", "incoming.host", "outgoing.host")
_CLEARABLE = tuple(
    name for name in (*FIELDS, *(f"{field}.{key}" for field, keys in _NESTED.items() for key in keys)) if name not in _REQUIRED
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
    """What ``options`` of mail_profile (None means not given) make of the profile that they name."""
    request = {key: value for key, value in options.items() if value is not None}
    name = _target(request)
    where = f"profile '{name}'"
    if request.get("state", "present") not in STATES:
        raise MailopsError(f"{where}: state: must be one of {', '.join(STATES)}")
    if request.get("state") == "absent":
        commands = [command for command in COMMANDS[1:] if command in request]
        if commands:
            raise MailopsError(f"{where}: {comma_list(commands)}: means nothing with state: absent; leave it out")
        return Edit(snapshot.get(name), None)
    given = {key: value for key, value in request.items() if key not in COMMANDS}
    before, base = _origin(name, request, given, snapshot)
    problems: list[str] = []
    if not base and not _can_create(given) and nearest(name, snapshot):
        problems.append(f"does not exist{nearest(name, snapshot)}; to create it, give incoming.host and outgoing.host")
    data = _merged(base.data if base else {}, given)
    for path in _clear_list(request, where):
        _clear(data, path, given, problems)
    data, warnings = validated(data, where, problems, key)
    profile_id = before.id if before else new_id()
    try:
        Sealer(key, snapshot).edited(data, profile_id, before, base, given)
    except Invalid as exc:
        raise MailopsError(f"{where}: {exc}") from exc
    return Edit(before, next_record(before, profile_id, data), warnings)


def names_needed(options: Mapping[str, Any]) -> list[str] | None:
    """The profiles that ``edit_profile`` has to know. None: all, for a hint in case that a name is misspelt, or the store's salt."""
    sources = options.get("copy_from") is not None or options.get("renamed_from") is not None
    servers = [options.get(side) for side in SERVERS]
    seals = any(isinstance(server, dict) and is_literal(server.get("password")) for server in servers)
    complete = options.get("state") == "absent" or (not sources and not seals and _can_create(options))
    return [options["name"]] if complete and values.is_profile_name(options.get("name")) else None


def _target(request: Mapping[str, Any]) -> str:
    if "name" not in request:
        raise MailopsError("name: is required")
    return profile_name(request["name"], "name")


def profile_name(value: Any, option: str) -> str:
    """A profile name that an option gives, or MailopsError."""
    try:
        return values.profile_name(value)
    except Invalid as exc:
        place = f"profile '{value[:values.MAX_NAME]}': " if option == "name" and isinstance(value, str) else ""
        raise MailopsError(f"{place}{option}: {exc}") from exc


def _origin(
    name: str, request: Mapping[str, Any], given: Mapping[str, Any], snapshot: Snapshot
) -> tuple[Stored | None, Stored | None]:
    """The record that is edited, if there is one, and the record that the edit starts from."""
    where = f"profile '{name}'"
    before = snapshot.get(name)
    sources = {option: profile_name(request[option], option) for option in ("copy_from", "renamed_from") if option in request}
    if len(sources) == 2:
        raise MailopsError(f"{where}: copy_from and renamed_from: give one of them")
    for option, source in sources.items():
        if source == name:
            raise MailopsError(f"{where}: {option}: names the profile itself; give another one")
    if "renamed_from" in sources:
        before = _renamed(before, snapshot.get(sources["renamed_from"]), where, sources["renamed_from"], given, snapshot)
    elif "copy_from" in sources and before is None:
        source = snapshot.get(sources["copy_from"])
        if source is None:
            raise MailopsError(
                f"{where}: copy_from: there is no profile '{sources['copy_from']}'{nearest(sources['copy_from'], snapshot)}"
            )
        return None, source
    return before, before


def _renamed(
    new: Stored | None, old: Stored | None, where: str, old_name: str, given: Mapping[str, Any], snapshot: Snapshot
) -> Stored | None:
    if new and old:
        raise MailopsError(f"{where}: renamed_from: '{old_name}' and '{new.name}' both exist; remove one of them first")
    if not new and not old and not _can_create(given):
        raise MailopsError(
            f"{where}: neither it nor '{old_name}' (renamed_from) exists{nearest(old_name, snapshot)}; "
            "to create it, give incoming.host and outgoing.host"
        )
    return new or old


def _can_create(given: Mapping[str, Any]) -> bool:
    # What is not even a mapping goes on to the validator, which has the better message.
    servers = [given.get(side) for side in SERVERS]
    return all(server is not None and (not isinstance(server, dict) or server.get("host") is not None) for server in servers)


def _merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the given fields on top, nested ones key by key. A variable may be null: "must be given per user"."""
    data = dict(base)
    for key, value in given.items():
        if key in (*_NESTED, "variables") and isinstance(value, dict):
            keep = {name: item for name, item in value.items() if item is not None or key == "variables"}
            value = {**(data.get(key) or {}), **keep}
        data[key] = value
    return data


def _clear_list(request: Mapping[str, Any], where: str) -> list[str]:
    paths = request.get("clear", [])
    if isinstance(paths, str):
        paths = [path.strip() for path in paths.split(",") if path.strip()]
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise MailopsError(f"{where}: clear: must be a list of field names, such as [reply_to, incoming.password]")
    return paths


def _clear(data: dict[str, Any], path: str, given: Mapping[str, Any], problems: list[str]) -> None:
    """Unset one field in ``data``; the validator fills in its default."""
    field, dot, key = path.partition(".")
    variable = field == "variables" and variables.NAME.match(key)
    if path in _REQUIRED:
        problems.append(f"clear: {path}: is required and cannot be cleared; give its new value instead")
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
    return key in value and (value[key] is not None or field == "variables")


def validated(
    data: Mapping[str, Any], where: str, problems: list[str], key: StoreKey | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The complete data and its warnings, or MailopsError with its problems behind those that were found before."""
    found = [f"{where}: {problem}" for problem in problems]
    try:
        result = complete(data, where, literals=key is not None)
    except MailopsError as exc:
        raise MailopsError(*found, *exc.problems) from exc
    if found:
        raise MailopsError(*found)
    return result


def next_record(before: Stored | None, profile_id: str, data: Mapping[str, Any], revision: int = 1) -> Stored:
    """The record for ``data``: the one before when nothing differs. ``revision`` is the first one of a new record."""
    if before is None:
        return Stored(profile_id, data["name"], revision, data)
    if before.data == data:
        return before
    return Stored(profile_id, data["name"], before.revision + 1, data)

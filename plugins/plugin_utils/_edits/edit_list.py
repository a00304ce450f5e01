# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What edits of all profiles do: a whole list and what the store has in, the records before and after out.

Pure, but for new ids and for sealing passwords.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import Edit, next_record, random_id, validated
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Snapshot
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import Sealer, resealed


class _Entry(NamedTuple):
    """One profile of the list. Id and revision stand there when it comes from another store."""

    data: dict[str, Any]
    warnings: tuple[str, ...]
    id: str | None
    revision: int | None

    @property
    def name(self) -> str:
        return self.data["name"]


def replace_all(
    profiles: Any,
    snapshot: Snapshot,
    purge: Any = False,
    allow_empty: Any = False,
    key: StoreKey | None = None,
    new_id: Callable[[], str] = random_id,
) -> list[Edit]:
    """The edits, by name, that make the listed profiles exactly what is listed; ``purge`` removes all others.

    A profile is found by its ``id`` where one is given that the store has (so it may be renamed), else by its name.
    """
    purge, allow_empty = _flag("purge", purge), _flag("allow_empty", allow_empty)
    if not isinstance(profiles, list):
        raise MailopsError("profiles: must be a list of profiles, each with name, incoming.host and outgoing.host")
    if purge and not profiles and not allow_empty:
        raise MailopsError(
            "profiles: is empty, and with purge: true that removes every profile; set allow_empty: true if that is meant"
        )
    problems: list[str] = []
    entries = [_read_entry(number, entry, problems, key) for number, entry in enumerate(profiles, start=1)]
    known = [entry for entry in entries if entry is not None]
    _refuse_twice([entry.name for entry in known], "is listed twice; leave one", problems)
    _refuse_twice([entry.id for entry in known if entry.id], "stands in two profiles; an id belongs to one", problems)
    if problems:
        raise MailopsError(*problems)
    edits = _matched(known, snapshot, key, new_id, purge)
    if purge:
        kept = {edit.before.id for edit in edits if edit.before}
        edits += [Edit(record, None) for record in snapshot.values() if record.id not in kept]
    _refuse_taken(edits, snapshot)
    return sorted(edits, key=lambda edit: edit.name)


def _flag(option: str, value: Any) -> bool:
    try:
        return value is not None and values.boolean(value)
    except Invalid as exc:
        raise MailopsError(f"{option}: {exc}") from exc


def _read_entry(number: int, entry: Any, problems: list[str], key: StoreKey | None) -> _Entry | None:
    if not isinstance(entry, dict):
        problems.append(f"profiles, entry {number}: must be a mapping with name, incoming.host and outgoing.host")
        return None
    name = entry.get("name")
    where = f"profile '{name[:values.MAX_NAME]}'" if isinstance(name, str) and name else f"profiles, entry {number}"
    record: dict[str, Any] = {}
    found = []
    for field, check in (("id", values.identifier), ("revision", values.revision)):
        given = entry.get(field)
        try:
            record[field] = None if given is None else check(given)
        except Invalid as exc:
            found.append(f"{field}: {exc}")
    try:
        return _Entry(*validated(entry, where, found, key), **record)
    except MailopsError as exc:
        problems.extend(exc.problems)
        return None


def _refuse_twice(names: list[str], problem: str, problems: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            problems.append(f"'{name}' {problem}")
        seen.add(name)


def _matched(
    entries: list[_Entry], snapshot: Snapshot, key: StoreKey | None, new_id: Callable[[], str], purge: bool
) -> list[Edit]:
    """An edit a profile. An id that the store does not have is kept for a new profile, and means nothing for a known one."""
    by_id = {record.id: record for record in snapshot.values()}
    known = [by_id.get(entry.id) or snapshot.get(entry.name) for entry in entries]
    # Passwords of profiles that are about to go bind nobody to their key.
    sealer = Sealer(key, {record.name: record for record in known if record} if purge else snapshot)
    problems: list[str] = []
    edits = []
    for (data, warnings, given_id, revision), before in zip(entries, known):
        profile_id = before.id if before else given_id or new_id()
        try:
            sealer.listed(data, profile_id, before, given_id)
        except Invalid as exc:
            problems.append(f"profile '{data['name']}': {exc}")
            continue
        first_revision = revision if given_id and revision else 1
        edits.append(Edit(before, next_record(before, profile_id, data, first_revision), warnings))
    if problems:
        raise MailopsError(*problems)
    return edits


def _refuse_taken(edits: list[Edit], snapshot: Snapshot) -> None:
    """No two edits of one record, and no new name that another record keeps."""
    problems: list[str] = []
    owners: dict[str, str] = {}
    for edit in edits:
        if edit.before is None:
            continue
        other = owners.setdefault(edit.before.id, edit.name)
        if other != edit.name:
            problems.append(f"profiles '{other}' and '{edit.name}': the id of one is the stored id of the other; leave the id out")
    for edit in edits:
        if edit.before is None or edit.before.name == edit.name:
            continue
        holder = snapshot.get(edit.name)
        # A holder with an edit of its own gives the name up: no name is listed twice.
        if holder is not None and holder.id not in owners:
            problems.append(
                f"profile '{edit.name}': its id is that of '{edit.before.name}', and another profile has the name already; "
                "leave the id out, or list the other one too"
            )
    if problems:
        raise MailopsError(*problems)


def change_key(snapshot: Snapshot, key: StoreKey | None, new_key: StoreKey) -> list[Edit]:
    """The edits that encrypt every stored password with another key."""
    if key is None:
        raise MailopsError("store_key_new: needs the key that passwords are encrypted with now, in store_key")
    return [Edit(before, after) for before, after in resealed(snapshot, key, new_key)]

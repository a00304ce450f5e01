# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of many profiles: from a whole list and what the store holds to the records before and after.

Pure, except for new ids and for sealing passwords.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple

from .._model import values
from .._model.errors import Invalid, MailopsError, Problems, named, quoted
from .._model.given import is_blank, mapping_list
from .._model.profile import derived_key
from .._model.stored import Snapshot, record_fields
from .._secrets.keys import StoreKey
from .._secrets.sealing import Sealer, resealed
from .edit import Edit, key_problems, next_record, random_id, validated


class _Entry(NamedTuple):
    """One profile of the list. It has an id and a revision when it comes from another store."""

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

    A profile of the store is found by its id, else by its key, else by its name; by the first two it may be renamed.
    """
    purge, allow_empty = _flag("purge", purge), _flag("allow_empty", allow_empty)
    listed = _listed(profiles)
    if purge and not listed and not allow_empty:
        raise MailopsError(
            "profiles: is empty, and with purge: true that removes every profile; set allow_empty: true if that is meant"
        )
    problems = Problems()
    entries = [_read_entry(number, entry, problems, key) for number, entry in enumerate(listed, start=1)]
    # In a fixed order, so that derived keys do not depend on that of the list.
    known = sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.name)
    problems += _duplicates(known)
    problems.raise_all()
    edits = _matched(known, snapshot, key, new_id, purge)
    if purge:
        kept = {edit.before.id for edit in edits if edit.before}
        edits += [Edit(record, None) for record in snapshot.values() if record.id not in kept]
    _refuse_taken(edits, snapshot)
    return sorted(edits, key=lambda edit: edit.name)


def _flag(option: str, value: Any) -> bool:
    with named(option, MailopsError):
        return not is_blank(value) and values.boolean(value)


def _listed(profiles: Any) -> list[Any]:
    try:
        if not is_blank(profiles):
            return mapping_list(profiles)
    except Invalid as exc:
        problem = str(exc)
    else:
        problem = "is required"
    raise MailopsError(f"profiles: {problem}; give a list of profiles, each with name, incoming.host and outgoing.host")


def _read_entry(number: int, entry: Any, problems: Problems, key: StoreKey | None) -> _Entry | None:
    if not isinstance(entry, dict):
        problems.append(f"profiles, entry {number}: must be a mapping with name, incoming.host and outgoing.host")
        return None
    name = entry.get("name")
    where = f"profile {quoted(name)}" if isinstance(name, str) and name.strip() else f"profiles, entry {number}"
    found = Problems()
    profile_id, revision = record_fields(entry, found)
    with problems.at(where):
        return _Entry(*validated(entry, where, found, key), profile_id, revision)
    return None


def _duplicates(entries: Iterable[_Entry]) -> list[str]:
    problems: list[str] = []
    for what in ("name", "id", "key"):
        seen: dict[str, str] = {}
        for entry in entries:
            value = entry.id if what == "id" else entry.data[what]
            if value is None:
                continue
            if value not in seen:
                seen[value] = entry.name
            elif what == "name":
                problems.append(f"'{value}' is listed twice; leave one")
            else:
                problems.append(f"profiles '{seen[value]}' and '{entry.name}': have the same {what} '{value}'; change or remove one of them")
    return problems


def _matched(entries: list[_Entry], snapshot: Snapshot, key: StoreKey | None, new_id: Callable[[], str], purge: bool) -> list[Edit]:
    """An edit for each entry. An id that the store does not have is kept for a new profile, and ignored for a known one."""
    by_id = {record.id: record for record in snapshot.values()}
    by_key = {record.key: record for record in snapshot.values()}
    found = [by_id.get(entry.id) or by_key.get(entry.data["key"]) or snapshot.get(entry.name) for entry in entries]
    # Profiles that are about to go keep no key, and their passwords do not decide about the salt.
    stays = {record.name: record for record in found if record} if purge else snapshot
    taken = {record.key for record in stays.values()} | {entry.data["key"] for entry in entries}
    sealer = Sealer(key, stays)
    problems = Problems()
    edits = []
    for (data, warnings, given_id, revision), before in zip(entries, found):
        data["key"] = data["key"] or (before.key if before else derived_key(data["name"], taken))
        taken.add(data["key"])
        profile_id = before.id if before else given_id or new_id()
        where = f"profile '{data['name']}'"
        owner = by_key.get(data["key"]) if before else None
        problems += [f"{where}: {problem}" for problem in key_problems(data["key"], before, owner)]
        with problems.at(where):
            sealer.listed(data, profile_id, before, given_id)
            first_revision = revision if given_id and revision else 1
            edits.append(Edit(before, next_record(before, profile_id, data, first_revision), warnings))
    problems.raise_all()
    return edits


def _refuse_taken(edits: list[Edit], snapshot: Snapshot) -> None:
    """No two edits of one record, and no new name that another record keeps."""
    problems = Problems()
    owners: dict[str, str] = {}
    for edit in edits:
        if edit.before is None:
            continue
        other = owners.setdefault(edit.before.id, edit.name)
        if other != edit.name:
            problems.append(
                f"profiles '{other}' and '{edit.name}': both are the stored profile '{edit.before.name}', by id, key or name; "
                "leave the id and the key of one of them out, or list one of them"
            )
    for edit in edits:
        if edit.before is None or edit.before.name == edit.name:
            continue
        holder = snapshot.get(edit.name)
        # A holder with an edit of its own gets another name, because no name is listed twice.
        if holder is not None and holder.id not in owners:
            problems.append(
                f"profile '{edit.name}': its id or key is that of '{edit.before.name}', and another profile has the name already; "
                "leave id and key out, or list the other one too"
            )
    problems.raise_all()


def change_key(snapshot: Snapshot, key: StoreKey | None, new_key: StoreKey) -> list[Edit]:
    """The edits that encrypt every stored password with another key."""
    if key is None:
        raise MailopsError("store_key_new: needs the key that passwords are encrypted with now, in store_key")
    return [Edit(before, after) for before, after in resealed(snapshot, key, new_key)]

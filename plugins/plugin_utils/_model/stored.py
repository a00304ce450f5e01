# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store holds, and what is written to it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple

from . import values
from .errors import Problems
from .given import is_blank


class Stored(NamedTuple):
    """A profile as the store has it. ``data`` is complete (``Profile.as_data``), name and key included, and is never changed in place."""

    id: str
    name: str
    revision: int
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        return self.data["key"]


Snapshot = Mapping[str, Stored]


def record_fields(data: Mapping[str, Any], problems: Problems) -> tuple[str | None, int | None]:
    """The id and the revision beside a profile's fields; None for one that is not given."""
    found: dict[str, Any] = {}
    for name, check in (("id", values.identifier), ("revision", values.revision)):
        if not is_blank(data.get(name)):
            with problems.at(name):
                found[name] = check(data[name])
    return found.get("id"), found.get("revision")


@dataclass(frozen=True)
class Changes:
    """What to write. ``put`` adds records or replaces those with the same id, under any name; ``remove`` holds ids."""

    put: tuple[Stored, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.remove)


def applied(snapshot: Snapshot, changes: Changes) -> dict[str, Stored]:
    """What there is after the changes, by id."""
    found = {record.id: record for record in snapshot.values()}
    for removed in changes.remove:
        found.pop(removed, None)
    found.update((record.id, record) for record in changes.put)
    return found

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs recorded in a home: of this instance and, because they share files and directories, of the others."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import (
    Before,
    Manifest,
    is_record,
    is_temp,
    manifest_path,
)
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import Refused
from ansible_collections.mailops.profiles.plugins.module_utils._writer._tree import Tree

_MOST_INSTANCES = 50
_MOST_BYTES = 2 << 20  # of all together: they are the user's to fill


class Other(NamedTuple):
    """What matters of another instance's record. ``before``: of each of its files, what stood there before our first one."""

    before: Dict[str, Optional[Before]]
    directories: Tuple[str, ...]
    backups: Set[str]


class Records(NamedTuple):
    """``stored``: the bytes of this instance's record, None when there is none; ``valid`` False: they are not what we wrote, and
    count for nothing. ``others``: instance -> its record."""

    own: Manifest
    stored: Optional[bytes]
    valid: bool
    others: Dict[str, Other]


def read_records(tree: Tree, instance: str) -> Records:
    path = manifest_path(tree.state, instance)
    # A way that leads out of the home is refused, and so is a link to a file, which would be overwritten without a backup.
    if not tree.missing_directories(path) and tree.real(path) != f"{tree.real(tree.state)}/{path.rpartition('/')[2]}":
        raise Refused(tree.absolute(path), "is a symbolic link: remove it")
    others = _read_others(tree, path)
    try:
        content = tree.read(path)
    except Refused:
        if tree.is_directory(path):
            raise  # anything else is replaced, this cannot be
        return Records(Manifest(), b"", False, others)
    if content is None:
        return Records(Manifest(), None, True, others)
    try:
        own = Manifest.from_bytes(content.data)
    except ValueError:
        return Records(Manifest(), content.data, False, others)
    if content.mode & 0o077:
        return Records(own, b"", False, others)  # written again, with the mode that it should have
    return Records(own, content.data, True, others)


def _read_others(tree: Tree, own: str) -> Dict[str, Other]:
    """The records of other instances, as far as they can be read: what is wrong with one, its own runs say."""
    names = [name for name in tree.names(tree.state) if is_record(name)]
    others = {}
    size = 0
    for name in names[:_MOST_INSTANCES]:
        path = f"{tree.state}/{name}"
        try:
            content = tree.read(path) if path != own else None
            size += len(content.data) if content else 0
            if content is not None and size <= _MOST_BYTES:
                other = Manifest.from_bytes(content.data)
                before = {entry.path: entry.before for entry in other.entries.values()}
                others[name[: -len(".json")]] = Other(before, other.directories, other.backups)
        except (Refused, ValueError):
            pass
    return others


def directories(tree: Tree, records: Records, paths: Sequence[str]) -> Tuple[str, ...]:
    """The directories that go with the last file of ``paths``: those that have to be made for them, and those that were."""
    made = {name for path in paths for name in tree.missing_directories(path)}
    # Another instance may leave before this one, and its record of what it made goes with it.
    theirs = {name for other in records.others.values() for name in other.directories}
    made |= {name for name in theirs if any(path.startswith(f"{name}/") for path in paths)}
    if records.stored is None and not records.others:
        made.update(_left_by_a_crash(tree))
    return tuple(sorted({*records.own.directories, *made}))


def _left_by_a_crash(tree: Tree) -> List[str]:
    """Directories that a run made which died before it could record them: there is nothing else in them."""
    found: List[str] = []
    if tree.missing_directories(f"{tree.state}/x"):
        return found  # nobody else makes that one: without it the others are the user's
    parts = tree.backups.split("/")
    for count in range(len(parts), 0, -1):
        directory = "/".join(parts[:count])
        names = set(tree.names(directory)) - set(parts[count : count + 1])
        if not all(is_temp(name) for name in names):
            break
        found.append(directory)
    return [directory for directory in found if not tree.missing_directories(f"{directory}/x")]

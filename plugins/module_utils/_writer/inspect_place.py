# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found in one place: the files that its manifest names, each compared with what was written. Reads only.

A file counts as edited or missing where the next run of the same job would report it as drifted, and restore it.
"""

from __future__ import annotations

from typing import List, Mapping, Optional

from .._wire import DEPLOYED, EDITED, FOREIGN, MISSING, OWNED, UNREADABLE, Found, FoundFile, Result
from .block import Block
from .errors import UnsafePath, display_text, perhaps_not_mounted, unexpected
from .identity import Switch
from .manifest import Entry, Manifest
from .open_place import OpenPlace, Task, another_home
from .plan import Settings, digest
from .records import own_directories, read_others, read_own
from .tree import Tree
from .trust import Trust

_MAX_REASONS = 20  # of one place: each may be as long as a path of the user's


def inspect_place(task: Task, place: OpenPlace, settings: Settings, switch: Switch) -> Result:
    """UnsafePath when nothing can be known about the place."""
    state = place.state
    if task.identity is not None and not place.inode:
        raise UnsafePath(task.display, f"does not exist; {perhaps_not_mounted('create the home directory')}")
    with switch.to(state.tree.identity):
        others = read_others(state)
        own, stored = read_own(state)
    is_same = task.identity is None or task.inode == place.inode
    if task.inode and not is_same and stored is None:
        raise another_home(task)
    is_listed = task.inode is not None
    believed, is_all, warnings = Trust(settings.patterns, task.known, own_directories(state)).believed(own)
    files = []
    if stored is None and is_listed and is_same:
        files.append(FoundFile(state.tree.absolute(state.manifest), "", MISSING))
    elif stored == b"" or (is_listed and not is_all):
        files.append(FoundFile(state.tree.absolute(state.manifest), "", EDITED))
    with switch.to(place.tree.identity):
        files += _Inspection(place.tree, Block(settings.instance), others).files(own, believed)
    if any(entry.pending for entry in believed.entries.values()):
        warnings.append("has files of a run that did not end: run again")
    warnings = [f"{state.tree.absolute(state.manifest)} {warning}" for warning in warnings]
    return Result(
        task.name,
        display_text(task.display),
        warnings=tuple(warnings),
        recorded=stored is not None,
        inode=place.inode,
        found=Found(own.accounts, tuple(files)),
    )


class _Inspection:
    def __init__(self, tree: Tree, block: Block, others: Mapping[str, Manifest]) -> None:
        self._tree = tree
        self._block = block
        self._others = others
        self._reasons = 0

    def files(self, manifest: Manifest, believed: Manifest) -> List[FoundFile]:
        found = []
        for path, entry in sorted(manifest.entries.items()):
            if path in believed.entries:
                found.append(self._file(believed.entries[path]))
            elif not entry.pending:  # a run that failed before it wrote the file has left a pending entry
                reason = self._reason(f"{self._tree.absolute(path)} is named by the manifest, and is no file that was written here")
                found.append(FoundFile(self._tree.absolute(path), entry.producer, FOREIGN, reason=reason))
        return found

    def _file(self, entry: Entry) -> FoundFile:
        where, real = self._tree.absolute(entry.path), ""
        try:
            real = self._tree.real_path(entry.path)
            state = self._state(entry)
        except (UnsafePath, OSError) as exc:
            return FoundFile(where, entry.producer, UNREADABLE, real, self._reason(str(unexpected(where, exc))))
        reason = ""
        if state == FOREIGN:
            reason = self._reason(f"{where} is written by instance {self._owner(entry)} as well: one of the two must leave {entry.producer} out")
        return FoundFile(where, entry.producer, state, real, reason)

    def _state(self, entry: Entry) -> str:
        current = self._tree.read(entry.path)
        if entry.strategy == OWNED:
            present = None if current is None else current.data
        else:
            present = self._block.split(b"" if current is None else current.data, self._tree.absolute(entry.path)).body
        if current is None or present is None:
            return MISSING
        if self._owner(entry) is not None:
            return FOREIGN
        is_other_mode = current.mode != entry.mode if entry.strategy == OWNED else current.mode & ~entry.widest
        return EDITED if digest(present) not in entry.sha256 or is_other_mode else DEPLOYED

    def _owner(self, entry: Entry) -> Optional[str]:
        """Another instance that has written this whole file."""
        if entry.strategy != OWNED:
            return None
        return next((name for name, other in sorted(self._others.items()) if entry.path in other.entries), None)

    def _reason(self, text: str) -> str:
        self._reasons += 1
        return text if self._reasons <= _MAX_REASONS else ""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans what goes: files and blocks that are not wanted any more, and temporary files of a run that died."""

from __future__ import annotations

import fnmatch
from typing import List, Mapping, Set

from .._wire import BLOCK
from .backups import backup_name
from .block import Block
from .content import Content
from .errors import UnsafePath
from .manifest import OUR_DIRECTORY, Before, Entry
from .plan import CUT, RESTORE, UNLINK, Plan, Settings, Step, digest
from .state import State
from .tree import Tree


class Removal:
    def __init__(self, tree: Tree, state: State, settings: Settings, block: Block, plan: Plan) -> None:
        self._tree = tree
        self._state = state
        self._settings = settings
        self._block = block
        self._plan = plan
        self._ours = (OUR_DIRECTORY, f"{state.directory}/") if state.inside else (OUR_DIRECTORY,)

    def temporary_files(self) -> List[str]:
        found = []
        for entry in self._plan.old.entries.values():
            if entry.temp is not None and self._may_produce(entry):
                # It was made where the links of the user led to.
                path = "/".join([*self._tree.real(entry.path).split("/")[:-1], entry.temp])
                if self._tree.removable(path):
                    found.append(path)
        return found

    def plan(self, entries: Mapping[str, Entry]) -> None:
        """``entries``: those of the wanted files."""
        # The user's links may give one file two names.
        stay = {self._tree.real(path) for path in entries}
        go = {path: entry for path, entry in self._plan.old.entries.items() if path not in entries}
        for entry in go.values():
            if not self._may_produce(entry):
                self._plan.is_manifest_drifted = True
            elif self._tree.real(entry.path) not in stay:
                current = self._tree.read(entry.path)
                if current is not None:
                    self._cut(entry, current) if entry.strategy == BLOCK else self._unlink(entry, current)
        known = stay | {self._tree.real(path) for path in go if self._may_produce(go[path])}
        self._cut_unrecorded_blocks(known)

    def _may_produce(self, entry: Entry) -> bool:
        """The user could have edited the manifest: only paths that a producer may write are removed because of it."""
        patterns = self._settings.patterns.get(entry.producer, ())
        ours = f"{entry.path}/".startswith(self._ours)
        return any(
            # An administrator's own templates may write to any other path, and only the manifest knows to which.
            (pattern == "**" and not ours) or (entry.path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(entry.path, pattern))
            for pattern in patterns
        )

    def _cut_unrecorded_blocks(self, known: Set[str]) -> None:
        """Blocks of ours that are in no manifest, because the manifest was lost. ``known``: files that were looked at."""
        producers = {path: producer for producer, paths in self._settings.patterns.items() for path in paths if "*" not in path}
        for path in sorted(producers):
            try:
                real = self._tree.real(path)
                current = None if real in known else self._tree.read(path)
            except UnsafePath:
                continue  # we wrote nothing there
            if current is not None:
                known.add(real)
                self._cut(Entry(path, producers[path], BLOCK, 0o600, (), before=Before(0o600)), current)

    def _cut(self, entry: Entry, current: Content) -> None:
        where = self._tree.absolute(entry.path)
        parts = self._block.split(current.data, where)
        if parts.body is None:
            return
        foreign = self._is_foreign(entry, parts.body)
        rest = self._block.cut(parts, newline=entry.before is None or entry.before.newline)
        kind = UNLINK if entry.before is None and not rest else CUT
        backup = current.data if foreign else None
        step = Step(kind, entry.path, entry.producer, rest, current.mode, current, backup, True, entry.tag)
        self._plan.add(step, entry, parts.body, "")

    def _unlink(self, entry: Entry, current: Content) -> None:
        if entry.pending and entry.before and entry.before.backup == backup_name(entry.path, current.data):
            if digest(current.data) not in entry.sha256:
                return  # the user's own file: the run that was to replace it died before
        backup = current.data if self._is_foreign(entry, current.data) else None
        original = self._plan.records.originals.get(entry.before.backup or "") if entry.before else None
        if entry.before is None or original is None:
            step = Step(UNLINK, entry.path, entry.producer, current=current, backup=backup, old_tag=entry.tag)
        else:
            step = Step(RESTORE, entry.path, entry.producer, original, entry.before.mode, current, backup, old_tag=entry.tag)
        self._plan.add(step, entry, current.data, "")

    def _is_foreign(self, entry: Entry, data: bytes) -> bool:
        foreign = digest(data) not in entry.sha256
        if foreign:
            self._plan.drifted[entry.path] = entry.producer
        return foreign

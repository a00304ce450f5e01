# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans what goes: files and blocks that are not wanted any more, and temporary files of a run that died."""

from __future__ import annotations

import fnmatch
from typing import Iterator, List, Mapping, Set, Tuple

from .._wire import BLOCK, OWNED
from .backups import backup_name
from .block import Block
from .content import Content
from .errors import UnsafePath
from .manifest import OUR_DIRECTORY, Before, Entry
from .plan import CUT, RESTORE, UNLINK, Plan, Settings, Step, digest
from .state import State
from .tree import Tree
from .trust import is_pattern_of_ours, producer_of


class Removal:
    def __init__(self, tree: Tree, state: State, settings: Settings, block: Block, plan: Plan) -> None:
        self._tree = tree
        self._state = state
        self._settings = settings
        self._block = block
        self._plan = plan

    def temporary_files(self) -> List[str]:
        found = []
        for entry in self._plan.old.entries.values():
            if entry.temp is not None:
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
            if self._tree.real(entry.path) not in stay:
                current = self._tree.read(entry.path)
                if current is not None:
                    self._cut(entry, current) if entry.strategy == BLOCK else self._unlink(entry, current)
        known = stay | {self._tree.real(path) for path in go}
        self._cut_unrecorded_blocks(known)
        if self._plan.records.is_lost:
            self._remove_unrecorded(known)

    def _cut_unrecorded_blocks(self, known: Set[str]) -> None:
        """Blocks of ours that are in no manifest, because the manifest was lost. ``known``: files that were looked at."""
        producers = {
            path: producer
            for producer, patterns in self._settings.patterns.items()
            for path, strategy in (patterns or {}).items()
            if strategy == BLOCK and "*" not in path
        }
        for path in sorted(producers):
            try:
                real = self._tree.real(path)
                current = None if real in known else self._tree.read(path)
            except UnsafePath:
                continue  # we wrote nothing there
            if current is not None:
                known.add(real)
                self._cut(Entry(path, producers[path], BLOCK, 0o600, (), before=Before(0o600)), current)

    def _remove_unrecorded(self, known: Set[str]) -> None:
        """What has a name that only we use, or is on root's list, and is in no manifest. ``known``: files that were looked at."""
        known |= {self._tree.real(path) for manifest in self._plan.records.others.values() for path in manifest.entries}
        for path, producer, strategy in self._unrecorded():
            try:
                current = None if path in known else self._tree.read(path)
            except UnsafePath:
                continue  # we wrote no such thing
            if current is not None:
                known.add(path)
                entry = Entry(path, producer, strategy, 0o600, ())
                self._cut(entry, current) if strategy == BLOCK else self._unlink(entry, current)

    def _unrecorded(self) -> Iterator[Tuple[str, str, str]]:
        """Real path, producer and strategy of what may be there."""
        for producer, patterns in self._settings.patterns.items():
            for pattern, strategy in (patterns or {}).items():
                # A marker in a mailbox does no harm, and a user may have any number of mailboxes.
                if pattern.startswith(OUR_DIRECTORY) or (is_pattern_of_ours(pattern) and "*" not in pattern.split("/")[:-1]):
                    yield from ((path, producer, strategy) for path in self._matching(pattern))
        for listed in self._plan.records.listed:
            for path in self._matching(listed):
                yield path, producer_of(listed, self._settings.patterns), OWNED

    def _matching(self, pattern: str) -> List[str]:
        """The real paths of what matches. What is itself a link is none of ours."""
        found = [""]
        try:
            for part in pattern.split("/"):
                above = [directory for directory in found if not directory or self._tree.is_directory(directory[:-1])]
                if "*" in part:
                    found = [f"{each}{name}/" for each in above for name in self._tree.names(each[:-1]) if fnmatch.fnmatchcase(name, part)]
                else:
                    found = [f"{each}{part}/" for each in above]
            paths = [path[:-1].rpartition("/") for path in found]
            # Where the directory really is, and so where what lies in it is unless it is a link itself.
            real = [
                (f"{self._tree.real(directory)}/{name}" if directory else name, self._tree.real(f"{directory}{slash}{name}"))
                for directory, slash, name in paths
            ]
        except UnsafePath:
            return []
        return [path for expected, path in real if path == expected]

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

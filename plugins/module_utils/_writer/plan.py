# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The difference between what a place should have and what the disk holds, as steps that a commit takes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._text import printable
from .._wire import CREATED, MASK, REMOVED, UPDATED, Change, Diff, Drift, Result
from .content import Content
from .errors import display_text
from .manifest import Entry, Manifest
from .records import Records
from .state import State
from .tree import Tree
from .trust import Patterns

if TYPE_CHECKING:
    from .dest import Dest
    from .identity import Switch
    from .open_place import OpenPlace, Task

# Kinds of steps. TAG: only the manifest changes. CUT: a block goes, the user's lines stay. RESTORE: the user's own file comes back.
CREATE, UPDATE, TAG, UNLINK, CUT, RESTORE = "create", "update", "tag", "unlink", "cut", "restore"
_ACTIONS = {CREATE: CREATED, UPDATE: UPDATED, TAG: UPDATED, UNLINK: REMOVED, CUT: REMOVED, RESTORE: REMOVED}


class Settings(NamedTuple):
    """What is the same for all places of a run. ``patterns``: producer -> every path that it may produce -> strategy. ``label``: path -> SELinux
    context, where there is SELinux. ``residue``: (path with a ``/*/``, regular expression) of what programs have to forget. ``dest``: not
    None if one of the places is no home. ``deadline``: seconds for one place. ``others``: directories that are no homes and that are served, by
    this run or an earlier one, and what is displayed of them. ``inspect``: nothing is planned, but this is called for each place with its task, and
    gives the result."""

    instance: str
    patterns: Patterns
    mode: int = 0o600
    diff: bool = False
    label: Optional[Callable[[str], str]] = None
    residue: Sequence[Tuple[str, str]] = ()
    dest: Optional[Dest] = None
    check: bool = False
    deadline: float = 20
    others: Mapping[str, str] = {}
    inspect: Optional[Callable[[Task, OpenPlace, Settings, Switch], Result]] = None


class Step(NamedTuple):
    """One change of one file. ``backup``: a copy to keep, of content that is not ours. ``is_users``: the file was there before us, and
    keeps its group and attributes."""

    kind: str
    path: str
    producer: str
    data: bytes = b""
    mode: int = 0
    current: Optional[Content] = None
    backup: Optional[bytes] = None
    is_users: bool = False
    old_tag: str = ""
    diff: Optional[Diff] = None

    @property
    def writes(self) -> bool:
        return self.kind not in (TAG, UNLINK)

    def with_diff(self, where: str, old: Optional[Entry], ours: Optional[bytes], redacted: str) -> Step:
        """The diff is made of redacted texts only, never of what the file holds. ``ours``: the content of ours that is there now.
        ``redacted``: the new content."""
        if ours is None:
            before = ""
        elif old is not None and digest(ours) in old.sha256 and (old.redacted or not ours):
            before = printable(old.redacted, lines=True)  # from a manifest, which the user can edit
        else:
            before = f"(content not shown, {len(ours)} bytes)\n"  # it may hold the user's own passwords
        headers = [where, where]
        current = self.current
        if current is not None and self.writes and current.mode != self.mode:
            headers = [f"{where} (mode {mode:04o})" for mode in (current.mode, self.mode)]
            if current.data == self.data:
                before, redacted = f"mode {current.mode:04o}\n", f"mode {self.mode:04o}\n"
        if redacted and redacted == before:  # the difference is in what is masked: says so at the mask
            redacted = redacted.replace(MASK, f"{MASK} (changed)") if MASK in redacted else f"{redacted}(changed)\n"
        return self._replace(diff=Diff(before, redacted, *headers))


class Plan:
    """``manifest``: what will be recorded in the end. ``residue``: temporary files of a run that died. ``drifted``: path ->
    producer. ``notes``: those of variants. ``repair``: only the manifest is not what it should be. ``relabels``: only the accounts in it
    have other names, or are those of another profile with the same files; it is written anew, which changes nothing that a program reads.
    ``warnings``: sentences."""

    def __init__(self, tree: Tree, records: Records, with_diffs: bool) -> None:
        self._tree = tree
        self.records = records
        self._with_diffs = with_diffs
        self.manifest = Manifest()
        self.steps: List[Step] = []
        self.residue: List[str] = []
        self.drifted: Dict[str, str] = {}
        self.is_manifest_drifted = False
        self.notes: List[Tuple[str, str]] = []
        self.unchanged = 0
        self.repair = self.relabels = False
        self.warnings: List[str] = []

    @property
    def old(self) -> Manifest:
        return self.records.own

    @property
    def changed(self) -> bool:
        return bool(self.steps or self.residue or self.records.residue or self.repair or self.relabels)

    def add(self, step: Step, old: Optional[Entry], ours: Optional[bytes], redacted: str) -> None:
        """A step that changes a file; the rest is for its diff."""
        if self._with_diffs:
            where, real = self._tree.absolute(step.path), self._tree.real_path(step.path)
            step = step.with_diff(f"{where} (in {real})" if real else where, old, ours, redacted)
        self.steps.append(step)

    def result(self, name: str, state: State) -> Result:
        """Works with the ids of the place's owner."""
        tree = self._tree
        changes = [
            Change(tree.absolute(step.path), step.producer, _ACTIONS[step.kind], step.diff, step.old_tag, tree.real_path(step.path))
            for step in self.steps
        ]
        changes += [Change(tree.absolute(path), "", REMOVED) for path in self.residue]
        changes += [Change(state.tree.absolute(path), "", REMOVED) for path in self.records.residue]
        if self.repair:
            changes.append(Change(state.tree.absolute(state.manifest), "", UPDATED if self.manifest.entries else REMOVED))
        drifted = [Drift(state.tree.absolute(state.manifest), "")] if self.is_manifest_drifted else []
        drifted += [Drift(tree.absolute(path), producer, tree.real_path(path)) for path, producer in self.drifted.items()]
        return Result(name, display_text(tree.display), tuple(changes), tuple(drifted), self.unchanged, tuple(self.notes), tuple(self.warnings))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

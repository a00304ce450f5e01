# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans one place. Reads only; works with the ids of the place's owner."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Dict, List, Optional, Sequence, Tuple

from .._wire import BLOCK, OWNED, AccountLabel, File, Remark, Variant
from .backups import backup_name
from .block import Block, ends_with_block, last, only_blocks
from .content import MAX_SIZE, Content
from .errors import UnsafePath
from .manifest import MAX_ENTRIES, OUR_DIRECTORY, Before, Entry, Manifest
from .plan import CREATE, TAG, UPDATE, Plan, Settings, Step, digest
from .records import Records, directories
from .removal import Removal
from .state import State
from .tree import Tree
from .users_text import UsersText
from .work_trees import WorkTrees


def plan_place(
    tree: Tree, state: State, files: Sequence[File], settings: Settings, records: Records, accounts: Sequence[AccountLabel] = ()
) -> Plan:
    """UnsafePath when any of the files cannot be written: then none of them is touched."""
    return _Planner(tree, state, settings, records).plan(files, accounts)


def check_state(plan: Plan, state: State) -> None:
    """UnsafePath when the manifest or a backup could not be written. Works with the ids of the state's owner."""
    if plan.changed:
        state.tree.check_writable(state.manifest)
        for step in plan.steps:
            if step.backup is not None:
                path = f"{state.backups}/{backup_name(step.path, step.backup)}"
                state.tree.read(path)
                if state.inside:  # what the user wrote may hold passwords
                    WorkTrees(state.tree).check(path, is_copy=True)


# The whole file as it should be, None: not at all; what is there in place of our content; the variant that was chosen; remarks that apply.
_Choice = Tuple[Optional[bytes], Optional[bytes], Optional[Variant], Sequence[Remark]]


class _Planner:
    def __init__(self, tree: Tree, state: State, settings: Settings, records: Records) -> None:
        self._tree = tree
        self._state = state
        self._settings = settings
        self._records = records
        self._block = Block(settings.instance)
        self._work_trees = WorkTrees(tree)
        self._text = UsersText(tree, settings.instance, state.inside, self._work_trees)
        self._plan = Plan(tree, records, settings.diff)

    def plan(self, files: Sequence[File], accounts: Sequence[AccountLabel]) -> Plan:
        plan, records = self._plan, self._records
        if records.stored == b"":
            plan.is_manifest_drifted = True
        removal = Removal(self._tree, self._state, self._settings, self._block, plan)
        plan.residue = removal.temporary_files()
        entries: Dict[str, Entry] = {}
        has_block: Dict[str, bool] = {}  # of the producers with blocks, whether one is written
        for path, file in self._paths(files).items():
            if file.strategy == OWNED and not has_block.get(file.producer, True):
                continue  # it is for the blocks
            entry = self._plan_file(path, file)
            if entry is not None:
                entries[path] = entry
            if file.strategy == BLOCK:
                has_block[file.producer] = has_block.get(file.producer, False) or entry is not None
        if len(entries) > MAX_ENTRIES:
            raise UnsafePath(self._tree.display, f"would get {len(entries)} files, more than {MAX_ENTRIES}: use fewer")
        removal.plan(entries)
        plan.warnings += self._work_trees.warnings
        if entries:
            paths = (*entries, self._state.manifest) if self._state.inside else tuple(entries)
            plan.manifest = Manifest(entries, directories(self._tree, records, paths), accounts, records.is_place_made)
        if not plan.changed:
            # A lost or edited manifest is repaired even when all files are as they should be.
            plan.repair = (plan.manifest.to_bytes() if entries else None) != records.stored
            if plan.repair and plan.manifest.with_accounts(records.own.accounts).to_bytes() == records.stored:
                plan.repair, plan.relabels = False, True
        if plan.changed:
            for step in plan.steps:
                if step.kind != TAG:
                    self._tree.check_writable(step.path)
        return plan

    def _check_sole_instance(self, path: str, file: File) -> None:
        """Two instances cannot both own a whole file: each run would undo the other."""
        if file.strategy == BLOCK:
            return
        for instance, other in self._records.others.items():
            if path in other.entries and self._tree.exists(path):
                reason = f"is written by instance {instance}: one of the two must leave {file.producer} out"
                raise UnsafePath(self._tree.absolute(path), reason)

    def _paths(self, files: Sequence[File]) -> Dict[str, File]:
        """Where each file goes: two with one path and the same content are one."""
        paths: Dict[str, File] = {}
        used: Dict[str, File] = {}
        for file in files:
            path = next((other for other in file.alternatives if self._tree.exists(other)), file.path)
            known = used.setdefault(self._tree.real(path), file)
            if known is file:
                paths[path] = file
            elif (known.content, known.variants) != (file.content, file.variants):
                reason = f"is one file for {known.producer} and {file.producer}, which need two: replace the link by a file, or leave one out"
                raise UnsafePath(self._tree.absolute(path), reason)
        for path, file in used.items():
            above = path
            while "/" in above:
                above = above.rpartition("/")[0]
                if above in used:
                    reason = f"is a file of {used[above].producer} and a directory of {file.producer}: leave one out"
                    raise UnsafePath(self._tree.absolute(above), reason)
        return paths

    def _plan_file(self, path: str, file: File) -> Optional[Entry]:
        """None: the user's own text says that there must be no such file; what we wrote there before goes."""
        plan, where = self._plan, self._tree.absolute(path)
        current = self._tree.read(path)
        old = self._records.own.entries.get(path)
        known = {digest(each.content) for each in (file, *file.variants) if each.content is not None} | set(old.sha256 if old else ())
        data, present, variant, remarks = self._choose(path, file, current, old, known)
        chosen = variant or file
        notes = [*((variant.note,) if variant and variant.note else ()), *(remark.note for remark in remarks)]
        plan.notes += [(where, note) for note in dict.fromkeys(notes)]
        if data is None or chosen.content is None:
            return None
        self._check_sole_instance(path, file)
        if file.secret and self._state.inside:
            self._work_trees.check(path)
        foreign = present is not None and digest(present) not in known
        before = old.before if old is not None and present is not None else self._before(path, file, current)
        if len(data) > MAX_SIZE:
            raise UnsafePath(where, "would be larger than 1 MiB, and could not be read again: make it shorter")
        widest = self._widest(file, before)
        mode = self._mode(file, current, widest)
        pattern = variant.pattern if variant else ""
        hashes = (digest(chosen.content),)
        entry = Entry(path, file.producer, file.strategy, mode, hashes, chosen.redacted, file.tag, pattern, before, widest=widest)
        is_retagged = old is not None and old.tag != file.tag
        old_tag = old.tag if old is not None and is_retagged else ""
        same_data = current is not None and current.data == data
        if current is not None and same_data and current.mode == mode:
            if is_retagged:
                plan.steps.append(Step(TAG, path, file.producer, old_tag=old_tag))
            else:
                plan.unchanged += 1
            return entry
        if old is not None and not old.pending:
            other_mode = current is not None and same_data and current.mode != old.mode
            if present is None or foreign or other_mode:
                plan.drifted[path] = file.producer
        backup = current.data if foreign and current is not None else None
        if file.strategy == OWNED and old is None and before is not None and backup is not None:
            entry = entry._replace(before=before._replace(backup=backup_name(path, backup)))
        kind = CREATE if current is None else UPDATE
        is_users = file.strategy == BLOCK and current is not None
        step = Step(kind, path, file.producer, data, mode, current, backup, is_users, old_tag)
        plan.add(step, old, present, chosen.redacted)
        return entry

    def _choose(self, path: str, file: File, current: Optional[Content], old: Optional[Entry], known: set) -> _Choice:
        present = None if current is None else current.data
        if file.strategy == OWNED:
            if not file.reads:
                variant = self._variant_of_file(file, present, old, known)
                return (variant or file).content, present, variant, ()
            text = self._text.around(file, "", b"")
            variant = _matching(file, text)
            return (variant or file).content, present, variant, _remarks(file, text, (variant or file).content)
        parts = self._block.split(present or b"", self._tree.absolute(path))
        if file.last:
            parts = last(parts, file.last)
        variant, text = None, b""
        if file.variants or file.remarks:
            text = self._text.around(file, path, self._block.join(parts, b"", file.comment))
            variant = _matching(file, text, self._ours(file, parts.body))
        body = (variant or file).content
        data = None if body is None else self._block.join(parts, body, file.comment)
        return data, parts.body, variant, _remarks(file, text, body)

    def _ours(self, file: File, body: Optional[bytes]) -> bytes:
        """The block that is there. If it will move to another file, which the user has now, it is still in the earlier one."""
        if body is None and any(each.ours for each in file.variants):
            for place in (file.path, *file.alternatives):
                with suppress(UnsafePath):  # no file that we have written
                    content = self._tree.read(place)
                    body = self._block.split(content.data, place).body if content else None
                if body is not None:
                    break
        return body or b""

    @staticmethod
    def _variant_of_file(file: File, present: Optional[bytes], old: Optional[Entry], known: set) -> Optional[Variant]:
        """By the user's text, as long as it is there; then the variant that replaced it stays."""
        if present is None or digest(present) not in known:
            return _matching(file, present or b"")
        if old is not None:
            return next((variant for variant in file.variants if variant.pattern == old.variant), None)
        return next((variant for variant in file.variants if variant.content == present), None)

    def _mode(self, file: File, current: Optional[Content], widest: int) -> int:
        if file.strategy == OWNED or current is None:
            return self._settings.mode if file.mode is None else file.mode
        return current.mode & widest

    def _widest(self, file: File, before: Optional[Before]) -> int:
        """The user's own file keeps its mode, but others cannot read a secret in it; a file that is ours has the mode of the job."""
        if file.strategy == OWNED:
            return 0o777
        narrowest = self._settings.mode if before is None else 0o600
        return (narrowest if file.secret else 0o777) & (0o777 if file.mode is None else file.mode)

    def _before(self, path: str, file: File, current: Optional[Content]) -> Optional[Before]:
        if current is None or (file.strategy == OWNED and file.path.startswith(OUR_DIRECTORY)):
            return None
        for other in self._records.others.values():
            if path in other.entries:  # its block is in the file already, and it has recorded what was there before
                before = other.entries[path].before
                return before and before._replace(newline=before.newline if ends_with_block(current.data) else current.data.endswith(b"\n"))
        if file.strategy == BLOCK and only_blocks(current.data):
            return None
        return Before(current.mode, newline=not current.data or current.data.endswith(b"\n"))


def _matching(file: File, text: bytes, ours: bytes = b"") -> Optional[Variant]:
    return next((variant for variant in file.variants if _found(variant.pattern, text) and _found(variant.ours, ours)), None)


def _remarks(file: File, text: bytes, ours: Optional[bytes]) -> List[Remark]:
    return [each for each in file.remarks if ours is not None and _found(each.pattern, text) and _found(each.ours, ours)]


def _found(pattern: str, text: bytes) -> bool:
    return bool(re.search(pattern.encode(), text, re.MULTILINE))

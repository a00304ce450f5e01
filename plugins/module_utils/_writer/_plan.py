# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The difference between what one user should have and what the disk holds. Reads only; works with the user's ids."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._block import Block, ends_with_block, only_blocks
from ansible_collections.mailops.profiles.plugins.module_utils._writer._diff import diff, unseen
from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import (
    MOST_ENTRIES,
    OUR_DIRECTORY,
    Before,
    Entry,
    Manifest,
    is_temp,
    manifest_path,
)
from ansible_collections.mailops.profiles.plugins.module_utils._writer._records import Other, directories, read_records
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import Refused, printable
from ansible_collections.mailops.profiles.plugins.module_utils._writer._tree import MAX_SIZE, Content, Tree

_MOST_STALE = 500


class Wanted(NamedTuple):
    """One file of the payload; the fields are those of the controller's ``File``."""

    client: str
    path: str
    text: str
    strategy: str = "owned"
    comment: str = "#"
    alternatives: Sequence[str] = ()
    unless: Optional[str] = None
    text_if_matched: Optional[str] = None
    secret: bool = False
    shown: str = ""
    shown_if_matched: Optional[str] = None
    mode: Optional[int] = None


class Settings(NamedTuple):
    """What is the same for all users of a run. ``patterns``: client -> every path that it may produce. ``label``: path -> SELinux
    context, where there is SELinux. ``leftovers``: (path with a ``/*/``, regular expression) of what programs have to forget."""

    instance: str
    patterns: Mapping[str, Sequence[str]]
    mode: int = 0o600
    diff: bool = False
    label: Optional[Callable[[str], str]] = None
    leftovers: Sequence[Tuple[str, str]] = ()


class Step(NamedTuple):
    """One change of one file. ``data`` None: remove it. ``backup``: a copy to keep, of what is not ours. ``users_own``: the file
    was there before us, and keeps its group and attributes."""

    path: str
    client: str
    action: str
    data: Optional[bytes]
    mode: int
    current: Optional[Content]
    backup: Optional[bytes] = None
    users_own: bool = False
    diff: Optional[Dict[str, str]] = None


class Plan:
    """``manifest`` is what will be recorded in the end, ``old`` what is; ``others``: instance -> its record; ``stale``: temporary
    files of a run that died."""

    def __init__(self, old: Manifest, others: Mapping[str, Other], drifted: List[str]) -> None:
        self.old = old
        self.manifest = Manifest()
        self.others = others
        self.steps: List[Step] = []
        self.stale: List[str] = []
        self.drifted = drifted
        self.unchanged = 0
        self.repair = False

    @property
    def changed(self) -> bool:
        return bool(self.steps or self.stale or self.repair)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def backup_name(path: str, data: bytes) -> str:
    """The name says which path, and by its hash which content."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', path).strip('-')[:100]}-{digest(os.fsencode(path))[:8]}.{digest(data)[:32]}"


def plan_user(tree: Tree, wanted: Sequence[Wanted], settings: Settings) -> Plan:
    """Refused when something stands in the way of any of the user's files: then none of them is touched."""
    return _Planner(tree, settings).plan(wanted)


class _Planner:
    def __init__(self, tree: Tree, settings: Settings) -> None:
        self._tree = tree
        self._settings = settings
        self._block = Block(settings.instance)
        self._manifest_path = manifest_path(tree.state, settings.instance)

    def plan(self, wanted: Sequence[Wanted]) -> Plan:
        records = read_records(self._tree, self._settings.instance)
        plan = Plan(records.own, records.others, [] if records.valid else [self._manifest_path])
        self._find_stale(plan)
        entries: Dict[str, Entry] = {}
        for path, file in self._places(wanted).items():
            self._refuse_shared(plan, path, file)
            entries[path] = self._plan_file(plan, path, file)
        if len(entries) > MOST_ENTRIES:
            raise Refused(self._tree.base, f"would get {len(entries)} files, more than {MOST_ENTRIES}: give this user fewer profiles")
        self._plan_removals(plan, entries)
        if entries:
            plan.manifest = Manifest(entries, directories(self._tree, records, (*entries, self._manifest_path)))
        if not plan.steps and not plan.stale:
            # A lost or edited record is put right even when all files are as they should be.
            plan.repair = (plan.manifest.to_bytes() if entries else None) != records.stored
        if plan.changed:
            for path in (self._manifest_path, *(step.path for step in plan.steps)):
                self._tree.check_writable(path)
            for step in plan.steps:
                if step.backup is not None:
                    self._tree.read(f"{self._tree.backups}/{backup_name(step.path, step.backup)}")  # refused where no copy can be kept
        return plan

    def _refuse_shared(self, plan: Plan, path: str, file: Wanted) -> None:
        """A file that is one instance's as a whole cannot be another's, too: each run would undo the other."""
        if file.strategy != "owned":
            return
        for instance, record in plan.others.items():
            if path in record.before and self._tree.exists(path):
                raise Refused(self._tree.absolute(path), f"is written by instance {instance}: one of the two must leave {file.client} out")

    def _find_stale(self, plan: Plan) -> None:
        for entry in plan.old.entries.values():
            if entry.temp is None or not self._may_produce(entry):
                continue
            # It was made where the links of the user led to.
            path = "/".join([*self._tree.real(entry.path).split("/")[:-1], entry.temp])
            if self._tree.removable(path):
                plan.stale.append(path)
        for directory in (self._tree.state, self._tree.backups):
            paths = [f"{directory}/{name}" for name in self._tree.names(directory) if is_temp(name)]
            # The rest goes with the next runs: a user could make any number of them.
            plan.stale.extend(path for path in paths[:_MOST_STALE] if self._tree.removable(path))

    def _places(self, wanted: Sequence[Wanted]) -> Dict[str, Wanted]:
        """Where each file goes: two that come out at one place with the same text are one."""
        places: Dict[str, Wanted] = {}
        taken: Dict[str, Wanted] = {}
        for file in wanted:
            path = next((other for other in file.alternatives if self._tree.exists(other)), file.path)
            known = taken.setdefault(self._tree.real(path), file)
            if known is file:
                places[path] = file
            elif known.text != file.text:
                raise Refused(self._tree.absolute(path), f"is one file for {known.client} and {file.client}, which need two: remove the link")
        for place, file in taken.items():
            above = place
            while "/" in above:
                above = above.rpartition("/")[0]
                if above in taken:
                    raise Refused(self._tree.absolute(above), f"is a file of {taken[above].client} and a directory of {file.client}: leave one out")
        return places

    # --- one wanted file ---

    def _plan_file(self, plan: Plan, path: str, file: Wanted) -> Entry:
        current = self._tree.read(path)
        old = plan.old.entries.get(path)
        if file.strategy == "block":
            data, body, shown, ours = self._block_content(path, file, current)
        else:
            data = body = file.text.encode()
            shown, ours = file.shown, None if current is None else current.data
        known = {digest(body), *(old.sha256 if old else ())}
        foreign = ours is not None and digest(ours) not in known
        drifted = old is not None and not old.pending and (ours is None or foreign)
        before = old.before if old is not None and ours is not None else self._before(plan, path, file, current)
        if len(data) > MAX_SIZE:
            raise Refused(self._tree.absolute(path), "would be larger than 1 MiB, and could not be read again: make it shorter")
        mode = self._mode(file, current, before)
        entry = Entry(path, file.client, file.strategy, mode, (digest(body),), shown, before)
        if current is not None and current.data == data and current.mode == mode:
            plan.unchanged += 1
            return entry
        other_mode = current is not None and current.data == data and old is not None and current.mode != old.mode
        if drifted or (other_mode and not old.pending):
            plan.drifted.append(path)
        backup = current.data if foreign and current is not None else None
        if file.strategy == "owned" and before is not None and before.backup is None and backup is not None and old is None:
            entry = entry._replace(before=before._replace(backup=backup_name(path, backup)))
        action = "created" if current is None else "updated"
        users_own = file.strategy == "block" and current is not None
        step = Step(path, file.client, action, data, mode, current, backup, users_own=users_own)
        plan.steps.append(step._replace(diff=self._diff(step, old, ours, shown)))
        return entry

    def _block_content(self, path: str, file: Wanted, current: Optional[Content]) -> Tuple[bytes, bytes, str, Optional[bytes]]:
        """The whole file as it should be, the block in it, its text for diffs, and the block that is there now."""
        parts = self._split(path, b"" if current is None else current.data)
        text, shown = file.text, file.shown
        if file.unless and re.search(file.unless.encode(), parts.before + b"\n" + parts.after, re.MULTILINE):
            text, shown = file.text_if_matched or "", file.shown_if_matched or ""
        body = text.encode()
        return self._block.join(parts, body, file.comment), body, shown, parts.body

    def _split(self, path: str, data: bytes) -> Any:
        try:
            return self._block.split(data)
        except ValueError:
            reason = f"has marker lines of instance {self._settings.instance} that are not one BEGIN before one END"
            raise Refused(self._tree.absolute(path), f"{reason}: mend them or remove them all") from None

    def _mode(self, file: Wanted, current: Optional[Content], before: Optional[Before]) -> int:
        if file.strategy == "owned" or current is None:
            return self._settings.mode if file.mode is None else file.mode
        # The user's own file keeps its mode, but a secret never stands where others can read it, unless the file is ours.
        narrowest = self._settings.mode if before is None else 0o600
        return current.mode & (narrowest if file.secret else 0o777)

    @staticmethod
    def _before(plan: Plan, path: str, file: Wanted, current: Optional[Content]) -> Optional[Before]:
        if current is None or (file.strategy == "owned" and file.path.startswith(OUR_DIRECTORY)):
            return None
        for other in plan.others.values():
            if path in other.before:  # its block is in the file already, and it knows what was there before
                before = other.before[path]
                return before and before._replace(newline=before.newline if ends_with_block(current.data) else current.data.endswith(b"\n"))
        if file.strategy == "block" and only_blocks(current.data):
            return None
        return Before(current.mode, newline=not current.data or current.data.endswith(b"\n"))

    # --- what is no longer wanted ---

    def _plan_removals(self, plan: Plan, entries: Mapping[str, Entry]) -> None:
        # The user's links may give one file two names.
        places = {self._tree.real(path) for path in entries}
        candidates = {path: entry for path, entry in plan.old.entries.items() if path not in entries}
        for entry in candidates.values():
            if not self._may_produce(entry):
                plan.drifted.append(self._manifest_path)
            elif self._tree.real(entry.path) in places:
                continue
            elif entry.strategy == "block":
                self._plan_cut(plan, entry)
            else:
                self._plan_unlink(plan, entry)
        for path in self._lost_blocks(places | {self._tree.real(path) for path in candidates if self._may_produce(candidates[path])}):
            self._plan_cut(plan, Entry(path, "", "block", 0o600, (), before=Before(0o600)))

    def _may_produce(self, entry: Entry) -> bool:
        """The record could have been edited: only what a client of ours writes may be removed on its word."""
        patterns = self._settings.patterns.get(entry.client, ())
        ours = f"{entry.path}/".startswith((OUR_DIRECTORY, f"{self._tree.state}/"))
        return any(
            # An administrator's own templates may write anywhere else in the home, and only the record knows where they did.
            (pattern == "**" and not ours) or (entry.path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(entry.path, pattern))
            for pattern in patterns
        )

    def _lost_blocks(self, known: Set[str]) -> List[str]:
        """Places that hold a block of ours although no record says so, because the record was lost."""
        found: Dict[str, None] = {}
        for path in sorted({path for patterns in self._settings.patterns.values() for path in patterns if "*" not in path}):
            try:
                path = self._tree.real(path)
                current = None if path in known else self._tree.read(path)
            except Refused:
                continue  # nothing of ours that could be recognised, and nothing to be done there
            if current is not None and self._split(path, current.data).body is not None:
                found[path] = None
        return list(found)

    def _plan_cut(self, plan: Plan, entry: Entry) -> None:
        current = self._tree.read(entry.path)
        parts = None if current is None else self._split(entry.path, current.data)
        if current is None or parts is None or parts.body is None:
            return
        foreign = digest(parts.body) not in entry.sha256
        if foreign:
            plan.drifted.append(entry.path)
        rest = self._block.cut(parts, newline=entry.before is None or entry.before.newline)
        created_by_us = entry.before is None and not rest
        data, backup = None if created_by_us else rest, current.data if foreign else None
        step = Step(entry.path, entry.client, "removed", data, current.mode, current, backup, users_own=True)
        plan.steps.append(step._replace(diff=self._diff(step, entry, parts.body, "")))

    def _plan_unlink(self, plan: Plan, entry: Entry) -> None:
        current = self._tree.read(entry.path)
        if current is None:
            return
        foreign = digest(current.data) not in entry.sha256
        if foreign and entry.pending and entry.before and entry.before.backup == backup_name(entry.path, current.data):
            return  # the user's own file: the run that was to replace it died before
        if foreign:
            plan.drifted.append(entry.path)
        original = self._original(entry)
        mode = entry.before.mode if entry.before and original is not None else current.mode
        step = Step(entry.path, entry.client, "removed", original, mode, current, current.data if foreign else None)
        plan.steps.append(step._replace(diff=self._diff(step, entry, current.data, "")))

    def _original(self, entry: Entry) -> Optional[bytes]:
        """The user's own file that ours took the place of, from its backup."""
        if entry.before is None or entry.before.backup is None:
            return None
        content = self._tree.read(f"{self._tree.backups}/{entry.before.backup}")
        return None if content is None else content.data

    def _diff(self, step: Step, old: Optional[Entry], ours: Optional[bytes], shown: str) -> Optional[Dict[str, str]]:
        if not self._settings.diff:
            return None
        if ours is None:
            before = ""
        elif old is not None and digest(ours) in old.sha256 and (old.shown or not ours):
            before = "\n".join(map(printable, old.shown.split("\n")))
        else:
            before = unseen(ours)
        current = step.current
        modes = (current.mode, step.mode) if current is not None and step.data is not None and current.mode != step.mode else None
        return diff(self._tree.absolute(step.path), before, shown, modes, current is not None and current.data == step.data)

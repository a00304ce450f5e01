# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The difference between what one user should have and what the disk holds. Reads only; works with the user's ids."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._files._block import Block, only_blocks
from ansible_collections.mailops.profiles.plugins.module_utils._files._manifest import (
    BACKUPS,
    OUR_DIRECTORY,
    STATE_DIRECTORY,
    Before,
    Entry,
    Manifest,
    is_temp,
    manifest_path,
)
from ansible_collections.mailops.profiles.plugins.module_utils._files._refused import Refused
from ansible_collections.mailops.profiles.plugins.module_utils._files._tree import Content, Tree

_MASK = "********"


class Wanted(NamedTuple):
    """One file of the payload; the fields are those of the controller's ``File``."""

    client: str
    path: str
    text: str
    strategy: str = "owned"
    alternatives: Sequence[str] = ()
    unless: Optional[str] = None
    text_if_matched: Optional[str] = None
    secret: bool = False
    shown: str = ""
    shown_if_matched: Optional[str] = None


@dataclass(frozen=True)
class Settings:
    """What is the same for all users of a run. ``patterns``: client -> every path that it may produce. ``label``: path -> SELinux
    context, where there is SELinux."""

    instance: str
    patterns: Mapping[str, Sequence[str]]
    mode: int = 0o600
    diff: bool = False
    label: Optional[Callable[[str], str]] = None


@dataclass(frozen=True)
class Step:
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


@dataclass
class Plan:
    """``manifest`` is what will be recorded in the end, ``old`` what is; ``stale``: temporary files of a run that died."""

    old: Manifest
    manifest: Manifest = field(default_factory=Manifest)
    steps: List[Step] = field(default_factory=list)
    stale: List[str] = field(default_factory=list)
    drifted: List[str] = field(default_factory=list)
    unchanged: int = 0
    repair: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.steps or self.stale or self.repair)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def backup_name(path: str, data: bytes) -> str:
    """The name says which path, and by its hash which content."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', path).strip('-')[:100]}-{digest(path.encode())[:8]}.{digest(data)[:32]}"


def plan_user(tree: Tree, wanted: Sequence[Wanted], settings: Settings) -> Plan:
    """Refused when something stands in the way of any of the user's files: then none of them is touched."""
    return _Planner(tree, settings).plan(wanted)


class _Planner:
    def __init__(self, tree: Tree, settings: Settings) -> None:
        self._tree = tree
        self._settings = settings
        self._block = Block(settings.instance)
        self._manifest_path = manifest_path(settings.instance)

    def plan(self, wanted: Sequence[Wanted]) -> Plan:
        plan = Plan(old=Manifest())
        stored = self._read_manifest(plan)
        self._find_stale(plan)
        entries: Dict[str, Entry] = {}
        for path, file in self._places(wanted).items():
            entries[path] = self._plan_file(plan, path, file)
        self._plan_removals(plan, entries)
        if entries:
            made = [name for path in (*entries, self._manifest_path) for name in self._tree.missing_directories(path)]
            plan.manifest = Manifest(entries, tuple(sorted({*plan.old.directories, *made})))
        if not plan.steps and not plan.stale:
            # A lost or edited record is put right even when all files are as they should be.
            plan.repair = (plan.manifest.to_bytes() if entries else None) != stored
        return plan

    def _read_manifest(self, plan: Plan) -> Optional[bytes]:
        self._tree.locate(self._manifest_path)  # a way that leads out of the home is refused
        try:
            content = self._tree.read(self._manifest_path)
        except Refused:
            if self._tree.is_directory(self._manifest_path):
                raise  # anything else is replaced, this cannot be
            plan.drifted.append(self._manifest_path)
            return b""
        if content is None:
            return None
        try:
            plan.old = Manifest.from_bytes(content.data)
        except ValueError:
            plan.drifted.append(self._manifest_path)
        if content.mode & 0o077:
            plan.drifted.append(self._manifest_path)
            return b""
        return content.data

    def _find_stale(self, plan: Plan) -> None:
        for entry in plan.old.entries.values():
            if entry.temp is None or not self._may_produce(entry):
                continue
            # It was made where the links of the user led to.
            path = "/".join([*self._tree.real(entry.path).split("/")[:-1], entry.temp])
            if self._tree.exists(path):
                plan.stale.append(path)
        for directory in (STATE_DIRECTORY, BACKUPS):
            plan.stale.extend(f"{directory}/{name}" for name in self._tree.names(directory) if is_temp(name))

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
        mode = self._mode(file, current)
        known = {digest(body), *(old.sha256 if old else ())}
        foreign = ours is not None and digest(ours) not in known
        drifted = old is not None and not old.pending and (ours is None or foreign)
        before = old.before if old is not None and ours is not None else self._before(file, current)
        entry = Entry(path, file.client, file.strategy, mode, (digest(body),), shown, before)
        if current is not None and current.data == data and current.mode == mode:
            plan.unchanged += 1
            return entry
        if drifted or (old is not None and current is not None and current.data == data and current.mode != old.mode):
            plan.drifted.append(path)
        backup = current.data if foreign and current is not None else None
        if file.strategy == "owned" and before is not None and before.backup is None and backup is not None and old is None:
            entry = replace(entry, before=replace(before, backup=backup_name(path, backup)))
        action = "created" if current is None else "updated"
        users_own = file.strategy == "block" and current is not None
        step = Step(path, file.client, action, data, mode, current, backup, users_own=users_own)
        plan.steps.append(replace(step, diff=self._diff(step, old, ours, shown)))
        return entry

    def _block_content(self, path: str, file: Wanted, current: Optional[Content]) -> Tuple[bytes, bytes, str, Optional[bytes]]:
        """The whole file as it should be, the block in it, its text for diffs, and the block that is there now."""
        parts = self._split(path, b"" if current is None else current.data)
        text, shown = file.text, file.shown
        if file.unless and re.search(file.unless.encode(), parts.before + b"\n" + parts.after, re.MULTILINE):
            text, shown = file.text_if_matched or "", file.shown_if_matched or ""
        body = text.encode()
        return self._block.join(parts, body), body, shown, parts.body

    def _split(self, path: str, data: bytes) -> Any:
        try:
            return self._block.split(data)
        except ValueError:
            reason = f"has marker lines of instance {self._settings.instance} that are not one BEGIN before one END"
            raise Refused(self._tree.absolute(path), f"{reason}: mend them or remove them all") from None

    def _mode(self, file: Wanted, current: Optional[Content]) -> int:
        if file.strategy == "owned" or current is None:
            return self._settings.mode
        # The user's own file keeps its mode, but a secret never stands where others can read it.
        return current.mode & (0o600 if file.secret else 0o777)

    @staticmethod
    def _before(file: Wanted, current: Optional[Content]) -> Optional[Before]:
        if current is None or file.path.startswith(OUR_DIRECTORY) or (file.strategy == "block" and only_blocks(current.data)):
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
        return any(
            entry.path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(entry.path, pattern) for pattern in patterns
        )

    def _lost_blocks(self, known: Set[str]) -> List[str]:
        """Places that hold a block of ours although no record says so, because the record was lost."""
        found: Dict[str, None] = {}
        for path in sorted({path for patterns in self._settings.patterns.values() for path in patterns if "*" not in path}):
            try:
                path = self._tree.real(path)
                current = None if path in known else self._tree.read(path)
                if current is not None and self._block.split(current.data).body is not None:
                    found[path] = None
            except (Refused, ValueError):
                continue  # nothing of ours that could be recognised, and nothing to be done there
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
        plan.steps.append(replace(step, diff=self._diff(step, entry, parts.body, "")))

    def _plan_unlink(self, plan: Plan, entry: Entry) -> None:
        current = self._tree.read(entry.path)
        if current is None:
            return
        foreign = digest(current.data) not in entry.sha256
        if foreign:
            plan.drifted.append(entry.path)
        original = self._original(entry)
        mode = entry.before.mode if entry.before and original is not None else current.mode
        step = Step(entry.path, entry.client, "removed", original, mode, current, current.data if foreign else None)
        plan.steps.append(replace(step, diff=self._diff(step, entry, current.data, "")))

    def _original(self, entry: Entry) -> Optional[bytes]:
        """The user's own file that ours took the place of, from its backup."""
        if entry.before is None or entry.before.backup is None:
            return None
        content = self._tree.read(f"{BACKUPS}/{entry.before.backup}")
        return None if content is None else content.data

    # --- diffs: redacted texts only ---

    def _diff(self, step: Step, old: Optional[Entry], ours: Optional[bytes], shown: str) -> Optional[Dict[str, str]]:
        if not self._settings.diff:
            return None
        where = self._tree.absolute(step.path)
        if ours is None:
            before = ""
        elif old is not None and digest(ours) in old.sha256:
            before = _printable(old.shown)
        else:
            before = f"(content not shown, {len(ours)} bytes)\n"
        after = _with_mark(shown) if shown and shown == before else shown
        headers = {"before_header": where, "after_header": where}
        if step.current is not None and step.data is not None and step.current.mode != step.mode:
            headers = {"before_header": f"{where} (mode {step.current.mode:04o})", "after_header": f"{where} (mode {step.mode:04o})"}
            if step.current.data == step.data:
                before, after = f"mode {step.current.mode:04o}\n", f"mode {step.mode:04o}\n"
        return {"before": before, "after": after, **headers}


def _with_mark(shown: str) -> str:
    """Only what is masked differs: say so where the mask stands."""
    return shown.replace(_MASK, f"{_MASK} (changed)") if _MASK in shown else f"{shown}(changed)\n"


def _printable(text: str) -> str:
    # The record is the user's to edit: what comes out of it must not control the administrator's terminal.
    return "".join(character if character == "\n" or character.isprintable() else f"\\x{ord(character):02x}" for character in text)

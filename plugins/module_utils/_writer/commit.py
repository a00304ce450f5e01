# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of one place's commit. ``phases`` has their order."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import List, NamedTuple, Optional, Tuple

from .attributes import drop_acl, keep_attributes, set_context
from .backups import backup_name, prune_backups
from .content import version_of
from .errors import UnsafePath, display_text, system_error
from .identity import Switch
from .open_place import OpenPlace
from .plan import UNLINK, Plan, Settings, Step
from .stage import StagedFile, temp_name
from .tree import Tree


class _Pending(NamedTuple):
    """A staged file of ``tree``. ``step``: the one that it is for; None for a manifest or a backup."""

    file: StagedFile
    tree: Tree
    path: str
    step: Optional[Step]


class Commit:
    """One place's part of a batch. ``done``: displayed paths of what was really changed. ``pending``: what is staged."""

    def __init__(self, number: int, place: OpenPlace, plan: Plan, settings: Settings) -> None:
        self.number = number
        self.problem: Optional[UnsafePath] = None
        self.warnings: List[str] = []
        self.done: List[str] = []
        self.place = place
        self.plan = plan
        self.writes = [step for step in plan.steps if step.writes]
        self.backups = [(step.path, step.backup) for step in plan.steps if step.backup is not None]
        self.removals = [step for step in plan.steps if step.kind == UNLINK and step.backup is None]
        self.removals_with_backup = [step for step in plan.steps if step.kind == UNLINK and step.backup is not None]
        self.pending: List[_Pending] = []
        self._label = settings.label
        self._temps = {step.path: temp_name() for step in self.writes}

    # --- the work of the phases ---

    def remove_without_backup(self) -> None:
        for path in self.plan.residue:
            self._unlink(self.place.tree, self.place.tree.removable(path), path)
        for step in self.removals:
            self._remove(step)

    def remove_state_residue(self) -> None:
        for path in self.plan.records.residue:
            self._unlink(self.place.state.tree, self.place.state.tree.removable(path), path)

    def stage_union(self) -> None:
        plan, state = self.plan, self.place.state
        coming = {}
        for step in plan.steps:
            entry = plan.manifest.entries.get(step.path) or plan.old.entries.get(step.path)
            if entry is not None:
                coming[step.path] = entry._replace(temp=self._temps.get(step.path))
        self._stage(state.tree, state.manifest, plan.old.union(coming, plan.manifest).to_bytes(), 0o600)
        for of_path, data in self.backups:
            path = f"{state.backups}/{backup_name(of_path, data)}"
            kept = state.tree.read(path)
            if kept is None or kept.data != data:
                self._stage(state.tree, path, data, 0o600)
            else:  # the newest again
                directory, name = state.tree.locate(path) or (-1, "")
                os.utime(name, dir_fd=directory, follow_symlinks=False)

    def stage_files(self) -> None:
        for step in self.writes:
            self._stage(self.place.tree, step.path, step.data, step.mode, step)

    def remove_backed_up(self) -> None:
        for step in self.removals_with_backup:
            self._remove(step)

    def stage_manifest(self) -> None:
        self._stage(self.place.state.tree, self.place.state.manifest, self.plan.manifest.to_bytes(), 0o600)

    def sync_files(self) -> None:
        for pending in self.pending:
            pending.file.sync()

    def publish(self) -> None:
        while self.pending:
            file, tree, path, step = self.pending[0]
            if step is not None:
                self._check_unchanged(step, file.directory, file.name)
            file.publish()
            # It must not be closed twice: the number may be that of another place's file by then.
            del self.pending[0]
            self.done.append(tree.absolute(path))
            file.close()

    def sync_directories(self) -> None:
        for tree in (self.place.tree, self.place.state.tree):
            for directory in tree.unsynced:
                os.fsync(directory)
            tree.unsynced.clear()

    def clean_place(self) -> None:
        """The innermost directory first, and only empty ones: the user's own files keep theirs. Those around the manifest go after it:
        while it is there, the next run completes one that was killed here."""
        state = self.place.state
        for directory in sorted(self.plan.old.directories, key=len, reverse=True):
            if not (state.inside and state.manifest.startswith(f"{directory}/")):
                self._remove_directory(self.place.tree, directory)

    def remove_place(self) -> None:
        """The directory itself, where we made it and it is empty. Works with the ids of who runs this."""
        with suppress(OSError, UnsafePath):
            self.place.remove()

    def prune_backups(self) -> None:
        # What may have to come back stays.
        manifests = (self.plan.old, self.plan.manifest, *self.plan.records.others.values())
        prune_backups(self.place.state, {name for manifest in manifests for name in manifest.backups})

    def remove_manifest(self) -> None:
        state = self.place.state
        self._remove_directory(state.tree, state.backups)
        self._unlink(state.tree, state.tree.locate(state.manifest), state.manifest)

    def clean_state(self) -> None:
        state = self.place.state
        if state.inside:
            made = {state.directory, *self.plan.old.directories}
        else:  # these hold nothing but manifests and backups
            places = os.path.dirname(state.directory)
            made = {state.directory, places, os.path.dirname(places)}
        for directory in sorted(made, key=len, reverse=True):
            if state.manifest.startswith(f"{directory}/"):
                self._remove_directory(state.tree, directory)

    # --- single files ---

    def abandon(self, switch: Switch) -> None:
        """After an error: removes temporary files, as far as that is possible."""
        while self.pending:
            pending = self.pending.pop()
            with suppress(OSError), switch.to(pending.tree.identity):
                pending.file.discard()

    def _stage(self, tree: Tree, path: str, data: bytes, mode: int, step: Optional[Step] = None) -> None:
        try:
            directory, name = tree.locate(path, create=True) or (-1, "")
            tree.changed(directory)
            file = StagedFile(directory, name, self._temps[path] if step else temp_name())
            self.pending.append(_Pending(file, tree, path, step))
            if step is not None and step.is_users and step.current is not None:
                lost = keep_attributes(file.fd, directory, name, step.current.gid, mode)
                if lost:
                    self.warnings.append(display_text(f"{tree.absolute(path)} lost {', '.join(lost)}"))
            else:
                drop_acl(file.fd)
                # As Ansible's own file functions do. Where the policy forbids it, the context that the directory gives stays.
                context = self._label(tree.on_disk(path)) if self._label else ""
                if context and not set_context(file.fd, context):
                    self.warnings.append(f"the SELinux context of {tree.absolute(path)} could not be set")
            file.write(data, mode)
        except OSError as exc:
            raise system_error(tree.absolute(path), exc) from None

    def _remove(self, step: Step) -> None:
        tree = self.place.tree
        found = tree.locate(step.path)
        if found is not None:
            self._check_unchanged(step, *found)
        self._unlink(tree, found, step.path)

    def _unlink(self, tree: Tree, found: Optional[Tuple[int, str]], path: str) -> None:
        if found is None:
            return
        directory, name = found
        try:
            tree.changed(directory)
            os.unlink(name, dir_fd=directory)
            self.done.append(tree.absolute(path))
        except FileNotFoundError:
            pass
        except OSError as exc:
            raise system_error(tree.absolute(path), exc) from None

    @staticmethod
    def _remove_directory(tree: Tree, path: str) -> None:
        with suppress(OSError, UnsafePath):  # not empty, or not a directory any more: it is the user's
            found = tree.locate(path)
            if found is not None:
                os.rmdir(found[1], dir_fd=found[0])

    def _check_unchanged(self, step: Step, directory: int, name: str) -> None:
        try:
            version: Optional[Tuple[int, int, int]] = version_of(os.stat(name, dir_fd=directory, follow_symlinks=False))
        except FileNotFoundError:
            version = None
        if version != (step.current.version if step.current else None):
            raise UnsafePath(self.place.tree.absolute(step.path), "was changed by another program during the run: run again")

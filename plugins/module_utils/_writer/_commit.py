# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts plans on the disk, for a batch of users at a time, so that a crash leaves each file old or new.

For each user: what is only removed goes first (it must work on a full disk); then the record of everything that may come, and the
backups; then the files; then the final record. Within a batch every step is done for all users before the next: first all are
written, then all are synced at once, which is several times cheaper than one by one.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._identity import Identity, Switch
from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import (
    is_backup,
    manifest_path,
)
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Plan, Settings, Step, backup_name
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import Refused, refused, unexpected
from ansible_collections.mailops.profiles.plugins.module_utils._writer._sync import Syncing
from ansible_collections.mailops.profiles.plugins.module_utils._writer._tree import Content, Tree, state_of

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ACL = "system.posix_acl_access"
_ACL_ENTRY = struct.Struct("<HHI")
_ACL_OWNER, _ACL_MASK, _ACL_OTHERS = 0x01, 0x10, 0x20
_KEPT_BACKUPS = 3


class _Staged(NamedTuple):
    fd: int
    directory: int
    temp: str
    name: str
    path: str
    expected: Optional[Content]
    checked: bool


class Commit:
    """One user's part of a batch. Its methods are called in the order of ``PHASES``, with the user's ids but for the syncs."""

    def __init__(self, user: str, identity: Identity, tree: Tree, plan: Plan, settings: Settings) -> None:
        self.user = user
        self.identity = identity
        self.error: Optional[Refused] = None
        self.warnings: List[str] = []
        self.done: List[str] = []  # absolute paths that were really changed
        self.base = tree.base
        self.size = len(plan.steps)
        self._tree = tree
        self._plan = plan
        self._record = manifest_path(tree.state, settings.instance)
        self._label = settings.label
        self._staged: List[_Staged] = []
        self._temps = {step.path: f".mailops-{os.urandom(8).hex()}.tmp" for step in plan.steps if step.data is not None}

    # --- phases ---

    def unlink(self) -> None:
        for path in self._plan.stale:
            self._unlink(self._tree.removable(path), path)
        for step in self._plan.steps:
            if step.data is None and step.backup is None:
                self._remove(step.path, step.current)

    def stage_record(self) -> None:
        if not any(step.data is not None or step.backup is not None for step in self._plan.steps):
            return
        coming = {}
        for step in self._plan.steps:
            entry = self._plan.manifest.entries.get(step.path) or self._plan.old.entries.get(step.path)
            if entry is not None:
                coming[step.path] = entry._replace(temp=self._temps.get(step.path))
        union = self._plan.old.union(coming, list(self._plan.manifest.directories))
        self._stage(self._record, union.to_bytes(), 0o600)
        for step in self._plan.steps:
            if step.backup is not None:
                path = f"{self._tree.backups}/{backup_name(step.path, step.backup)}"
                kept = self._tree.read(path)
                if kept is None or kept.data != step.backup:
                    self._stage(path, step.backup, 0o600)
                else:  # the newest again
                    directory, name = self._tree.locate(path) or (-1, "")
                    os.utime(name, dir_fd=directory, follow_symlinks=False)

    def stage_files(self) -> None:
        for step in self._plan.steps:
            if step.data is not None:
                self._stage(step.path, step.data, step.mode, step)

    def remove_backed_up(self) -> None:
        for step in self._plan.steps:
            if step.data is None and step.backup is not None:
                self._remove(step.path, step.current)

    def stage_final(self) -> None:
        if self._plan.manifest.entries:
            self._stage(self._record, self._plan.manifest.to_bytes(), 0o600)

    def clean(self) -> None:
        self._prune_backups()
        if self._plan.manifest.entries:
            return
        # Only what is empty goes, the innermost first; the user's own files keep their directories. Those around the record go
        # after it: while it is there, a run that was killed here is brought to its end by the next.
        made = sorted({*self._plan.old.directories, self._tree.backups, self._tree.state}, key=len, reverse=True)
        around = [directory for directory in made if f"{self._record}/".startswith(f"{directory}/")]
        for directory in made:
            if directory not in around:
                self._remove_directory(directory)
        self._remove(self._record, None)
        self.sync_directories()
        for directory in around:
            self._remove_directory(directory)

    def sync(self) -> None:
        for staged in self._staged:
            os.fsync(staged.fd)

    def publish(self) -> None:
        while self._staged:
            staged = self._staged[0]
            if staged.checked:
                self._check_unchanged(staged.directory, staged.name, staged.path, staged.expected)
            os.rename(staged.temp, staged.name, src_dir_fd=staged.directory, dst_dir_fd=staged.directory)
            # Nobody closes it twice: the number may be another user's by then.
            del self._staged[0]
            self.done.append(self._tree.absolute(staged.path))
            os.close(staged.fd)

    def sync_directories(self) -> None:
        for directory in self._tree.unsynced:
            os.fsync(directory)
        self._tree.unsynced.clear()

    PHASES: Tuple[Callable, ...] = (
        unlink,
        stage_record, sync, publish, sync_directories,
        stage_files, sync, publish, remove_backed_up, sync_directories,
        stage_final, sync, publish, sync_directories,
        clean,
    )  # fmt: skip
    SYNCS: Tuple[Callable, ...] = (sync, sync_directories)

    def idle_in(self, phase: Callable) -> bool:
        """Whether there is nothing to do: changing to the user's ids would be the most of it."""
        if phase is Commit.unlink:
            return not self._plan.stale and all(step.data is not None or step.backup is not None for step in self._plan.steps)
        if phase is Commit.remove_backed_up:
            return all(step.data is not None or step.backup is None for step in self._plan.steps)
        if phase is Commit.clean:
            return bool(self._plan.manifest.entries) and all(step.backup is None for step in self._plan.steps)
        return False

    def abandon(self) -> None:
        """After an error: no temporary file stays behind, as far as that can be had."""
        while self._staged:
            staged = self._staged.pop()
            with suppress(OSError):  # the next run finds it through the record
                os.unlink(staged.temp, dir_fd=staged.directory)
            with suppress(OSError):
                os.close(staged.fd)

    # --- single files ---

    def _stage(self, path: str, data: bytes, mode: int, step: Optional[Step] = None) -> None:
        try:
            directory, name = self._tree.locate(path, create=True) or (-1, "")
            self._tree.changed(directory)
            temp = self._temps[path] if step else f".mailops-{os.urandom(8).hex()}.tmp"
            fd = os.open(temp, _CREATE, 0o600, dir_fd=directory)
            self._staged.append(_Staged(fd, directory, temp, name, path, step.current if step else None, step is not None))
            if step is not None and step.users_own:
                self._keep_attributes(fd, directory, name, step, mode)
            else:
                _drop_acl(fd)
                self._set_context(fd, path)
            os.fchmod(fd, mode)
            written = 0
            while written < len(data):
                written += os.write(fd, data[written:])
        except OSError as exc:
            raise refused(self._tree.absolute(path), exc) from None

    def _set_context(self, fd: int, path: str) -> None:
        """As Ansible's own file functions do. Where the policy forbids it, what the directory gave must do."""
        context = self._label(self._tree.absolute(path)) if self._label else ""
        if not context:
            return
        try:
            os.setxattr(fd, "security.selinux", context.encode() + b"\0")
        except OSError:
            self.warnings.append(f"{self.user}: the SELinux context of {self._tree.absolute(path)} could not be set")

    def _keep_attributes(self, fd: int, directory: int, name: str, step: Step, mode: int) -> None:
        """The group, access list and extended attributes of the user's own file, as far as the user may set them."""
        lost = []
        gid = step.current.gid if step.current else self.identity.gid
        if gid != self.identity.gid:
            try:
                os.fchown(fd, -1, gid)
            except OSError:
                lost.append("its group")
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
        try:
            attributes = _attributes(source)
            if _ACL not in attributes:
                _drop_acl(fd)
            for attribute, value in attributes.items():
                try:
                    os.setxattr(fd, attribute, _narrowed(value, mode) if attribute == _ACL else value)
                except OSError:
                    lost.append(f"its attribute {attribute}")
        finally:
            os.close(source)
        if lost:
            self.warnings.append(f"{self.user}: {self._tree.absolute(step.path)} lost {', '.join(lost)}")

    def _remove(self, path: str, expected: Optional[Content]) -> None:
        found = self._tree.locate(path)
        if found is not None and expected is not None:
            self._check_unchanged(found[0], found[1], path, expected)
        self._unlink(found, path)

    def _unlink(self, found: Optional[Tuple[int, str]], path: str) -> None:
        if found is None:
            return
        directory, name = found
        try:
            self._tree.changed(directory)
            os.unlink(name, dir_fd=directory)
            self.done.append(self._tree.absolute(path))
        except FileNotFoundError:
            pass
        except OSError as exc:
            raise refused(self._tree.absolute(path), exc) from None

    def _remove_directory(self, path: str) -> None:
        try:
            found = self._tree.locate(path)
            if found is not None:
                os.rmdir(found[1], dir_fd=found[0])
        except (OSError, Refused):
            pass  # not empty, or not a directory any more: it is the user's

    def _check_unchanged(self, directory: int, name: str, path: str, expected: Optional[Content]) -> None:
        try:
            state: Optional[Tuple[int, int, int]] = state_of(os.stat(name, dir_fd=directory, follow_symlinks=False))
        except FileNotFoundError:
            state = None
        if state != (expected.identity if expected else None):
            raise Refused(self._tree.absolute(path), "was changed by somebody else during the run: run again")

    def _prune_backups(self) -> None:
        """Per file the first backup and the last three stay, and what is to come back when our file goes."""
        manifests = (self._plan.old, self._plan.manifest, *self._plan.others.values())
        kept = {name for manifest in manifests for name in manifest.backups}
        pruned: Dict[str, List[str]] = {}
        if any(step.backup is not None for step in self._plan.steps):
            names = [name for name in self._tree.names(self._tree.backups) if is_backup(name) and self._tree.removable(f"{self._tree.backups}/{name}")]
            directory = self._tree.locate(f"{self._tree.backups}/x")
            if directory is None:
                return
            for name in sorted(names, key=lambda name: os.stat(name, dir_fd=directory[0], follow_symlinks=False).st_mtime_ns):
                pruned.setdefault(name.rpartition(".")[0], []).append(name)
            for same in pruned.values():
                for name in same[1:-_KEPT_BACKUPS]:
                    if name not in kept:
                        os.unlink(name, dir_fd=directory[0])


def _attributes(fd: int) -> Dict[str, bytes]:
    try:
        return {name: os.getxattr(fd, name) for name in os.listxattr(fd)}
    except (OSError, AttributeError):  # a file system, or a system, without them
        return {}


def _narrowed(acl: bytes, mode: int) -> bytes:
    """An access list that lets nobody do more than ``mode``.

    Setting a list sets the mode, too: as it is, the list would open the file to the users that it names until the mode is set
    again, and who has opened it then can read what is written later. (struct posix_acl_xattr_entry, linux/posix_acl_xattr.h)
    """
    bits = {_ACL_OWNER: mode >> 6, _ACL_MASK: mode >> 3, _ACL_OTHERS: mode}
    entries = (_ACL_ENTRY.pack(tag, perm & bits.get(tag, 7) & 7, who) for tag, perm, who in _ACL_ENTRY.iter_unpack(acl[4:]))
    return acl[:4] + b"".join(entries)


def _drop_acl(fd: int) -> None:
    # A default ACL of the directory gives a new file named users; a mode of 0640 would let them read.
    try:
        os.removexattr(fd, _ACL)
    except (OSError, AttributeError):
        pass


def commit_batch(commits: Sequence[Commit], switch: Switch, progress: Callable[[str], None]) -> None:
    """Every phase for all users before the next one; who fails is left out of the rest."""
    for phase in Commit.PHASES:
        going = [commit for commit in commits if commit.error is None and not commit.idle_in(phase)]
        syncing = Syncing(phase, going) if phase in Commit.SYNCS else None
        for number, commit in enumerate(going):
            progress(commit.user)
            try:
                if syncing is not None:
                    syncing.wait(number)
                else:
                    with switch.to(commit.identity):
                        phase(commit)
            except Refused as exc:
                commit.error = exc
            except OSError as exc:
                commit.error = refused(commit.base, exc)
            except Exception as exc:
                commit.error = unexpected(commit.base, exc)
        for commit in going:  # not earlier: ids do not change before all threads are done
            if commit.error is not None:
                _abandon(commit, switch, progress)


def _abandon(commit: Commit, switch: Switch, progress: Callable[[str], None]) -> None:
    progress(commit.user)
    with suppress(OSError), switch.to(commit.identity):  # not even the ids could be changed
        commit.abandon()

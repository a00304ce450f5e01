# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a place, and the directory of its manifests; and whether the home is there at all."""

from __future__ import annotations

import errno
import os
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

from .._wire import AccountLabel, File
from .encryption import why_locked
from .errors import NOT_THERE, UNREACHABLE, UnsafePath
from .identity import Identity, Switch
from .plan import Settings
from .state import State, StateLocation
from .tree import Tree
from .trust import KnownFiles
from .walk import open_home

# The last two are found before the key is looked for.
_MAY_BE_LOCKED = (getattr(errno, "ENOKEY", -1), errno.EROFS, errno.EACCES)


class Task(NamedTuple):
    """The work on one place. ``base`` "": a home that an earlier task of a real run would make. ``identity``: the owner of a home; None for another
    directory, whose owner is found on the way there. ``listed`` False: the job does not name the place, whose files go. ``probe``: only
    looks whether the directory is there. ``known``: what root's list knows of the files in a home; None: the manifest is believed.
    ``inode``: that of the home, as root's list has it; 0: not known, None: the home is not on the list. ``shared_with``: other instances on whose
    lists it is. ``accounts``: those that the files are for."""

    name: str
    base: str
    identity: Optional[Identity]
    files: Sequence[File]
    location: StateLocation
    display: str
    listed: bool = True
    probe: bool = False
    known: Optional[KnownFiles] = None
    inode: Optional[int] = None
    shared_with: Tuple[str, ...] = ()
    accounts: Tuple[AccountLabel, ...] = ()


class OpenPlace(NamedTuple):
    """Files are written in ``tree``, the manifest and backups in ``state``. ``inode``: of the directory, 0 when there is none. ``remove``: takes the
    directory itself away, if it is empty; not for homes."""

    tree: Tree
    state: State
    inode: int
    remove: Callable[[], None]

    @property
    def descriptors(self) -> int:
        return self.tree.descriptors + (0 if self.state.inside else self.state.tree.descriptors)

    def close(self) -> None:
        self.tree.close()
        self.state.tree.close()


def open_place(task: Task, settings: Settings, switch: Switch) -> OpenPlace:
    wanted = bool(task.files)
    identity, mode, is_made = task.identity, 0o700, False
    if identity is not None:
        # A home that is looked at has to be there, as one that is written to.
        is_looked_at = settings.inspect is not None
        fd = _open_home(task, identity, switch, wanted or is_looked_at, settings.check and not is_looked_at) if task.base else -1
    else:
        mode = settings.dest.directory_mode
        fd, identity, is_made = settings.dest.open(task.base, task.display, switch, wanted, settings.check)
    inode = os.fstat(fd).st_ino if fd >= 0 else 0
    tree = state_tree = Tree(fd, identity, task.base, mode, task.display, task.identity is not None, settings.others)
    location = task.location
    if location.base is not None:
        try:
            state_tree = Tree(open_home(location.base, switch.own, switch, True), switch.own, location.base)
        except BaseException:
            tree.close()
            raise
    state = State(state_tree, location.directory, settings.instance, state_tree is tree, is_made)
    return OpenPlace(tree, state, inode, lambda: settings.dest.remove(task.base, task.display, switch))


def _open_home(task: Task, identity: Identity, switch: Switch, wanted: bool, check: bool) -> int:
    """-1: there is none. What has to be removed from one that cannot be reached waits on root's list."""
    waits = not wanted and task.inode is not None
    try:
        fd = open_home(task.base, identity, switch, wanted, check)
    except UnsafePath as exc:
        # Even root has no access to a mount that a user's program serves.
        if waits and exc.errno in (*UNREACHABLE, errno.EACCES):
            return -1
        raise
    try:
        problem = None if fd < 0 else _closed(fd, task, identity, switch)
        if problem is not None and not waits:
            raise problem
        if problem is not None:
            os.close(fd)
            return -1
    except BaseException:
        os.close(fd)
        raise
    return fd


def another_home(task: Task) -> UnsafePath:
    reason = f"is not the directory where accounts of {task.name} were written, and has no record of them: {NOT_THERE}"
    return UnsafePath(task.display, f"{reason}; if it is a new home, name {task.name} in the option forget once")


def _closed(home: int, task: Task, identity: Identity, switch: Switch) -> Optional[UnsafePath]:
    """Why nothing can be known about what is in an open home, if so."""
    with switch.to(identity):
        try:
            fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=home)
        except OSError as exc:
            is_another = task.inode and os.fstat(home).st_ino != task.inode
            return another_home(task) if is_another and exc.errno == errno.EACCES else None  # others are reported when something is read
        try:
            # Every name in a locked home is another one, and none of ours is found.
            number = why_locked(fd)
        finally:
            os.close(fd)
    locked = UnsafePath(task.display, f"is locked: {os.strerror(number)} ({NOT_THERE})", number)
    return locked if number in _MAY_BE_LOCKED else None

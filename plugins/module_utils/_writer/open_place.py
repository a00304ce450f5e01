# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a place, and the directory of its manifests."""

from __future__ import annotations

import os
from typing import NamedTuple, Optional, Sequence

from .._wire import File
from .identity import Identity, Switch
from .plan import Settings
from .state import State, StateLocation
from .tree import Tree
from .walk import open_home


class Task(NamedTuple):
    """The work on one place. ``base`` "": a home that an earlier task of a real run would make. ``identity``: the owner of a home; None for another
    directory, whose owner is found on the way there. ``listed`` False: the job does not name the place, whose files go. ``probe``: only
    looks whether the directory is there."""

    name: str
    base: str
    identity: Optional[Identity]
    files: Sequence[File]
    location: StateLocation
    display: str
    listed: bool = True
    probe: bool = False


class OpenPlace(NamedTuple):
    """Files are written in ``tree``, the manifest and backups in ``state``. ``inode``: of the directory, 0 when there is none."""

    tree: Tree
    state: State
    inode: int

    @property
    def descriptors(self) -> int:
        return self.tree.descriptors + (0 if self.state.inside else self.state.tree.descriptors)

    def close(self) -> None:
        self.tree.close()
        self.state.tree.close()


def open_place(task: Task, settings: Settings, switch: Switch) -> OpenPlace:
    wanted = bool(task.files)
    identity, mode = task.identity, 0o700
    if identity is not None:
        fd = open_home(task.base, identity, switch, wanted, settings.check) if task.base else -1
    else:
        mode = settings.dest.directory_mode
        fd, identity = settings.dest.open(task.base, task.display, switch, wanted, settings.check)
    inode = os.fstat(fd).st_ino if fd >= 0 else 0
    tree = state_tree = Tree(fd, identity, task.base, mode, task.display, task.identity is not None, settings.others)
    location = task.location
    if location.base is not None:
        try:
            state_tree = Tree(open_home(location.base, switch.own, switch, True), switch.own, location.base)
        except BaseException:
            tree.close()
            raise
    return OpenPlace(tree, State(state_tree, location.directory, settings.instance, state_tree is tree), inode)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a place, and the directory of its manifests."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence

from .._wire import File
from .identity import Identity, Switch
from .plan import Settings
from .state import State, StateLocation
from .tree import Tree
from .walk import Base, DestOptions, open_dest, open_home


class Task(NamedTuple):
    """The work on one place. ``identity``: the owner of a home; None for another directory, whose owner is found on the way there.
    ``listed`` False: the job does not name the place, whose files go."""

    name: str
    base: str
    identity: Optional[Identity]
    files: Sequence[File]
    location: StateLocation
    display: str
    listed: bool = True


class Run(NamedTuple):
    """What is the same for all places. ``deadline``: seconds for one."""

    settings: Settings
    dest: DestOptions
    check: bool
    deadline: float


class OpenPlace(NamedTuple):
    """Files are written in ``tree`` with ``identity``, the manifest and backups in ``state`` with ``state_identity``."""

    tree: Tree
    identity: Identity
    state: State
    state_identity: Identity

    @property
    def descriptors(self) -> int:
        return self.tree.descriptors + (0 if self.state.inside else self.state.tree.descriptors)

    def close(self) -> None:
        self.tree.close()
        self.state.tree.close()


def open_place(task: Task, run: Run, switch: Switch) -> OpenPlace:
    wanted = bool(task.files)
    if task.identity is not None:
        base, mode = open_home(task.base, task.identity, switch, wanted), 0o700
    else:
        base, mode = open_dest(task.base, task.display, run.dest, switch, wanted, run.check), run.dest.directory_mode
    tree = Tree(base.fd, base.identity.uid, task.base, mode, task.display)
    try:
        return _with_state(task, run, switch, tree, base)
    except BaseException:
        tree.close()
        raise


def _with_state(task: Task, run: Run, switch: Switch, tree: Tree, base: Base) -> OpenPlace:
    location, instance = task.location, run.settings.instance
    if location.base is None:
        return OpenPlace(tree, base.identity, State(tree, location.directory, instance, True), base.identity)
    of_state = open_home(location.base, switch.own, switch, True)
    state_tree = Tree(of_state.fd, of_state.identity.uid, location.base)
    return OpenPlace(tree, base.identity, State(state_tree, location.directory, instance, False), of_state.identity)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a place's directory, and who can change a component of the path."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import List, Set

from .errors import UnsafePath, system_error
from .identity import Identity, Switch
from .tree import MAX_LINKS

_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_home(path: str, identity: Identity, switch: Switch, wanted: bool, check: bool = False) -> int:
    """The user's directory. When something is ``wanted`` in it, it must belong to this user, and exist, at least when it is no ``check``. -1: there
    is none, or only one of another user's, where nothing was ever written for this one."""
    with closing(Walk(path, path, switch)) as walk:
        try:
            while walk.pending:
                walk.step()
                if walk.pending:
                    _check_above(os.fstat(walk.fd), path, {0, switch.own.uid, identity.uid})
        except FileNotFoundError:
            if check or not wanted:
                return -1
            raise UnsafePath(path, "does not exist: create the home directory") from None
        except OSError as exc:
            raise system_error(path, exc) from None
        owner = os.fstat(walk.fd).st_uid
        if owner != identity.uid and not wanted:
            return -1
        if owner != identity.uid:
            raise UnsafePath(path, f"belongs to the user with uid {owner}, not to the user with uid {identity.uid}: chown it")
        return walk.take()


def _check_above(found: os.stat_result, path: str, trusted: Set[int]) -> None:
    """UnsafePath where another user could exchange the home for another directory."""
    if found.st_uid not in trusted:
        raise UnsafePath(path, f"lies in a directory of the user with uid {found.st_uid}: chown that directory to root")
    if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX and found.st_uid == 0:
        raise UnsafePath(path, "lies in a directory of root's that others can write to: remove that permission with chmod go-w")


class Walk:
    """Walks an absolute path, one component a step. A link counts only where no other user than root or the runner can exchange it."""

    def __init__(self, path: str, display: str, switch: Switch) -> None:
        self.pending = _reversed_parts(path)
        self._display = display
        self._is_displayed = display == path
        self._trusted = {0, switch.own.uid}
        self._trail: List[int] = [os.open("/", _PASS)]
        self._links = 0

    @property
    def fd(self) -> int:
        return self._trail[-1]

    def take(self) -> int:
        return self._trail.pop()

    def close(self) -> None:
        while self._trail:
            os.close(self._trail.pop())

    def step(self) -> None:
        """One component down. FileNotFoundError leaves it pending."""
        name = self.pending[-1]
        if name == "..":
            self.pending.pop()
            if len(self._trail) > 1:
                os.close(self._trail.pop())
            return
        found = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            self._follow(name, found)
            return
        self._trail.append(os.open(name, _PASS, dir_fd=self.fd))
        self.pending.pop()

    def _follow(self, name: str, found: os.stat_result) -> None:
        directory = os.fstat(self.fd)
        self._links += 1
        if {found.st_uid, directory.st_uid} - self._trusted or directory.st_mode & 0o022 or self._links > MAX_LINKS:
            link = f"the symbolic link {name}" if self._is_displayed else "a symbolic link"
            raise UnsafePath(self._display, f"leads through {link}, which others than root can exchange: remove it")
        target = os.readlink(name, dir_fd=self.fd)
        self.pending.pop()
        if target.startswith("/"):
            while len(self._trail) > 1:
                os.close(self._trail.pop())
        self.pending += _reversed_parts(target)


def _reversed_parts(path: str) -> List[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]

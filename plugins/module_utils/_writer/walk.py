# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a place's directory, and who can change a component of the path."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import List, Optional, Set

from .errors import UnsafePath, other_owner, perhaps_not_mounted, system_error
from .identity import Identity, Switch
from .links import MAX_LINKS, join

_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_home(path: str, identity: Identity, switch: Switch, wanted: bool, check: bool = False) -> int:
    """The user's directory. When something is ``wanted`` in it, it must belong to this user, and exist, at least when it is no ``check``. -1: there
    is none, or only one of another user's, where nothing was ever written for this one."""
    ids = switch.own
    with closing(Walk(path, path, switch, None if identity == switch.own else identity.uid)) as walk:
        try:
            while walk.pending:
                with switch.to(ids):
                    walk.step()
                if identity.uid in walk.owners:  # what the user chose is not looked at with root's eyes
                    ids = identity
                if walk.pending:
                    _check_above(os.fstat(walk.fd), path, walk.place, {0, switch.own.uid, identity.uid})
        except FileNotFoundError:
            if check or not wanted:
                return -1
            raise UnsafePath(path, f"does not exist; {perhaps_not_mounted('create the home directory')}") from None
        except OSError as exc:
            raise system_error(path, exc) from None
        owner = os.fstat(walk.fd).st_uid
        if owner != identity.uid and not wanted:
            return -1
        if owner != identity.uid:
            raise UnsafePath(path, other_owner(owner, identity.uid))
        return walk.take()


def _check_above(found: os.stat_result, path: str, above: str, trusted: Set[int]) -> None:
    """UnsafePath where another user could exchange the home for another directory. ``above``: the path of the directory that was ``found``."""
    if found.st_uid not in trusted:
        remedy = "look who should own it, or move the home to where only root can change the directories above"
        raise UnsafePath(path, f"lies in {above} of the user with uid {found.st_uid}, who could exchange it: {remedy}")
    if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX and found.st_uid == 0:
        remedy = "look who should write there, or move the home to where only root can change the directories above"
        raise UnsafePath(path, f"lies in {above} (mode {stat.S_IMODE(found.st_mode):04o}), where others than root could exchange it: {remedy}")


class Walk:
    """Walks an absolute path, one component a step. A link counts only where no other user than root, the runner or ``user`` can exchange it.
    ``owners``: of the directories and links on the way."""

    def __init__(self, path: str, display: str, switch: Switch, user: Optional[int] = None) -> None:
        self.pending = _reversed_parts(path)
        self.owners: Set[int] = set()
        self._display = display
        self._is_displayed = display == path
        self._user = user
        self._trusted = {0, switch.own.uid, user}
        self._trail: List[int] = [os.open("/", _PASS)]
        self._names: List[str] = []
        self._links = 0

    @property
    def fd(self) -> int:
        return self._trail[-1]

    @property
    def place(self) -> str:
        """The path of the directory that was reached, without links."""
        return "/" + "/".join(self._names)

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
            if self._names:
                self._names.pop()
                os.close(self._trail.pop())
            return
        found = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            self._follow(name, found)
            return
        self._trail.append(os.open(name, _PASS, dir_fd=self.fd))
        self._names.append(name)
        self.owners.add(os.fstat(self.fd).st_uid)
        self.pending.pop()

    def _follow(self, name: str, found: os.stat_result) -> None:
        directory = os.fstat(self.fd)
        place = self.place
        self._links += 1
        self._check_link(found, directory, join(place, name) if self._is_displayed else "", place)
        self.owners.add(found.st_uid)
        target = os.readlink(name, dir_fd=self.fd)
        self.pending.pop()
        if target.startswith("/"):
            while self._names:
                self._names.pop()
                os.close(self._trail.pop())
        self.pending += _reversed_parts(target)

    def _check_link(self, found: os.stat_result, directory: os.stat_result, link: str, place: str) -> None:
        """UnsafePath where another user could exchange it. ``link``: its path, "" where that is not displayed."""
        if self._links > MAX_LINKS:
            raise UnsafePath(self._display, "leads through too many symbolic links: use the real path")
        if found.st_uid not in self._trusted:
            reason = f"belongs to the user with uid {found.st_uid}"
        elif directory.st_uid not in self._trusted:
            reason = f"lies in {place if link else 'a directory'} of the user with uid {directory.st_uid}"
        elif directory.st_mode & 0o022 and directory.st_uid != self._user:
            reason = f"lies in {place if link else 'a directory'} (mode {stat.S_IMODE(directory.st_mode):04o}), where others can exchange it"
        else:
            return
        link = f"the symbolic link {link}" if link else "a symbolic link"
        raise UnsafePath(self._display, f"leads through {link}, which {reason}: use the real path instead")


def _reversed_parts(path: str) -> List[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]

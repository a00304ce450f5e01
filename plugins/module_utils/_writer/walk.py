# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a place's directory: who can change a component of the path, and with whose ids to go on."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import List, NamedTuple, Optional, Tuple

from .errors import UnsafePath, system_error
from .identity import Identity, Switch
from .tree import MAX_LINKS

_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class DestOptions(NamedTuple):
    """How directories that are no homes are made; None: as it comes. With an owner there is a group, too."""

    owner: Optional[int] = None
    group: Optional[int] = None
    directory_mode: int = 0o700


def open_home(path: str, identity: Identity, switch: Switch, wanted: bool) -> int:
    """A directory that must belong to this user, and exist when something is ``wanted`` in it; -1: it does not exist."""
    with closing(_Walk(path, path, switch)) as walk:
        try:
            while walk.pending:
                walk.step()
        except FileNotFoundError:
            if not wanted:
                return -1
            raise UnsafePath(path, "does not exist: create the home directory") from None
        except OSError as exc:
            raise system_error(path, exc) from None
        owner = os.fstat(walk.fd).st_uid
        if owner != identity.uid:
            raise UnsafePath(path, f"belongs to the user with uid {owner}, not to the user with uid {identity.uid}: chown it")
        return walk.take()


def open_dest(path: str, display: str, options: DestOptions, switch: Switch, wanted: bool, check: bool) -> Tuple[int, Identity]:
    """Any other directory, made when something is ``wanted`` in it; -1: it does not exist. In a user's directory the work goes on as
    that user."""
    identity, shared = switch.own, False
    with closing(_Walk(path, display, switch)) as walk:
        while walk.pending:
            with switch.to(identity):
                try:
                    walk.step()
                except FileNotFoundError:
                    if check or not wanted:
                        return -1, _final(identity, options, switch)
                    _make(walk, options, identity == switch.own)
            found = os.fstat(walk.fd)
            given = not walk.pending and found.st_uid == options.owner
            if shared and found.st_uid not in (0, switch.own.uid) and not given:
                # The first user to make a directory in /tmp would get the files of all.
                raise UnsafePath(display, "lies in a directory that another user made in a shared one: choose another directory")
            identity, shared = _owner(found, display, identity, switch)
        found = os.fstat(walk.fd)
        if not wanted:
            if found.st_uid == 0 and identity.uid != 0:
                raise UnsafePath(display, "belongs to root in a directory that does not: remove it")
            return walk.take(), Identity(found.st_uid, found.st_gid)
        identity = _final(identity, options, switch)
        if found.st_uid != identity.uid:
            raise UnsafePath(display, f"belongs to the user with uid {found.st_uid}, not to the user with uid {identity.uid}: chown or remove it")
        if options.group is not None and found.st_gid != options.group:
            raise UnsafePath(display, "belongs to another group: change it with chgrp -R, or remove it")
        return walk.take(), identity


def _make(walk: _Walk, options: DestOptions, trusted: bool) -> None:
    """The next directory; the last one is given to its owner and group while it is empty and no other user can exchange it."""
    last = len(walk.pending) == 1
    os.mkdir(walk.pending[-1], options.directory_mode if last else 0o755, dir_fd=walk.fd)
    if last and trusted and options.group is not None:
        owner = -1 if options.owner is None else options.owner
        os.chown(walk.pending[-1], owner, options.group, dir_fd=walk.fd, follow_symlinks=False)
    walk.step()


def _final(identity: Identity, options: DestOptions, switch: Switch) -> Identity:
    """Whose ids write in the directory itself."""
    if switch.own.uid != 0:
        return identity
    if options.owner is not None:
        identity = identity._replace(uid=options.owner)
    if options.group is not None:
        identity = identity._replace(gid=options.group)
    return identity


def _owner(found: os.stat_result, display: str, identity: Identity, switch: Switch) -> Tuple[Identity, bool]:
    """With whose ids to go on below an open directory, and whether all users can make things there; UnsafePath where others could
    exchange what is in it."""
    if found.st_uid not in (0, switch.own.uid):
        if switch.own.uid != 0:
            raise UnsafePath(display, f"lies in a directory of the user with uid {found.st_uid}: run as that user or as root")
        return Identity(found.st_uid, found.st_gid), False
    sticky = bool(found.st_mode & stat.S_ISVTX)
    # In a sticky directory such as /tmp users exchange only what is theirs. A group that may write to a directory of a user
    # other than root is that user's own choice (the umask 002 of private groups).
    private = found.st_uid == switch.own.uid != 0 and not found.st_mode & 0o002
    if identity == switch.own and found.st_mode & 0o022 and not sticky and not private:
        raise UnsafePath(display, "lies in a directory that others can write to: remove that permission or choose another directory")
    return identity, identity == switch.own and bool(found.st_mode & 0o022)


class _Walk:
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

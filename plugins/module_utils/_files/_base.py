# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a user's base directory, which is a home or a ``dest``: who may have a hand in the path, and as whom to go on."""

from __future__ import annotations

import os
import stat
from typing import List, NamedTuple, Optional

from ansible_collections.mailops.profiles.plugins.module_utils._files._identity import Identity, Switch
from ansible_collections.mailops.profiles.plugins.module_utils._files._refused import Refused, refused

_MAX_LINKS = 40
# Only a search permission is needed on the way, and nothing there is ever listed.
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Base(NamedTuple):
    """``fd`` -1: the directory does not exist yet."""

    fd: int
    path: str
    identity: Identity


def open_home(path: str, identity: Identity, switch: Switch) -> Base:
    """The home, which must exist and belong to the user."""
    walk = _Walk(path, switch)
    try:
        while walk.pending:
            walk.step()
        owner = os.fstat(walk.fd).st_uid
        if owner != identity.uid:
            raise Refused(path, f"belongs to the user with uid {owner}, not to the user with uid {identity.uid}")
        return Base(walk.take(), path, identity)
    except FileNotFoundError:
        raise Refused(path, "does not exist: create the home directory") from None
    except OSError as exc:
        raise refused(path, exc) from None
    finally:
        walk.close()


class DestOptions(NamedTuple):
    """What the task says about ``dest`` directories; None: as it comes."""

    owner: Optional[int] = None
    group: Optional[int] = None
    directory_mode: int = 0o700


def open_dest(path: str, options: DestOptions, switch: Switch, create: bool) -> Base:
    """A directory in a home's place, made when ``create``. In a user's directory the work goes on as that user."""
    identity = switch.own
    walk = _Walk(path, switch)
    try:
        while walk.pending:
            with switch.to(identity):
                try:
                    name = walk.step()
                except FileNotFoundError:
                    if not create:
                        return Base(-1, path, _final(identity, options, switch))
                    last = len(walk.pending) == 1
                    os.mkdir(walk.pending[-1], options.directory_mode if last else 0o755, dir_fd=walk.fd)
                    name = walk.step()
                if not walk.pending and create and name:
                    _give(walk, name, options, switch)
            identity = _owner(walk.fd, path, identity, switch)
        identity = _final(identity, options, switch)
        owner = os.fstat(walk.fd).st_uid
        if owner != identity.uid and create:
            raise Refused(path, f"belongs to the user with uid {owner}, not to the user with uid {identity.uid}")
        return Base(walk.take(), path, identity if create else identity._replace(uid=owner))
    except OSError as exc:
        raise refused(path, exc) from None
    finally:
        walk.close()


def _give(walk: _Walk, name: str, options: DestOptions, switch: Switch) -> None:
    """The directory to its owner and group; only what is root's is given away."""
    if (options.owner is None and options.group is None) or os.geteuid() != 0:
        return
    found = os.fstat(walk.fd)
    uid = found.st_uid if options.owner is None else options.owner
    gid = found.st_gid if options.group is None else options.group
    if found.st_uid == 0 and (uid, gid) != (found.st_uid, found.st_gid):
        os.chown(name, uid, gid, dir_fd=walk.parent, follow_symlinks=False)


def _final(identity: Identity, options: DestOptions, switch: Switch) -> Identity:
    """As whom to write in the directory itself."""
    if switch.own.uid != 0:
        return identity
    if options.owner is not None:
        identity = identity._replace(uid=options.owner)
    if options.group is not None:
        identity = identity._replace(gid=options.group)
    return identity


def _owner(fd: int, path: str, identity: Identity, switch: Switch) -> Identity:
    """As whom to go on below the open directory; refused where others could exchange what is in it."""
    found = os.fstat(fd)
    if found.st_uid not in (0, switch.own.uid):
        if switch.own.uid != 0:
            raise Refused(path, f"lies in a directory of the user with uid {found.st_uid}: run as that user or as root")
        return Identity(found.st_uid, found.st_gid)
    # A sticky directory such as /tmp lets nobody exchange what is not his. A group that may write to a directory of somebody
    # who is not root is that person's own choice (the umask 002 of private groups).
    private = found.st_uid == switch.own.uid != 0 and not found.st_mode & 0o002
    if identity == switch.own and found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX and not private:
        raise Refused(path, "lies in a directory that others can write to: take that permission away or choose another dest")
    return identity


class _Walk:
    """Walks an absolute path, one component a step. A link counts only where nobody but root or the runner can exchange it."""

    def __init__(self, path: str, switch: Switch) -> None:
        self.pending = [part for part in reversed(path.split("/")) if part]
        self._path = path
        self._trusted = {0, switch.own.uid}
        self._trail: List[int] = [os.open("/", _PASS)]
        self._links = 0

    @property
    def fd(self) -> int:
        return self._trail[-1]

    @property
    def parent(self) -> int:
        return self._trail[-2]

    def take(self) -> int:
        return self._trail.pop()

    def close(self) -> None:
        while self._trail:
            os.close(self._trail.pop())

    def step(self) -> Optional[str]:
        """One component down; its name when a directory was entered. FileNotFoundError leaves it pending."""
        name = self.pending[-1]
        if name == ".":
            self.pending.pop()
            return None
        if name == "..":
            self.pending.pop()
            if len(self._trail) > 1:
                os.close(self._trail.pop())
            return None
        found = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            self._follow(name, found)
            return None
        self._trail.append(os.open(name, _PASS, dir_fd=self.fd))
        self.pending.pop()
        return name

    def _follow(self, name: str, found: os.stat_result) -> None:
        directory = os.fstat(self.fd)
        self._links += 1
        if {found.st_uid, directory.st_uid} - self._trusted or directory.st_mode & 0o022 or self._links > _MAX_LINKS:
            raise Refused(self._path, f"leads through the symbolic link {name}, which others than root can exchange")
        target = os.readlink(name, dir_fd=self.fd)
        self.pending.pop()
        if target.startswith("/"):
            while len(self._trail) > 1:
                os.close(self._trail.pop())
        self.pending.extend(part for part in reversed(target.split("/")) if part)

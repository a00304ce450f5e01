# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way down into a directory that a user controls: component by component, and through links only where no other user can exchange a
step.

Everything here works on open directories, with the ids of the directory's owner (see ``identity``).
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Dict, Mapping, NamedTuple, Optional, Set, Tuple

from .errors import UnsafePath, display_text, other_owner, perhaps_not_mounted, system_error
from .identity import Identity
from .links import MAX_LINKS, insecure, is_never_a_users, join, resolved, split

_MAX_DIRECTORIES = 400
_OWN = "link to a directory of the user's own"
_IN_PLACE = "mount what it leads to here, instead of the link (mount --bind)"
_REMEDY = f"link to a place that no other user can exchange, or {_IN_PLACE}"
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Directory(NamedTuple):
    """``real``: its path without links, below the base, or absolute outside of it. ``is_users`` False: root's, only passed on the way."""

    fd: int
    real: str
    is_users: bool = True


class Way:
    """A directory: paths are relative to it. Outside nothing is reached but, with ``leaves``, what the user's own links lead to: a directory
    of the user's, with a way from ``/`` on of which each step is root's alone or the user's own. What lies there has an absolute path.

    ``fd`` -1 is a directory that does not exist yet: nothing is found in it. ``identity``: with whose ids everything is done here.
    ``display`` is displayed instead of ``base``. ``others``: the directories of other places, where no link may lead, and what is displayed of them.
    """

    def __init__(
        self,
        fd: int,
        identity: Identity,
        base: str,
        directory_mode: int = 0o700,
        display: Optional[str] = None,
        leaves: bool = False,
        others: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.base = base
        self.display = display or base
        self.identity = identity
        self._fd = fd
        self._real_base = (os.path.realpath(base) if fd >= 0 else base).rstrip("/")
        self._directory_mode = directory_mode
        self._leaves = leaves
        self._others = others or {}
        self._link = ""  # the last one that led out
        # A plan asks for the same paths again and again.
        self._open: Dict[str, _Directory] = {}
        self._missing: Set[str] = set()
        self._resolved: Dict[str, Tuple[_Directory, str]] = {}
        # Descriptors of directories that were changed and are not synced yet.
        self.unsynced: Set[int] = set()
        self._readable = -1

    def close(self) -> None:
        for fd in {*(directory.fd for directory in self._open.values()), self._fd, self._readable} - {-1}:
            os.close(fd)
        self._open.clear()
        self._fd = self._readable = -1

    def absolute(self, path: str) -> str:
        """The path as it is displayed."""
        return display_text(path if path.startswith("/") else f"{self.display.rstrip('/')}/{path}")

    def real_path(self, path: str) -> str:
        """Where the file really lies, as it is displayed; "" where no link is on the way."""
        real = self.real(path)
        return "" if real == path else self.absolute(real)

    def on_disk(self, path: str) -> str:
        """The absolute path by which the host knows the file."""
        real = self.real(path)
        return real if real.startswith("/") else f"{self.base.rstrip('/')}/{path}"

    @property
    def descriptors(self) -> int:
        return 2 + len({directory.fd for directory in self._open.values()})

    def lookup(self, directory: str) -> Optional[int]:
        """The open directory, None where there is none. The descriptor belongs to this object."""
        found = self._walk(directory, create=False)
        return None if found is None else found.fd

    def users_directory(self, directory: str) -> Optional[int]:
        """The same; UnsafePath for one of root's."""
        found = self._walk(directory, create=False)
        if found is not None and not found.is_users:
            raise self._unsafe_step(directory, found.real, "belongs to root", _OWN)
        return None if found is None else found.fd

    def locate(self, path: str, create: bool = False) -> Optional[Tuple[int, str]]:
        """The open directory that ``path`` lies in and its name there, links of the user's own resolved; None: no such directory.

        The name may or may not exist. The descriptor belongs to the tree.
        """
        found = self._resolve(path, create)
        return None if found is None else (found[0].fd, found[1])

    def real(self, path: str) -> str:
        """The path without links."""
        found = self._resolve(path, create=False)
        return self._future(path) if found is None else join(found[0].real, found[1])

    def _future(self, path: str, links: int = 0) -> str:
        """The same where directories are still to be made."""
        if not path.strip("/"):
            return path
        if links > MAX_LINKS:
            raise UnsafePath(self.absolute(path), "leads through too many symbolic links: remove one")
        directory, name = split(path)
        parent = self._walk(directory, create=False)
        directory = self._future(directory, links) if parent is None else parent.real
        target = None if parent is None else self._link_target(parent, name, path)
        return self._future(target, links + 1) if target else join(directory, name)

    def _resolve(self, path: str, create: bool) -> Optional[Tuple[_Directory, str]]:
        if path in self._resolved:
            return self._resolved[path]
        directory, name = split(path)
        for links in range(MAX_LINKS):
            found = self._walk(directory, create, links)
            if found is None:
                return None
            target = self._link_target(found, name, path)
            if target is None:
                if not found.is_users:
                    raise self._unsafe_step(path, found.real, "belongs to root", _OWN)
                # If the name becomes a link later, nothing follows it: files are opened with O_NOFOLLOW and replaced by a rename.
                self._resolved[path] = found, name
                return found, name
            if not target:
                raise self._link_to_itself(path)
            directory, name = split(target)
        raise UnsafePath(self.absolute(path), "leads through too many symbolic links: remove one")

    def _walk(self, directory: str, create: bool, links: int = 0) -> Optional[_Directory]:
        if not directory:
            return self._home
        if directory in self._open:
            return self._open[directory]
        if directory in self._missing and not create:
            return None
        if links > MAX_LINKS:
            raise UnsafePath(self.absolute(self._link or directory), "leads through too many symbolic links: remove one")
        if directory == "/":
            self._open["/"] = _Directory(os.open("/", _PASS), "/", False)
            return self._open["/"]
        parent_path, name = split(directory)
        parent = self._walk(parent_path, create, links)
        if parent is None:
            return None
        if len(self._open) >= _MAX_DIRECTORIES:
            raise UnsafePath(self.absolute(directory), f"is one of more than {_MAX_DIRECTORIES} directories that are needed here: use fewer")
        try:
            outside = parent.real.startswith("/")
            found = self._enter_outside(parent, name, directory, create) if outside else self._enter(parent, name, directory, create)
        except NotADirectoryError:
            target = self._link_target(parent, name, directory)
            if target is None:
                raise UnsafePath(self.absolute(directory), "is not a directory: move it away") from None
            found = self._walk(target, create, links + 1)
            if found is not None and not found.real and not outside:
                raise self._link_to_itself(directory) from None
        if found is None:
            self._missing.add(directory)
        else:
            self._open[directory] = found
            self._missing.discard(directory)
        return found

    def _enter(self, parent: _Directory, name: str, directory: str, create: bool) -> Optional[_Directory]:
        """The directory, None when there is none; NotADirectoryError for anything else, links too."""
        fd = self._open_directory(parent, name, directory, create, DIRECTORY)
        if fd is None:
            return None
        owner = os.fstat(fd).st_uid
        if owner != self.identity.uid:
            os.close(fd)
            raise UnsafePath(self.absolute(directory), other_owner(owner, self.identity.uid))
        return _Directory(fd, join(parent.real, name))

    def _enter_outside(self, parent: _Directory, name: str, directory: str, create: bool) -> Optional[_Directory]:
        """The same outside of this directory, where root's directories are passed, too."""
        real = join(parent.real, name)
        fd = self._open_directory(parent, name, directory, create and parent.is_users, _PASS)
        if fd is None:
            if parent.is_users:
                return None
            raise self._unsafe_step(directory, real, "does not exist", perhaps_not_mounted("make it for the user"))
        try:
            found = os.fstat(fd)
            if self._fd >= 0 and os.path.samestat(found, os.fstat(self._fd)):
                return self._home
            if is_never_a_users(real):
                raise self._unsafe_step(directory, real, "is not for files of users", _OWN)
            if real in self._others:
                raise self._unsafe_step(directory, self._others[real], "is another place that is served", _OWN)
            reason = insecure(found, self.identity.uid)
            if reason:
                raise self._unsafe_step(directory, real, reason)
            is_users = found.st_uid == self.identity.uid
            # Root's may be open to pass only; in the user's own a name has to be synced.
            readable = os.open(".", DIRECTORY, dir_fd=fd) if is_users else os.dup(fd)
            return _Directory(readable, real, is_users)
        except OSError as exc:
            raise system_error(self.absolute(directory), exc) from None
        finally:
            os.close(fd)

    def _open_directory(self, parent: _Directory, name: str, directory: str, create: bool, flags: int) -> Optional[int]:
        try:
            if create:
                self.changed(parent.fd)
                with suppress(FileExistsError):
                    os.mkdir(name, self._directory_mode, dir_fd=parent.fd)
            return os.open(name, flags, dir_fd=parent.fd)
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno in (errno.ENOTDIR, errno.ELOOP):
                raise NotADirectoryError from None
            raise system_error(self.absolute(directory), exc) from None

    @property
    def _home(self) -> Optional[_Directory]:
        return None if self._fd < 0 else _Directory(self._fd, "")

    def _link_to_itself(self, path: str) -> UnsafePath:
        return UnsafePath(self.absolute(path), f"is a symbolic link to {self.display} itself: link to a directory in it, or remove the link")

    def _unsafe_step(self, path: str, step: str, reason: str, remedy: str = _REMEDY) -> UnsafePath:
        """What is wrong with the directory or link ``step`` on the way to ``path``."""
        link = self._link if path.startswith("/") and self._link else path
        return UnsafePath(self.absolute(link), f"leads out of {self.display}, where {display_text(step)} {reason}: {remedy}")

    def changed(self, directory: int) -> None:
        """Notes, before a change, that the directory with this descriptor has to be synced; UnsafePath where that is not possible."""
        if directory == self._fd:  # opened with O_PATH, which cannot be synced
            try:
                if self._readable < 0:
                    self._readable = os.open(".", DIRECTORY, dir_fd=directory)
            except OSError as exc:
                raise system_error(self.display, exc) from None
            directory = self._readable
        self.unsynced.add(directory)

    def _link_target(self, parent: _Directory, name: str, path: str) -> Optional[str]:
        """The path that a link leads to, None when the name is no link. UnsafePath where it must not be followed."""
        try:
            found = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
            if not stat.S_ISLNK(found.st_mode):
                return None
            outside = parent.real.startswith("/")
            reason = insecure(found, self.identity.uid)
            if outside and reason:
                raise self._unsafe_step(path, join(parent.real, name), reason)
            if not outside and found.st_uid != self.identity.uid:
                reason = f"is a symbolic link of the user with uid {found.st_uid}, not of the user with uid {self.identity.uid}"
                raise UnsafePath(self.absolute(path), f"{reason}: look who made it; if it is meant, let the user make it")
            text = os.readlink(name, dir_fd=parent.fd)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise system_error(self.absolute(path), exc) from None
        directory = parent.real if outside else f"{self._real_base}/{parent.real}"
        target = resolved(directory, text, (self._real_base, self.base.rstrip("/")))
        if target is None:
            raise UnsafePath(self.absolute(path), "is a symbolic link with '..' in the middle: make it a plain one")
        if target.startswith("/"):
            if not self._leaves:
                raise UnsafePath(self.absolute(path), f"is a symbolic link that leads out of {self.display}: {_IN_PLACE}")
            if not outside:
                self._link = path
        return target

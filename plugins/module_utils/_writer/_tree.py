# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way down into a directory that a user controls: component by component, never through a link that leads out.

Everything here works on open directories. It is called with the ids of the user (see ``_identity``), except for the part above
the home, which belongs to root.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import STATE_DIRECTORY
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import Refused, printable, refused

MAX_SIZE = 1024 * 1024
# A plan holds what it has read: a user could have a forged record lead to many large files.
_MAX_READ = 32 * MAX_SIZE
_MAX_LINKS = 40
# A user with a forest of directories must not use up the descriptors of all.
_MAX_DIRECTORIES = 400
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
# O_NONBLOCK: neither a FIFO nor a lease that somebody holds on the file can stop the open.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_KINDS = (
    (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"), (stat.S_ISLNK, "a symbolic link"),
)  # fmt: skip


class _Directory(NamedTuple):
    fd: int
    real: str  # its path below the base, no link in it


class Content(NamedTuple):
    """A file as it was read, and what tells whether it is still the same one."""

    data: bytes
    mode: int
    gid: int
    identity: Tuple[int, int, int]


def kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "no regular file")


class Tree:
    """A home, or a directory in a home's place: paths are relative to it, and nothing outside can be reached.

    ``fd`` -1 stands for a directory that does not exist yet: nothing is found in it. ``state``: where the records are.
    """

    def __init__(self, fd: int, uid: int, base: str, directory_mode: int = 0o700, state: str = STATE_DIRECTORY) -> None:
        self.base = base
        self.state = state
        self.backups = f"{state}/backups"
        self.uid = uid
        self._fd = fd
        self._bases = {each.rstrip("/") for each in (base, os.path.realpath(base) if fd >= 0 else base)}
        self._directory_mode = directory_mode
        self._open: Dict[str, _Directory] = {}
        # What was looked for before: a plan asks for the same places again and again.
        self._missing: Set[str] = set()
        self._resolved: Dict[str, Tuple[_Directory, str]] = {}
        self._read_bytes = 0
        # Descriptors of directories whose entries were changed, until somebody has synced them.
        self.unsynced: Set[int] = set()
        self._readable = -1

    def close(self) -> None:
        for fd in {*(directory.fd for directory in self._open.values()), self._fd, self._readable} - {-1}:
            os.close(fd)
        self._open.clear()
        self._fd = self._readable = -1

    def absolute(self, path: str) -> str:
        """The path for people to read."""
        return printable(f"{self.base.rstrip('/')}/{path}")

    @property
    def descriptors(self) -> int:
        return 2 + len({directory.fd for directory in self._open.values()})

    def missing_directories(self, path: str) -> List[str]:
        """The directories above ``path`` that would have to be made for it, the outermost first."""
        parts = path.split("/")[:-1]
        for count in range(len(parts), 0, -1):
            if self._lookup("/".join(parts[:count])) is not None:
                return ["/".join(parts[:more]) for more in range(count + 1, len(parts) + 1)]
        return ["/".join(parts[:more]) for more in range(1, len(parts) + 1)]

    def check_writable(self, path: str) -> None:
        """Refused when the user may make nothing where ``path`` lies, or not sync it: a dry run has to say so, too."""
        directory = self.real(path).rpartition("/")[0]
        fd = self._lookup(directory)
        while fd is None and directory:
            directory = directory.rpartition("/")[0]
            fd = self._lookup(directory)
        if fd is None or os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=fd, effective_ids=os.access in os.supports_effective_ids):
            return
        where = self.absolute(directory) if directory else self.base
        if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
            raise Refused(where, "lies on a read-only file system: mount it writable")
        if os.fstat(fd).st_mode & stat.S_IRWXU == stat.S_IRWXU:  # the mode is not what keeps the user out
            raise refused(where, PermissionError(errno.EPERM, ""))
        raise Refused(where, "is a directory that its user may not read and write: chmod u+rwx it")

    def _lookup(self, directory: str) -> Optional[int]:
        found = self._walk(directory, create=False)
        return None if found is None else found.fd

    def locate(self, path: str, create: bool = False) -> Optional[Tuple[int, str]]:
        """The open directory that ``path`` lies in and its name there, links of the user's own resolved; None: no such directory.

        The name may or may not exist. The descriptor belongs to the tree.
        """
        found = self._resolve(path, create)
        return None if found is None else (found[0].fd, found[1])

    def real(self, path: str) -> str:
        """The path without links, as far as it exists."""
        found = self._resolve(path, create=False)
        return path if found is None else f"{found[0].real}/{found[1]}".lstrip("/")

    def _resolve(self, path: str, create: bool) -> Optional[Tuple[_Directory, str]]:
        if path not in self._resolved:
            found = self._follow(path, create)
            if found is None:
                return None
            # Should the name become a link later, it is not followed: files are opened and replaced as what they are.
            self._resolved[path] = found
        return self._resolved[path]

    def _follow(self, path: str, create: bool) -> Optional[Tuple[_Directory, str]]:
        directory, _slash, name = path.rpartition("/")
        for links in range(_MAX_LINKS):
            found = self._walk(directory, create, links)
            if found is None:
                return None
            target = self._own_link(found.fd, name, path)
            if target is None:
                return found, name
            directory, _slash, name = self._inside(found.real, target, path).rpartition("/")
        raise Refused(self.absolute(path), "leads through too many symbolic links: remove one")

    def _walk(self, directory: str, create: bool, links: int = 0) -> Optional[_Directory]:
        if not directory:
            return None if self._fd < 0 else _Directory(self._fd, "")
        if directory in self._open:
            return self._open[directory]
        if directory in self._missing and not create:
            return None
        if links > _MAX_LINKS:
            raise Refused(self.absolute(directory), "leads through too many symbolic links: remove one")
        parent_path, _slash, name = directory.rpartition("/")
        parent = self._walk(parent_path, create, links)
        if parent is None:
            return None
        if len(self._open) >= _MAX_DIRECTORIES:
            raise Refused(self.absolute(directory), "is one directory too many: this user's accounts need hundreds of them")
        try:
            found = self._enter(parent, name, directory, create)
        except NotADirectoryError:
            target = self._own_link(parent.fd, name, directory)
            if target is None:
                raise Refused(self.absolute(directory), "is not a directory: move it away") from None
            found = self._walk(self._inside(parent.real, target, directory), create, links + 1)
        if found is None:
            self._missing.add(directory)
        else:
            self._open[directory] = found
            self._missing.discard(directory)
        return found

    def _enter(self, parent: _Directory, name: str, directory: str, create: bool) -> Optional[_Directory]:
        """The directory, None when there is none; NotADirectoryError for anything else, links too."""
        try:
            if create:
                self._make(parent.fd, name)
            fd = os.open(name, _DIRECTORY, dir_fd=parent.fd)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise
        except OSError as exc:
            if exc.errno == errno.ELOOP:
                raise NotADirectoryError from None
            raise refused(self.absolute(directory), exc) from None
        if os.fstat(fd).st_uid != self.uid:
            os.close(fd)
            raise Refused(self.absolute(directory), "belongs to somebody else: give it to the user or move it away")
        return _Directory(fd, f"{parent.real}/{name}" if parent.real else name)

    def _make(self, parent_fd: int, name: str) -> None:
        try:
            self.changed(parent_fd)
            os.mkdir(name, self._directory_mode, dir_fd=parent_fd)
        except FileExistsError:
            pass

    def changed(self, directory: int) -> None:
        """Notes, before a change, that the directory with this descriptor has to be synced; Refused where that cannot be done."""
        if directory == self._fd:  # only a place (O_PATH), which cannot be synced
            try:
                if self._readable < 0:
                    self._readable = os.open(".", _DIRECTORY, dir_fd=directory)
            except OSError as exc:
                raise refused(self.base, exc) from None
            directory = self._readable
        self.unsynced.add(directory)

    def _own_link(self, fd: int, name: str, path: str) -> Optional[str]:
        """Where the user's own link leads, None when the name is no link. Other people's links are refused."""
        try:
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if not stat.S_ISLNK(found.st_mode):
                return None
            if found.st_uid != self.uid:
                raise Refused(self.absolute(path), "is a symbolic link that the user does not own: remove it")
            return os.readlink(name, dir_fd=fd)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise refused(self.absolute(path), exc) from None

    def _inside(self, real: str, target: str, path: str) -> str:
        """The relative path that a link in the directory ``real`` leads to; refused when it leaves the tree."""
        if "/.." in target.lstrip("./"):
            # After a component that may itself be a link, ".." means something that text alone cannot tell.
            raise Refused(self.absolute(path), "is a symbolic link with '..' in the middle: make it a plain one")
        parts = real.split("/") if real else []
        if target.startswith("/"):
            base = next((base for base in self._bases if target.startswith(f"{base}/")), None)
            if base is None:
                raise Refused(self.absolute(path), "is a symbolic link that leads out of the home: remove it")
            parts, target = [], target[len(base) + 1 :]
        for part in target.split("/"):
            if part == "..":
                if not parts:
                    raise Refused(self.absolute(path), "is a symbolic link that leads out of the home: remove it")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        if not parts:
            raise Refused(self.absolute(path), "is a symbolic link to the home itself: remove it")
        return "/".join(parts)

    def exists(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and self._exists(*found)

    def removable(self, path: str) -> Optional[Tuple[int, str]]:
        """The open directory and the name of what lies there, be it a link; None: nothing, or a directory."""
        directory, _slash, name = path.rpartition("/")
        fd = self._lookup(directory)
        try:
            if fd is None or stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                return None
        except FileNotFoundError:
            return None
        return fd, name

    def is_directory(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and self._exists(*found) and stat.S_ISDIR(os.stat(found[1], dir_fd=found[0], follow_symlinks=False).st_mode)

    @staticmethod
    def _exists(fd: int, name: str) -> bool:
        try:
            os.stat(name, dir_fd=fd, follow_symlinks=False)
            return True
        except FileNotFoundError:
            return False

    def names(self, directory: str) -> List[str]:
        """What lies in a directory; nothing when there is no such directory."""
        fd = self._lookup(directory)
        return [] if fd is None else sorted(os.listdir(fd))

    def read(self, path: str) -> Optional[Content]:
        """The file, or None when there is none; refused unless it is the user's own regular file of at most 1 MiB."""
        found = self.locate(path)
        if found is None:
            return None
        return self.read_in(found[0], found[1], path)

    def read_in(self, fd: int, name: str, path: str) -> Optional[Content]:
        where = self.absolute(path)
        try:
            # Before the open: a device may do something when it is opened, and who opens root's file by a hard link has opened it.
            self._check_own_file(os.stat(name, dir_fd=fd, follow_symlinks=False), where)
            descriptor = os.open(name, _READ, dir_fd=fd)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            raise Refused(where, "is held by another program (a lease): close that program") from None
        except OSError as exc:
            if exc.errno == errno.ELOOP:
                raise Refused(where, "is a symbolic link: move it away") from None
            raise refused(where, exc) from None
        try:
            return self._read_descriptor(descriptor, where)
        except OSError as exc:
            raise refused(where, exc) from None
        finally:
            os.close(descriptor)

    def _read_descriptor(self, descriptor: int, where: str) -> Content:
        found = os.fstat(descriptor)
        self._check_own_file(found, where)
        data = b""
        while found.st_size <= MAX_SIZE and len(data) <= MAX_SIZE:
            piece = os.read(descriptor, MAX_SIZE + 1 - len(data))
            if not piece:
                self._read_bytes += len(data)
                if self._read_bytes > _MAX_READ:
                    raise Refused(self.base, "holds more than 32 MiB in files of accounts: move away what is not of mail programs")
                return Content(data, stat.S_IMODE(found.st_mode), found.st_gid, state_of(found))
            data += piece
        raise Refused(where, "is larger than 1 MiB: move it away")

    def _check_own_file(self, found: os.stat_result, where: str) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise Refused(where, f"is {kind(found.st_mode)}, not a file: move it away")
        if found.st_uid != self.uid:
            raise Refused(where, "belongs to somebody else: give it to the user or move it away")


def state_of(found: os.stat_result) -> Tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns

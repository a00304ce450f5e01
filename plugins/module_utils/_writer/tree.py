# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way down into a directory that a user controls: component by component, never through a link that leads out.

Everything here works on open directories, with the ids of the directory's owner (see ``identity``).
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from itertools import islice
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from .content import Content, read_file
from .errors import UnsafePath, display_text, system_error
from .identity import Identity

MAX_LINKS = 40
_MAX_READ = 32 << 20
_MAX_DIRECTORIES = 400
_MAX_NAMES = 50_000
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class _Directory(NamedTuple):
    fd: int
    real: str  # its path below the base, without links


class Tree:
    """A directory: paths are relative to it, and nothing outside can be reached.

    ``fd`` -1 is a directory that does not exist yet: nothing is found in it. ``identity``: with whose ids everything is done here.
    ``display`` is displayed instead of ``base``.
    """

    def __init__(self, fd: int, identity: Identity, base: str, directory_mode: int = 0o700, display: Optional[str] = None) -> None:
        self.base = base
        self.display = display or base
        self.identity = identity
        self._fd = fd
        self._bases = {each.rstrip("/") for each in (base, os.path.realpath(base) if fd >= 0 else base)}
        self._directory_mode = directory_mode
        # A plan asks for the same paths again and again.
        self._open: Dict[str, _Directory] = {}
        self._missing: Set[str] = set()
        self._resolved: Dict[str, Tuple[_Directory, str]] = {}
        self._read_bytes = 0
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
        return display_text(f"{self.display.rstrip('/')}/{path}")

    @property
    def descriptors(self) -> int:
        return 2 + len({directory.fd for directory in self._open.values()})

    def missing_directories(self, path: str) -> List[str]:
        """The directories above ``path`` that would have to be made for it, the outermost first."""
        parts = path.split("/")[:-1]
        above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return [directory for directory in above if self._lookup(directory) is None]

    def check_writable(self, path: str) -> None:
        """UnsafePath when its owner cannot make or sync anything where ``path`` lies: a dry run has to find that, too."""
        directory, fd = self.real(path), None
        while fd is None and directory:
            directory = directory.rpartition("/")[0]
            fd = self._lookup(directory)
        if fd is None or os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=fd, effective_ids=os.access in os.supports_effective_ids):
            return
        where = self.absolute(directory) if directory else self.display
        if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
            raise UnsafePath(where, "lies on a read-only file system: mount it writable")
        if os.fstat(fd).st_mode & stat.S_IRWXU == stat.S_IRWXU:  # it is not the mode that forbids it
            raise system_error(where, PermissionError(errno.EPERM, ""))
        raise UnsafePath(where, "is a directory that its user may not read and write: chmod u+rwx it")

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
        if path in self._resolved:
            return self._resolved[path]
        directory, _slash, name = path.rpartition("/")
        for links in range(MAX_LINKS):
            found = self._walk(directory, create, links)
            if found is None:
                return None
            target = self._own_link(found.fd, name, path)
            if target is None:
                # If the name becomes a link later, nothing follows it: files are opened with O_NOFOLLOW and replaced by a rename.
                self._resolved[path] = found, name
                return found, name
            directory, _slash, name = self._inside(found.real, target, path).rpartition("/")
        raise UnsafePath(self.absolute(path), "leads through too many symbolic links: remove one")

    def _walk(self, directory: str, create: bool, links: int = 0) -> Optional[_Directory]:
        if not directory:
            return None if self._fd < 0 else _Directory(self._fd, "")
        if directory in self._open:
            return self._open[directory]
        if directory in self._missing and not create:
            return None
        if links > MAX_LINKS:
            raise UnsafePath(self.absolute(directory), "leads through too many symbolic links: remove one")
        parent_path, _slash, name = directory.rpartition("/")
        parent = self._walk(parent_path, create, links)
        if parent is None:
            return None
        if len(self._open) >= _MAX_DIRECTORIES:
            raise UnsafePath(self.absolute(directory), f"is one of more than {_MAX_DIRECTORIES} directories that are needed here: use fewer")
        try:
            found = self._enter(parent, name, directory, create)
        except NotADirectoryError:
            target = self._own_link(parent.fd, name, directory)
            if target is None:
                raise UnsafePath(self.absolute(directory), "is not a directory: move it away") from None
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
                self.changed(parent.fd)
                with suppress(FileExistsError):
                    os.mkdir(name, self._directory_mode, dir_fd=parent.fd)
            fd = os.open(name, _DIRECTORY, dir_fd=parent.fd)
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno in (errno.ENOTDIR, errno.ELOOP):
                raise NotADirectoryError from None
            raise system_error(self.absolute(directory), exc) from None
        if os.fstat(fd).st_uid != self.identity.uid:
            os.close(fd)
            raise UnsafePath(self.absolute(directory), "belongs to another user: chown it or move it away")
        return _Directory(fd, f"{parent.real}/{name}" if parent.real else name)

    def changed(self, directory: int) -> None:
        """Notes, before a change, that the directory with this descriptor has to be synced; UnsafePath where that is not possible."""
        if directory == self._fd:  # opened with O_PATH, which cannot be synced
            try:
                if self._readable < 0:
                    self._readable = os.open(".", _DIRECTORY, dir_fd=directory)
            except OSError as exc:
                raise system_error(self.display, exc) from None
            directory = self._readable
        self.unsynced.add(directory)

    def _own_link(self, fd: int, name: str, path: str) -> Optional[str]:
        """Where the user's own link leads, None when the name is no link. UnsafePath for a link of another user's."""
        try:
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if not stat.S_ISLNK(found.st_mode):
                return None
            if found.st_uid != self.identity.uid:
                raise UnsafePath(self.absolute(path), "is a symbolic link that the user does not own: remove it")
            return os.readlink(name, dir_fd=fd)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise system_error(self.absolute(path), exc) from None

    def _inside(self, real: str, target: str, path: str) -> str:
        """The relative path that a link in the directory ``real`` leads to; UnsafePath when it leaves the tree."""
        if "/.." in target.lstrip("./"):
            # After a component that may itself be a link, the text does not tell what ".." means.
            raise UnsafePath(self.absolute(path), "is a symbolic link with '..' in the middle: make it a plain one")
        parts = real.split("/") if real else []
        if target.startswith("/"):
            base = next((base for base in self._bases if target.startswith(f"{base}/")), None)
            if base is None:
                raise UnsafePath(self.absolute(path), f"is a symbolic link that leads out of {self.display}: remove it")
            parts, target = [], target[len(base) + 1 :]
        for part in target.split("/"):
            if part == "..":
                if not parts:
                    raise UnsafePath(self.absolute(path), f"is a symbolic link that leads out of {self.display}: remove it")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        if not parts:
            raise UnsafePath(self.absolute(path), f"is a symbolic link to {self.display} itself: remove it")
        return "/".join(parts)

    def exists(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and _file_type(*found) is not None

    def is_directory(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and _file_type(*found) == stat.S_IFDIR

    def removable(self, path: str) -> Optional[Tuple[int, str]]:
        """The open directory and the name of what lies there, also of a link; None: nothing, or a directory."""
        directory, _slash, name = path.rpartition("/")
        fd = self._lookup(directory)
        return None if fd is None or _file_type(fd, name) in (None, stat.S_IFDIR) else (fd, name)

    def names(self, directory: str) -> List[str]:
        """The names in a directory; none when there is no such directory. UnsafePath for more than the memory of this process is for."""
        fd = self._lookup(directory)
        if fd is None:
            return []
        with os.scandir(fd) as found:
            names = [entry.name for entry in islice(found, _MAX_NAMES + 1)]
        if len(names) > _MAX_NAMES:
            raise UnsafePath(self.absolute(directory), f"holds more than {_MAX_NAMES} files: remove those that no program needs")
        return sorted(names)

    def read(self, path: str) -> Optional[Content]:
        """The file, or None when there is none; UnsafePath unless it is the user's own regular file of at most 1 MiB."""
        found = self.locate(path)
        content = None if found is None else read_file(*found, self.identity.uid, self.absolute(path))
        if content is not None:
            self._read_bytes += len(content.data)
            if self._read_bytes > _MAX_READ:
                raise UnsafePath(self.display, "has more than 32 MiB in the files that are compared: move away what no program needs")
        return content


def _file_type(directory: int, name: str) -> Optional[int]:
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None

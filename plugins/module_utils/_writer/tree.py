# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies in a directory that a user controls, and what can be done there."""

from __future__ import annotations

import errno
import os
import stat
from itertools import islice
from typing import Any, List, Optional, Sequence, Set, Tuple

from .content import Content, read_file
from .encryption import check_unlocked
from .errors import UnsafePath, perhaps_not_mounted, system_error
from .links import split
from .way import DIRECTORY, Way

_MAX_READ = 32 << 20
_MAX_NAMES = 50_000


class Tree(Way):
    """A directory and what its user's links lead to; ``Way`` has the arguments. Everything is done with the ids of ``identity``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._read_bytes = 0
        self._writable: Set[int] = set()  # directories that were looked at

    def missing_directories(self, path: str) -> List[str]:
        """The directories above ``path`` that would have to be made for it, the outermost first."""
        parts = path.split("/")[:-1]
        above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return [directory for directory in above if self.lookup(directory) is None]

    def check_writable(self, path: str) -> None:
        """UnsafePath when its owner cannot make or sync anything where ``path`` lies: a dry run has to find that, too."""
        directory, fd = self.real(path), None
        while fd is None and directory:
            directory = split(directory)[0]
            fd = self.lookup(directory)
        if fd is None or fd in self._writable:
            return
        where = self.absolute(directory) if directory else self.display
        if os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=fd, effective_ids=os.access in os.supports_effective_ids):
            self._check_unlocked(fd, where)
            self._writable.add(fd)
            return
        if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
            raise UnsafePath(where, "lies on a read-only file system: look why it is read-only; it has to be mounted writable")
        if os.fstat(fd).st_mode & stat.S_IRWXU == stat.S_IRWXU:  # it is not the mode that forbids it
            raise system_error(where, PermissionError(errno.EPERM, ""))
        raise UnsafePath(where, f"is a directory that its user may not read and write; {perhaps_not_mounted('look at its mode')}")

    @staticmethod
    def _check_unlocked(fd: int, where: str) -> None:
        try:
            readable = os.open(".", DIRECTORY, dir_fd=fd)
            try:
                check_unlocked(readable)
            finally:
                os.close(readable)
        except OSError as exc:
            raise system_error(where, exc) from None

    def first_of(self, directory: str, names: Sequence[str]) -> str:
        """The first of the names that is in the directory, "" for none."""
        fd = self.lookup(directory)
        return "" if fd is None else next((name for name in names if _file_type(fd, name) is not None), "")

    def exists(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and _file_type(*found) is not None

    def is_directory(self, path: str) -> bool:
        found = self.locate(path)
        return found is not None and _file_type(*found) == stat.S_IFDIR

    def removable(self, path: str) -> Optional[Tuple[int, str]]:
        """The open directory and the name of what lies there, also of a link; None: nothing, or a directory."""
        directory, name = split(path)
        fd = self.lookup(directory)
        return None if fd is None or _file_type(fd, name) in (None, stat.S_IFDIR) else (fd, name)

    def names(self, directory: str) -> List[str]:
        """The names in a directory; none when there is no such directory. UnsafePath for more than the memory of this process is for."""
        fd = self.users_directory(directory)
        if fd is None:
            return []
        # Again, because the place's own directory was opened to pass through it, and not to read it.
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
        try:
            with os.scandir(readable) as found:
                names = [entry.name for entry in islice(found, _MAX_NAMES + 1)]
        finally:
            os.close(readable)
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

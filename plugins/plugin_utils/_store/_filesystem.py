# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stores in files have in common: paths, and sentences for what the operating system says."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import Iterator

from .._model.errors import MailopsError
from . import Store
from ._plain_file import closing, printable


class FileStore(Store):
    """A store at a path."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    @property
    def identity(self) -> tuple[str | None, ...]:
        return type(self).__name__, os.path.realpath(self.path)

    @property
    def exists(self) -> bool:
        return os.path.exists(self.path)

    def refuse_dangling_link(self) -> None:
        if os.path.islink(self.path):
            raise self.problem("is a link to nothing; remove it or create what it points to")

    def refuse_unwritable(self, *paths: str) -> None:
        """MailopsError when this user may not write one of these files, or create files in one of these directories."""
        for path in paths:
            if not os.access(path, os.W_OK | (os.X_OK if os.path.isdir(path) else 0), effective_ids=True):
                raise self.unwritable(path)

    def unwritable(self, path: str) -> MailopsError:
        what = "it" if path == self.path else printable(path)
        return self.problem(f"this user may not read or write {what}; correct the owner and mode, or give another path in store")

    def nearest_directory(self) -> str:
        """The directory in which the store, or what leads to it, would be created."""
        return next(path for path in _parents(self.path) if os.path.exists(path))

    def os_problem(self, exc: OSError, path: str) -> MailopsError:
        """One sentence with a remedy; ``path`` is what the system call was about."""
        if exc.errno == errno.ENOTDIR:
            return self.problem("a part of this path is not a directory; give another path")
        if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return self.unwritable(path)
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            return self.problem("the disk is full; make room, no profile was changed")
        return self.problem(f"{exc.strerror or type(exc).__name__}; correct that, or give another path")


def make_directories(path: str) -> None:
    """Create a directory and those that lead to it, for this user only."""
    missing = [each for each in (path, *_parents(path)) if not os.path.exists(each)]
    for each in reversed(missing):
        with suppress(FileExistsError):  # another run was faster
            os.mkdir(each, 0o700)
        with suppress(PermissionError):  # the right to create files there does not include that to list them
            _sync_directory(os.path.dirname(each))


def _sync_directory(path: str) -> None:
    with closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as descriptor:
        os.fsync(descriptor)


def _parents(path: str) -> Iterator[str]:
    """The directories above a path, the nearest first."""
    while path != "/":
        path = os.path.dirname(path)
        yield path

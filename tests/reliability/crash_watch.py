# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps in between the worker and the system: every call that changes a file system is seen, and one of them is the last, or fails."""

from __future__ import annotations

import errno
import json
import mmap
import os
import signal
import stat
import struct
import threading
from pathlib import Path
from typing import Any

from .filesystems import shut_down

_CALLS = (
    "open", "write", "pwrite", "truncate", "ftruncate", "chmod", "fchmod", "chown", "fchown", "setxattr", "removexattr", "utime",
    "fsync", "fdatasync", "rename", "replace", "link", "symlink", "unlink", "remove", "mkdir", "rmdir", "mknod", "mkfifo",
)  # fmt: skip
# What may need a free block or inode.
NEEDS_SPACE = frozenset({"open", "write", "mkdir", "rename", "setxattr", "fsync"})


class Watch:
    """Counts the calls of the worker, over all workers of a run. ``number`` can be read by whoever made the watch."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, 8)
        self._lock = threading.Lock()

    @property
    def number(self) -> int:
        return struct.unpack_from("@Q", self._page)[0]

    def install(self) -> None:
        """In the process of the module, before it forks the worker."""
        module = os.getpid()
        for name in _CALLS:
            setattr(os, name, self._wrapped(name, getattr(os, name), module))

    def _wrapped(self, name: str, real: Any, module: int) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if os.getpid() == module or (name == "open" and not arguments[1] & os.O_CREAT):
                return real(*arguments, **named)
            with self._lock:
                struct.pack_into("@Q", self._page, 0, self.number + 1)
                self.before(name, arguments)
            result = real(*arguments, **named)
            self.after(name, arguments, named, result)
            return result

        return call

    def before(self, name: str, arguments: Any) -> None:
        pass

    def after(self, name: str, arguments: Any, named: Any, result: Any) -> None:
        pass


class Kill(Watch):
    """``kill -9`` in place of the call with number ``last``."""

    def __init__(self, last: int, whom: str) -> None:
        super().__init__()
        self._last, self._whom = last, whom

    def before(self, name: str, arguments: Any) -> None:
        if self.number == self._last:
            if self._whom != "worker":
                os.kill(os.getppid(), signal.SIGKILL)
            if self._whom != "parent":
                os.kill(os.getpid(), signal.SIGKILL)


class PowerCut(Watch):
    """The file system stops in place of the call with number ``last``; what was not synced is lost."""

    def __init__(self, last: int, mount_point: Path) -> None:
        super().__init__()
        self._last, self._mount_point = last, mount_point

    def before(self, name: str, arguments: Any) -> None:
        if self.number == self._last:
            os.seteuid(0)
            shut_down(self._mount_point)
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


class NoSpace(Watch):
    """The disk of the user ``uid`` is full for the ``first`` call that needs space, and with ``lasting`` for all after it."""

    def __init__(self, first: int, uid: int, lasting: bool) -> None:
        super().__init__()
        self._first, self._uid, self._lasting = first, uid, lasting
        self._found = mmap.mmap(-1, 8)

    @property
    def found(self) -> int:
        """How many such calls there were."""
        return struct.unpack_from("@Q", self._found)[0]

    def before(self, name: str, arguments: Any) -> None:
        uid = os.fstat(arguments[0]).st_uid if name == "fsync" else os.geteuid()  # anybody may sync
        if uid == self._uid and name in NEEDS_SPACE:
            struct.pack_into("@Q", self._found, 0, self.found + 1)
            if self.found == self._first or (self._lasting and self.found > self._first):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Record(Watch):
    """Writes every call with the inodes that it is about to ``path``, a line of JSON each, for ``crash_disk``."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._write, self._fd = os.write, os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def after(self, name: str, arguments: Any, named: Any, result: Any) -> None:
        line = self._line(name, arguments, named, result)
        self._write(self._fd, json.dumps([name, *line]).encode() + b"\n")

    @staticmethod
    def _line(name: str, arguments: Any, named: Any, result: Any) -> list[Any]:
        subject = arguments[0]
        if name == "rename":
            source, target = os.fstat(named["src_dir_fd"]).st_ino, os.fstat(named["dst_dir_fd"]).st_ino
            assert source == target, "a rename over directories may happen by halves"
            return [source, *arguments]
        if isinstance(subject, int):
            found = os.fstat(subject)
            data = bytes(arguments[1][:result]).hex() if name == "write" else ""
            return [found.st_ino, stat.S_IMODE(found.st_mode), data]
        directory = os.fstat(named["dir_fd"]).st_ino
        if name in ("open", "mkdir"):
            found = os.stat(subject, dir_fd=named["dir_fd"], follow_symlinks=False)
            return [directory, subject, found.st_ino, stat.S_IMODE(found.st_mode)]
        return [directory, subject]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads one file in an open directory, which its user may have replaced by anything."""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple, Optional, Tuple

from .errors import UnsafePath, other_owner, system_error

MAX_SIZE = 1024 * 1024
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_KINDS = (
    (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"), (stat.S_ISLNK, "a symbolic link"),
)  # fmt: skip


class Content(NamedTuple):
    """A file as it was read. ``version`` differs when another program changed or replaced it since."""

    data: bytes
    mode: int
    gid: int
    version: Tuple[int, int, int]


def version_of(found: os.stat_result) -> Tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def read_file(directory: int, name: str, uid: int, where: str) -> Optional[Content]:
    """None when there is no file; UnsafePath unless it is a regular file of this uid of at most 1 MiB."""
    try:
        # Before the open: opening a device may have an effect, and a hard link may lead to a file of root's.
        _check_own_file(os.stat(name, dir_fd=directory, follow_symlinks=False), uid, where)
        descriptor = os.open(name, READ, dir_fd=directory)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        raise UnsafePath(where, "is held by another program (a lease): close that program") from None
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise UnsafePath(where, "is a symbolic link: move it away") from None
        raise system_error(where, exc) from None
    try:
        return _read_descriptor(descriptor, uid, where)
    except OSError as exc:
        raise system_error(where, exc) from None
    finally:
        os.close(descriptor)


def _read_descriptor(descriptor: int, uid: int, where: str) -> Content:
    found = os.fstat(descriptor)
    _check_own_file(found, uid, where)
    data = b""
    while found.st_size <= MAX_SIZE and len(data) <= MAX_SIZE:
        piece = os.read(descriptor, MAX_SIZE + 1 - len(data))
        if not piece:
            return Content(data, stat.S_IMODE(found.st_mode), found.st_gid, version_of(found))
        data += piece
    raise UnsafePath(where, "is larger than 1 MiB: move it away")


def _check_own_file(found: os.stat_result, uid: int, where: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for test, name in _KINDS if test(found.st_mode)), "a special file")
        raise UnsafePath(where, f"is {kind}, not a file: move it away")
    if found.st_uid != uid:
        raise UnsafePath(where, other_owner(found.st_uid, uid, "look who should own it, or move it away"))

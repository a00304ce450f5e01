# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that fscrypt encrypts, and that nobody has unlocked."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

_LONG = struct.Struct("@l")
_GET_FLAGS = 2 << 30 | _LONG.size << 16 | 0x6601  # FS_IOC_GETFLAGS (linux/fs.h)
_ENCRYPTED = 0x800  # FS_ENCRYPT_FL
_KEY_ERRORS = [getattr(errno, name, -1) for name in ("ENOKEY", "EKEYEXPIRED", "EKEYREVOKED")]


def is_encrypted(directory: int) -> bool:
    """``directory``: a descriptor that can be read."""
    try:
        return bool(_LONG.unpack(fcntl.ioctl(directory, _GET_FLAGS, _LONG.pack(0)))[0] & _ENCRYPTED)
    except OSError:  # a file system without such flags
        return False


def why_locked(directory: int) -> int:
    """The number of the error with which a file cannot be made in an encrypted directory; 0 where it can, or for any other directory. Only the attempt
    tells for every kind of key; a file without a name is never seen, and gone when it is closed."""
    if not hasattr(os, "O_TMPFILE") or not is_encrypted(directory):
        return 0
    try:
        os.close(os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=directory))
    except OSError as exc:
        return exc.errno or 0
    return 0


def check_unlocked(directory: int) -> None:
    """OSError of a missing key where a file could not be made."""
    number = why_locked(directory)
    if number in _KEY_ERRORS:
        raise OSError(number, os.strerror(number))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a place, or a whole host, cannot be served."""

from __future__ import annotations

import errno
import os

from .._text import internal_error, printable

# Characters. The controller rejects longer sentences, and a user may have made a path as long as a link can be.
_MAX_DISPLAYED = 1500
_MAX_SENTENCE = 2000


def display_text(text: str) -> str:
    """A text that a user had a hand in (a name, a link, a manifest), safe for a terminal and not too long for the answer."""
    text = printable(text)
    return text if len(text) <= _MAX_DISPLAYED else f"{text[:_MAX_DISPLAYED]}..."


class WriterError(Exception):
    """One sentence about a run that cannot go on."""


class UnsafePath(WriterError):
    """One sentence about one path, which fails one place. It quotes no content of any file. ``errno``: of the system's error, 0 for others."""

    def __init__(self, path: str, reason: str, errno: int = 0) -> None:
        self.path = display_text(path)
        self.errno = errno
        super().__init__(f"{self.path} {printable(reason)}"[:_MAX_SENTENCE])


# Encrypted homes (fscrypt, eCryptfs, gocryptfs, systemd-homed), pam_mount, autofs, NFS and FUSE look alike from here, and to change an owner or
# a mode below a mount point would be wrong for all of them.
NOT_THERE = "it may not be mounted or unlocked: mount or unlock it, or let the user log in"
# Nobody can say what is in such a directory. (No key, server or device for it; a program that served the mount and has ended.)
UNREACHABLE = {
    getattr(errno, name)
    for name in (
        "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "ESTALE", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ENODEV", "ENXIO", "EIO", "EREMOTEIO",
    )
    if hasattr(errno, name)
}  # fmt: skip


def perhaps_not_mounted(otherwise: str) -> str:
    """The end of a sentence about what may only be away."""
    return f"{NOT_THERE}; otherwise {otherwise}"


_REMEDIES = {
    **dict.fromkeys(UNREACHABLE, perhaps_not_mounted("look at what serves the mount (findmnt)")),
    errno.EACCES: perhaps_not_mounted("look at its owner and mode and those of the directories above; a FUSE mount needs allow_other"),
    errno.EPERM: perhaps_not_mounted("look for an immutable or append-only attribute with lsattr, also of the directory"),
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "raise the user's quota or make room in it",
    errno.EROFS: "look why it is read-only; it has to be mounted writable",
    errno.EIO: perhaps_not_mounted("look for errors of its disk or server in the kernel's log"),
    errno.EISDIR: "move the directory away",
    errno.ENOTDIR: "a part of the path is not a directory: move it away",
    errno.ELOOP: "look where its symbolic links lead",
}


def other_owner(found: int, wanted: int, otherwise: str = "look who should own it") -> str:
    return f"belongs to the user with uid {found}, not to the user with uid {wanted}; {perhaps_not_mounted(otherwise)}"


def system_error(path: str, error: OSError) -> UnsafePath:
    """The sentence for an error of the operating system."""
    message = os.strerror(error.errno) if error.errno else type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0)
    return UnsafePath(path, f"cannot be used: {message}" + (f" ({remedy})" if remedy else ""), error.errno or 0)


def unexpected(path: str, error: Exception) -> UnsafePath:
    """The sentence for any error in the work on one place."""
    if isinstance(error, UnsafePath):
        return error
    return system_error(path, error) if isinstance(error, OSError) else UnsafePath(path, f"failed: {internal_error(error)}")

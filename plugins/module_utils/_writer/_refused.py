# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a user, or a whole host, cannot be served."""

from __future__ import annotations

import errno
import os


class HostError(Exception):
    """One sentence about a run that cannot go on."""


def printable(text: str) -> str:
    """A text that a user had a hand in (a name, a link, a record): it must not control the administrator's terminal, and Ansible takes
    nothing that is not valid Unicode."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


class Refused(Exception):
    """One sentence about one path; it holds no content of any file."""

    def __init__(self, path: str, reason: str) -> None:
        path, reason = printable(path), printable(reason)
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


_REMEDIES = {
    errno.EACCES: "look at its owner and mode and those of the directories above; a FUSE mount needs allow_other",
    errno.EPERM: "look for an immutable or append-only attribute with lsattr, also of the directory",
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "raise the user's quota or make room in it",
    errno.EROFS: "mount it writable",
    errno.EISDIR: "move the directory away",
    errno.ENOTDIR: "move away what stands in the way",
    errno.ELOOP: "remove the symbolic link",
    errno.ESTALE: "mount it again",
    errno.ENOTCONN: "unmount it, or start what serves the mount again",
}


def refused(path: str, error: OSError) -> Refused:
    """The sentence for what the operating system said."""
    said = os.strerror(error.errno) if error.errno else type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0)
    return Refused(path, f"cannot be used: {said}" + (f" ({remedy})" if remedy else ""))


def internal_error(error: Exception) -> str:
    """A mistake of ours: its class and place, because its text may quote a password."""
    place = error.__traceback__
    while place.tb_next:
        place = place.tb_next
    file = os.path.basename(place.tb_frame.f_code.co_filename)
    return f"internal error {type(error).__name__} at {file}:{place.tb_lineno}; please report it"


def unexpected(path: str, error: Exception) -> Refused:
    return Refused(path, f"failed: {internal_error(error)}")

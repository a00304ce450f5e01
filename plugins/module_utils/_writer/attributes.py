# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Group, access list, extended attributes and SELinux context of a new file."""

from __future__ import annotations

import os
import struct
from typing import List

from .errors import display_text

_ACL = "system.posix_acl_access"
_ACL_ENTRY = struct.Struct("<HHI")
_ACL_OWNER, _ACL_MASK, _ACL_OTHERS = 0x01, 0x10, 0x20


def keep_attributes(fd: int, directory: int, name: str, gid: int, mode: int) -> List[str]:
    """Gives the new file the attributes of the user's own file, as far as the user may set them; what is lost."""
    lost = []
    if gid != os.fstat(fd).st_gid:
        try:
            os.fchown(fd, -1, gid)
        except OSError:
            lost.append("its group")
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    try:
        try:
            attributes = {attribute: os.getxattr(source, attribute) for attribute in os.listxattr(source)}
        except (OSError, AttributeError):  # a file system, or a system, without them
            attributes = {}
        if _ACL not in attributes:
            drop_acl(fd)
        for attribute, value in attributes.items():
            try:
                os.setxattr(fd, attribute, _narrowed(value, mode) if attribute == _ACL else value)
            except OSError:
                lost.append(f"its attribute {display_text(attribute)}")
    finally:
        os.close(source)
    return lost


def drop_acl(fd: int) -> None:
    """A default access list of the directory gives a new file named users; with a mode of 0640 they could read it."""
    try:
        os.removexattr(fd, _ACL)
    except (OSError, AttributeError):
        pass


def set_context(fd: int, context: str) -> bool:
    try:
        os.setxattr(fd, "security.selinux", context.encode() + b"\0")
    except OSError:
        return False
    return True


def _narrowed(acl: bytes, mode: int) -> bytes:
    """An access list that allows no more than ``mode``.

    Setting a list also sets the mode: unchanged, the list would open the file to the users that it names until the mode is set
    again, and a user who has opened it then can read what is written later. (struct posix_acl_xattr_entry, linux/posix_acl_xattr.h)
    """
    bits = {_ACL_OWNER: mode >> 6, _ACL_MASK: mode >> 3, _ACL_OTHERS: mode}
    entries = (_ACL_ENTRY.pack(tag, perm & bits.get(tag, 7) & 7, who) for tag, perm, who in _ACL_ENTRY.iter_unpack(acl[4:]))
    return acl[:4] + b"".join(entries)

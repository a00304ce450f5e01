# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System calls that Python 3.10 has no functions for. The programs unshare and mount would take milliseconds each."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_MNT_DETACH = 0x2
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def mount(fstype: str, target: str, options: str = "", flags: int = 0, source: str = "") -> None:
    _check(_libc.mount(os.fsencode(source or fstype), os.fsencode(target), fstype.encode(), ctypes.c_ulong(flags), options.encode()), target)


def change_root(root: str) -> None:
    """Make root, which is a mount, this process's / and let go of the old one."""
    os.chdir(root)
    # The old root is stacked on top of the new one, so no directory is needed for it.
    _check(_libc.pivot_root(b".", b"."), root)
    _check(_libc.umount2(b".", _MNT_DETACH), root)
    os.chdir("/")


def _check(result: int, name: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)

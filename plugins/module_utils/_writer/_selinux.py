# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELinux contexts, as the host's policy wants them."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

_MOUNT = "/sys/fs/selinux"
_REGULAR_FILE = 0o100600
_NOT_TRANSLATED = 2  # MATCHPATHCON_NOTRANS: a file takes only the kernel's form, and no service has to be asked for another


def policy() -> Optional[Callable[[str], str]]:
    """Path -> the context of a regular file there, "" where there shall be none; None without SELinux.

    Called as root, before any change of ids: the policy is loaded with the first question.
    """
    if not os.path.isdir(_MOUNT):
        return None
    try:
        import ctypes  # here, because it takes a while and few hosts need it

        library = ctypes.CDLL("libselinux.so.1")
    except (ImportError, OSError):
        return None  # files get what their directories give
    if library.is_selinux_enabled() != 1:
        return None
    label = contexts(library)
    return label if label("/") else None


def contexts(library: Any) -> Callable[[str], str]:
    """By matchpathcon(3) of libselinux."""
    from ctypes import POINTER, byref, c_char_p, c_uint, c_void_p, string_at

    library.matchpathcon.argtypes = (c_char_p, c_uint, POINTER(c_void_p))
    library.freecon.argtypes = (c_void_p,)
    library.set_matchpathcon_flags(_NOT_TRANSLATED)

    def label(path: str) -> str:
        found = c_void_p()
        if library.matchpathcon(os.fsencode(path), _REGULAR_FILE, byref(found)) != 0:
            return ""
        try:
            return string_at(found.value or b"").decode()
        finally:
            library.freecon(found)

    return label

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where symbolic links lead, and who can exchange a step of a path."""

from __future__ import annotations

import os
import stat
from typing import Iterable, Optional, Tuple

MAX_LINKS = 40
# The kernel makes what is in there, or root keeps the host's own settings there.
_NEVER = ("/proc", "/sys", "/dev", "/etc")


def split(path: str) -> Tuple[str, str]:
    """The directory and the name; paths are relative to a place, or absolute outside of it."""
    directory, slash, name = path.rpartition("/")
    return directory or slash, name


def join(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}" if directory else name


def resolved(directory: str, target: str, bases: Iterable[str]) -> Optional[str]:
    """The path that a link in the absolute ``directory`` leads to: relative where it is below one of ``bases``, "" for a base itself, else
    absolute. None where the text alone does not tell: behind a component that may be a link, ".." can mean anything."""
    if "/.." in target.lstrip("./"):
        return None
    path = "/" + os.path.normpath(os.path.join(directory, target)).lstrip("/")
    for base in bases:
        if path.startswith(f"{base}/") or path == base:
            return path[len(base) + 1 :]
    return path


def insecure(found: os.stat_result, uid: int) -> Optional[str]:
    """Why a directory or a link outside of the home is not to be trusted: others than root and the user can exchange what it leads to.
    None: it is root's, and no other can write to it, or the user's own. A sticky directory does not count as safe: any user can be
    the first to make a name in it."""
    if found.st_uid == uid:
        return None
    if found.st_uid != 0:
        return f"belongs to the user with uid {found.st_uid}"
    if not stat.S_ISLNK(found.st_mode) and found.st_mode & 0o022:
        return f"belongs to root, but others can write to it (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


def is_never_a_users(path: str) -> bool:
    return path in _NEVER

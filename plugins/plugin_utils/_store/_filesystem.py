# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stores in files have in common: paths, and sentences for what the operating system says."""

from __future__ import annotations

import errno
import os
from typing import Any, Iterator


def parents(path: str) -> Iterator[str]:
    """The directories above a path, the nearest first."""
    while path != "/":
        path = os.path.dirname(path)
        yield path


def may_write(path: str) -> bool:
    """Whether this user may write a file, or create files in a directory."""
    return os.access(path, os.W_OK | (os.X_OK if os.path.isdir(path) else 0), effective_ids=True)


def unwritable(location: str, path: Any) -> str:
    what = "it" if path == location else path
    return f"store {location}: this user may not read or write {what}; mend owner and mode, or give another path in store"


def os_message(location: str, exc: OSError, path: str) -> str:
    """One sentence with a remedy; ``path`` is what the system call was about."""
    if exc.errno == errno.ENOTDIR:
        return f"store {location}: a part of this path is not a directory; give another path"
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return unwritable(location, path)
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"store {location}: the disk is full; make room, no profile was changed"
    return f"store {location}: {exc.strerror or type(exc).__name__}; mend that, or give another path"

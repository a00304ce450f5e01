# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a run last left a place as it should be: a file beside root's list.

Apart from the list, on which it depends what is removed from homes: a run that changes nothing leaves the list alone, and does not wait for a disk.
Nothing depends on this file, so it is written without a sync, and one that is damaged or cannot be written counts as empty.
"""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import suppress
from typing import Container, Dict, Iterable, Tuple

from . import state

# As in root's list: path, and whether it is a home.
_Key = Tuple[str, bool]


def read_confirmed(instance: str) -> Dict[_Key, int]:
    """Place -> seconds since 1970."""
    try:
        fd = os.open(_path(instance), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                return {}
            return {(str(path), is_home is True): int(seconds) for path, is_home, seconds in json.loads(file.read().decode("utf-8"))}
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def note_confirmed(instance: str, done: Iterable[_Key], served: Container[_Key]) -> None:
    """``served``: all places of root's list; what is not on it any more is forgotten."""
    now = int(time.time())
    known = {**read_confirmed(instance), **dict.fromkeys(done, now)}
    places = [(path, is_home, known[path, is_home]) for path, is_home in sorted(known) if (path, is_home) in served]
    path = _path(instance)
    with suppress(OSError):
        if not places:
            os.unlink(path)
            return
        temp = f"{path}.tmp"
        with suppress(FileNotFoundError):
            os.unlink(temp)
        fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(json.dumps(places).encode())
        os.rename(temp, path)


def _path(instance: str) -> str:
    return os.path.join(state.ROOT, state.OF_ROOT, f"{instance}.confirmed")

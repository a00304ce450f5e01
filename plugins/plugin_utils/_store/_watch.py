# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a connection to a server that never finishes its answer, or answers without end.

libpq has a time limit for connecting only, and takes whatever a server sends into memory. So a thread looks at the clock and at the size of
this process, and shuts the socket down, which libpq reports as a lost connection.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import threading
import time
from contextlib import contextmanager
from typing import Iterator

MAX_GROWTH = 256 * 1024 * 1024  # bytes; 20,000 profiles take less than half of it
_INTERVAL = 0.02  # a server nearby sends some 20 MiB meanwhile
_UNIT = 1 if sys.platform == "darwin" else 1024


class Watch:
    """``reason``: why the connection was ended; None when it was not."""

    def __init__(self, descriptor: int, deadline: float, seconds: float) -> None:
        self.reason: str | None = None
        self._deadline = deadline
        self._seconds = seconds
        self._size = _largest_size()
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._done.set()
        self._thread.join()
        self._socket.close()

    def _look(self) -> None:
        while not self._done.wait(_INTERVAL):
            if time.monotonic() > self._deadline:
                self.reason = (
                    f"the server did not finish within {self._seconds:g} seconds; nothing was changed, look what keeps it (pg_stat_activity), or "
                    "whether it is your server at all, then run again"
                )
            elif _largest_size() - self._size > MAX_GROWTH:
                self.reason = (
                    f"the server sent more than {MAX_GROWTH >> 20} MiB, which no store has; nothing was changed, restore it from a backup, and look "
                    "who can write to it"
                )
            if self.reason:
                self._socket.shutdown(socket.SHUT_RDWR)
                return


@contextmanager
def watching(descriptor: int, deadline: float, seconds: float) -> Iterator[Watch]:
    """``deadline``: on the monotonic clock; ``seconds``: what it is in words."""
    watch = Watch(descriptor, deadline, seconds)
    try:
        yield watch
    finally:
        watch.end()


def _largest_size() -> int:
    """Bytes of memory that this process has needed at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for the disk for many places at once: Linux joins the flushes that several threads ask for into one.

The threads have the ids of the process that starts them, which must not change them before all is done: ``fsync`` needs no
permission. The caller waits for one place after the other, so that it knows in which one a file system hangs.
"""

from __future__ import annotations

import _thread  # importing threading takes longer than writing the files of one place
from typing import Any, Callable, Dict, List, Sequence

_MAX_THREADS = 8


class Syncing:
    """Does ``work`` for each of ``items`` in the background; for a single one, or where no thread can be started, in ``wait``."""

    def __init__(self, work: Callable[[Any], None], items: Sequence[Any]) -> None:
        self._work = work
        self._items = items
        self._errors: Dict[int, BaseException] = {}
        self._locks: List[Any] = [_thread.allocate_lock() for _item in items]  # each is held until the item is done
        self._threads = 0
        try:
            while 1 < len(items) and self._threads < min(_MAX_THREADS, len(items)):
                share = range(self._threads, len(items), _MAX_THREADS)
                for number in share:
                    self._locks[number].acquire()
                _thread.start_new_thread(self._do, (share,))
                self._threads += 1
        except RuntimeError:
            pass  # a limit of processes

    def _do(self, share: Sequence[int]) -> None:
        for number in share:
            try:
                self._work(self._items[number])
            except BaseException as exc:  # after any error the item is not synced; ``wait`` raises it
                self._errors[number] = exc
            finally:
                self._locks[number].release()

    def wait(self, number: int) -> None:
        """Until the item is done; raises what its work raised."""
        if number % _MAX_THREADS >= self._threads:
            self._work(self._items[number])
            return
        self._locks[number].acquire()
        if number in self._errors:
            raise self._errors[number]

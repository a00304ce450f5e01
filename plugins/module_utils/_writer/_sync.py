# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for the disk for many users at once: Linux joins the flushes that several threads ask for into one.

The threads have the ids of the process that starts them, which must not change them before all is done: ``fsync`` asks nobody's
permission. Whoever waits does so user by user, so that it is known at whom a file system hangs.
"""

from __future__ import annotations

import _thread  # threading takes longer to import than one user's files to write
from typing import Any, Callable, Dict, List, Sequence

_AT_ONCE = 8


class Syncing:
    """Does ``work`` for each of ``items`` in the background; for a single one, or where there are no threads to be had, in ``wait``."""

    def __init__(self, work: Callable[[Any], None], items: Sequence[Any]) -> None:
        self._work = work
        self._items = items
        self._errors: Dict[int, BaseException] = {}
        self._locks: List[Any] = [_thread.allocate_lock() for _item in items]  # each is held until the item is done
        self._threads = 0
        try:
            while 1 < len(items) and self._threads < min(_AT_ONCE, len(items)):
                share = range(self._threads, len(items), _AT_ONCE)
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
            except BaseException as exc:  # whatever it is, the item is not synced, and ``wait`` raises it
                self._errors[number] = exc
            finally:
                self._locks[number].release()

    def wait(self, number: int) -> None:
        """Until the item is done; raises what its work raised."""
        if number % _AT_ONCE >= self._threads:
            self._work(self._items[number])
            return
        self._locks[number].acquire()
        if number in self._errors:
            raise self._errors[number]

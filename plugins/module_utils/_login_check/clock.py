# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time that a check may take. A socket's timeout is one for each read, so that a server that drips would never end."""

from __future__ import annotations

import time


class Clock:
    """Runs down from ``seconds``, at ``end`` (of all checks) at the latest."""

    def __init__(self, seconds: float, end: float = float("inf")) -> None:
        self.seconds = seconds
        self._end = end
        self.restart()

    def restart(self) -> None:
        """The full time again, for the next step of the same session."""
        self._stop = min(time.monotonic() + self.seconds, self._end)

    def left(self) -> float:
        return max(self._stop - time.monotonic(), 0.0)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a user cannot be served."""

from __future__ import annotations

import os
import traceback


class Refused(Exception):
    """One sentence about one path; it holds no content of any file."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


def refused(path: str, error: OSError) -> Refused:
    """The sentence for what the operating system said."""
    return Refused(path, f"cannot be used: {os.strerror(error.errno) if error.errno else type(error).__name__}")


def unexpected(path: str, error: Exception) -> Refused:
    """A mistake of ours: its class and place, because its text may quote a password."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Refused(path, f"failed: internal error {type(error).__name__} at {os.path.basename(frame.filename)}:{frame.lineno}; please report it")

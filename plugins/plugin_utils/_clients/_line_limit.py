# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that read lines of a limited length only."""

from __future__ import annotations

from typing import Iterable


def long_line_reason(program: str, limit: int, lines: Iterable[str]) -> str | None:
    """Why an account with these lines is unsupported, or None. Only the first word is given: a password may follow."""
    for line in lines:
        if len(line.encode()) > limit:
            return f"{program} reads lines of at most {limit} bytes, and its directive '{line.split()[0]}' needs more"
    return None

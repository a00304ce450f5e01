# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much a task may return. AWX drops results above 700,000 characters."""

from __future__ import annotations

from typing import Iterable

MAX_LISTED = 100  # entries of a kind; the complete report is a file
MAX_DIFF_CHARACTERS = 200_000


def limited_diffs(diffs: Iterable[dict[str, str]], what: str) -> list[dict[str, str]]:
    """The diffs that fit into a result. A last entry says how many more of ``what`` differ."""
    kept: list[dict[str, str]] = []
    left_out = size = 0
    for diff in diffs:
        more = sum(map(len, diff.values()))
        if size + more <= MAX_DIFF_CHARACTERS:
            kept.append(diff)
            size += more
        else:
            left_out += 1
    if left_out:
        kept.append({"prepared": f"({left_out} more {what} differ; their diffs are left out)\n"})
    return kept

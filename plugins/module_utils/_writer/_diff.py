# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a change may be shown: redacted texts only, never what a file holds."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

_MASK = "********"
_MOST_CHARACTERS = 200_000  # AWX drops results above 700,000


def diff(where: str, before: str, after: str, modes: Optional[Sequence[int]] = None, same: bool = False) -> Dict[str, str]:
    """The entry of a task's ``diff`` for one file. ``modes``: old and new, when they differ; ``same``: nothing but the mode does."""
    headers = [where, where]
    if modes:
        headers = [f"{where} (mode {mode:04o})" for mode in modes]
        if same:
            before, after = (f"mode {mode:04o}\n" for mode in modes)
    if after and after == before:
        after = _with_mark(after)
    return {"before": before, "after": after, "before_header": headers[0], "after_header": headers[1]}


def limited(diffs: Sequence[Dict[str, str]]) -> Tuple[List[Dict[str, str]], int]:
    """Those that fit into a result, and how many are left out."""
    size = 0
    kept = []
    for each in diffs:
        more = sum(map(len, each.values()))
        if size + more <= _MOST_CHARACTERS:
            kept.append(each)
            size += more
    return kept, len(diffs) - len(kept)


def unseen(data: bytes) -> str:
    """In the place of a content that is not known to be ours: the user's own passwords may be in it."""
    return f"(content not shown, {len(data)} bytes)\n"


def _with_mark(shown: str) -> str:
    """Only what is masked differs: say so where the mask stands."""
    return shown.replace(_MASK, f"{_MASK} (changed)") if _MASK in shown else f"{shown}(changed)\n"

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of one file, made of redacted texts only, never of what the file holds."""

from __future__ import annotations

from typing import Optional, Sequence

from .._wire import MASK, Diff


def file_diff(where: str, before: str, after: str, modes: Optional[Sequence[int]] = None, only_mode: bool = False) -> Diff:
    """``modes``: the old and the new one, where they differ. ``only_mode``: the content is the same."""
    headers = [where, where]
    if modes:
        headers = [f"{where} (mode {mode:04o})" for mode in modes]
        if only_mode:
            before, after = (f"mode {mode:04o}\n" for mode in modes)
    if after and after == before:  # the difference is in what is masked: says so at the mask
        after = after.replace(MASK, f"{MASK} (changed)") if MASK in after else f"{after}(changed)\n"
    return Diff(before, after, *headers)

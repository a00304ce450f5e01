# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program of the user's keeps of accounts that are gone, and would use again at its next start."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Sequence, Tuple

from .errors import UnsafePath
from .tree import Tree

_MAX_DIRECTORIES = 20


def has_residue(tree: Tree, residue: Sequence[Tuple[str, str]]) -> bool:
    """``residue``: (path with a ``/*/``, regular expression)."""
    for pattern, matching in residue:
        above, _star, below = pattern.partition("/*/")
        with suppress(UnsafePath, OSError):  # then the program keeps nothing there
            for path in [f"{above}/{name}/{below}" for name in tree.names(above)[:_MAX_DIRECTORIES]]:
                with suppress(UnsafePath, OSError):
                    content = tree.read(path)
                    if content is not None and re.search(matching.encode(), content.data, re.MULTILINE):
                        return True
    return False

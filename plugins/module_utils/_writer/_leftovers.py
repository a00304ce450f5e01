# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program of the user's has stored of accounts that are gone, and takes back at its next start."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Sequence, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import Refused
from ansible_collections.mailops.profiles.plugins.module_utils._writer._tree import Tree

_MOST_PROFILES = 20


def is_left_over(tree: Tree, leftovers: Sequence[Tuple[str, str]]) -> bool:
    """Whether a program of the user still knows of accounts."""
    for pattern, matching in leftovers:
        above, _star, below = pattern.partition("/*/")
        with suppress(Refused, OSError):  # then it is no place where the program keeps something
            for path in [f"{above}/{name}/{below}" for name in tree.names(above)[:_MOST_PROFILES]]:
                with suppress(Refused, OSError):
                    content = tree.read(path)
                    if content is not None and re.search(matching.encode(), content.data, re.MULTILINE):
                        return True
    return False

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception family of the collection, and how its messages are put together."""

from __future__ import annotations

import difflib
from typing import Iterable

# One task may face 10,000 users; AWX drops results above 700,000 characters.
_MOST_LISTED = 100


class MailopsError(Exception):
    """Something that the administrator can mend. ``problems`` is a list of sentences, none of which holds a secret."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__(self._message())

    def _message(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        lines = [f"- {problem}" for problem in self.problems[:_MOST_LISTED]]
        if len(self.problems) > _MOST_LISTED:
            lines.append(f"- ... and {len(self.problems) - _MOST_LISTED} more")
        return "\n".join([f"{len(self.problems)} problems:", *lines])


class Invalid(ValueError):
    """One value is not acceptable; the text says why, and whoever knows the place of the value adds it."""


def nearest(name: object, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known name that is most like ``name``, or an empty string."""
    match = difflib.get_close_matches(str(name)[:100], list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""


def quoted(names: Iterable[str]) -> str:
    """``a, b, c``: names for a message, in the order given."""
    return ", ".join(str(name) for name in names)

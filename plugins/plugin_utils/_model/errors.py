# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions of the collection, and how their messages are put together."""

from __future__ import annotations

import difflib
from typing import Iterable, Sequence

from .limits import MAX_LISTED


class MailopsError(Exception):
    """Something that the administrator can mend. ``problems`` is a list of sentences, none of which holds a secret."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__(self._message())

    def _message(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        lines = [f"- {problem}" for problem in self.problems[:MAX_LISTED]]
        if len(self.problems) > MAX_LISTED:
            lines.append(f"- ... and {len(self.problems) - MAX_LISTED} more")
        return "\n".join([f"{len(self.problems)} problems:", *lines])


class Invalid(MailopsError, ValueError):
    """One value is not acceptable. The text says why; the caller that knows the place of the value adds it."""


def nearest(name: object, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known name that is most like ``name``, or an empty string."""
    match = difflib.get_close_matches(str(name)[:100], list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""


def comma_list(names: Iterable[object]) -> str:
    """``a, b, c``: names for a message, in the order given."""
    return ", ".join(map(str, names))


def some(names: Sequence[object], count: int = 10) -> str:
    """``a, b, c and 7 more``: the first of many names."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return comma_list(names[:count]) + more

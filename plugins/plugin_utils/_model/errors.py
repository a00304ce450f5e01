# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions of the collection, and how their messages are put together."""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from typing import Iterable, Iterator, Sequence

from .limits import MAX_LISTED


class MailopsError(Exception):
    """A mistake that the administrator can correct. ``problems`` is a list of sentences, none of which holds a secret."""

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


def listed_problems(message: str) -> list[str]:
    """The problems of a task's message: what MailopsError made of them, without the task's name and a last sentence in parentheses."""
    head, *lines = message.split("\n")
    head = re.sub(r"^mail_\w+: ", "", head)
    if lines and lines[-1].startswith("(") and lines[-1].endswith(")"):
        lines.pop()
    if not re.fullmatch(r"\d+ problems:", head):
        return ["\n".join([head, *lines])]
    found: list[str] = []
    for line in lines:
        if line.startswith("- ") or not found:
            found.append(line.removeprefix("- "))
        else:
            found[-1] += f"\n{line}"
    return found


class Invalid(MailopsError, ValueError):
    """One value is not acceptable. The text says why; the caller that knows the place of the value adds it."""


class Problems(list[str]):
    """Collects what is wrong, so that all of it is reported at once."""

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Keep what is raised here, and go on behind the block. Invalid gets the ``place``; other MailopsErrors name it."""
        try:
            yield
        except Invalid as exc:
            self.extend(f"{place}: {problem}" for problem in exc.problems)
        except MailopsError as exc:
            self.extend(exc.problems)

    def raise_all(self) -> None:
        """MailopsError with all problems, if there are any."""
        if self:
            raise MailopsError(*self)


@contextmanager
def named(place: str, error: type[MailopsError] = Invalid) -> Iterator[None]:
    """Adds the place of a value to what is wrong with it. ``error``: MailopsError when nothing is to be added any more."""
    try:
        yield
    except Invalid as exc:
        raise error(*(f"{place}: {problem}" for problem in exc.problems)) from None


def nearest(name: object, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known name that is most like ``name``, or an empty string."""
    match = difflib.get_close_matches(str(name)[:100], list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""


def quoted(text: str, limit: int = 64) -> str:
    """A text that was not checked yet, for a message: in quotes, with its unprintable characters written out, of ``limit`` characters."""
    text = text[:limit]
    return f"'{text}'" if text.isprintable() else repr(text)


def key_text(key: object, limit: int = 60) -> str:
    """A key that nobody expected, for a message, with its unprintable characters written out."""
    text = str(key)[:limit]
    return text if text.isprintable() else repr(text)


def comma_list(names: Iterable[object]) -> str:
    """``a, b, c``: names for a message, in the order given."""
    return ", ".join(map(str, names))


def some(names: Sequence[object], count: int = 10) -> str:
    """``a, b, c and 7 more``: the first of many names."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return comma_list(names[:count]) + more

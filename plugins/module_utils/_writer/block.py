# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our lines in a file that is the user's: one pair of marker lines, compared as bytes; nothing outside is ever touched."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Pattern

from .errors import UnsafePath


class Parts(NamedTuple):
    before: bytes
    body: Optional[bytes]  # None: there is no block
    after: bytes


# What a comment begins with, in the languages of the files that hold blocks.
_COMMENT = rb"(?:#|//)"


class Block:
    """The markers of one instance."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._begin = f"BEGIN mailops.profiles {instance}".encode()
        self._end = f"END mailops.profiles {instance}".encode()
        self._begin_line, self._end_line = _line(self._begin), _line(self._end)
        # An editor may have indented a marker or changed its line end: then it is not certain which lines are ours.
        self._like_marker = re.compile(rb"^[ \t]*%b (?:%b|%b)[ \t\r]*$" % (_COMMENT, re.escape(self._begin), re.escape(self._end)), re.MULTILINE)

    def split(self, data: bytes, where: str) -> Parts:
        """UnsafePath for the path ``where`` when the markers are not exactly one ordered pair."""
        begins = list(self._begin_line.finditer(data))
        ends = list(self._end_line.finditer(data))
        like = sum(1 for _found in self._like_marker.finditer(data))
        if not like:
            return Parts(data, None, b"")
        if (like, len(begins), len(ends)) != (2, 1, 1) or ends[0].start() < begins[0].end():
            reason = f"has marker lines of instance {self._instance} that are not one BEGIN before one END"
            raise UnsafePath(where, f"{reason}: repair them or remove them all")
        begin, end = begins[0], ends[0]
        return Parts(data[: begin.start()], data[begin.end() : end.start()], data[end.end() :])

    def join(self, parts: Parts, body: bytes, comment: str) -> bytes:
        """The file with ``body`` (whole lines) in the block's place, or appended as a new block."""
        sign = comment.encode() + b" "
        before = parts.before
        if before and not before.endswith(b"\n"):
            before += b"\n"
        return b"".join((before, sign, self._begin, b"\n", body, sign, self._end, b"\n", parts.after))

    @staticmethod
    def cut(parts: Parts, newline: bool) -> bytes:
        """The file without the block; ``newline`` False: the user's text did not end with one before we appended ours."""
        before = parts.before
        if not newline and not parts.after and before.endswith(b"\n") and not ends_with_block(before):
            before = before[:-1]
        return before + parts.after


_AFTER_A_BLOCK = re.compile(rb"^%b END mailops\.profiles [A-Za-z0-9_-]+\n\Z" % _COMMENT, re.MULTILINE)
_BEGIN = re.compile(rb"(%b) BEGIN mailops\.profiles ([A-Za-z0-9_-]+)\Z" % _COMMENT)


def ends_with_block(data: bytes) -> bool:
    return bool(_AFTER_A_BLOCK.search(data))


def only_blocks(data: bytes) -> bool:
    """Whether a file holds blocks of ours, of any instance, and nothing else: then it is ours to remove with the last of them."""
    *lines, rest = data.split(b"\n")
    end = None
    for line in lines:
        begin = _BEGIN.match(line) if end is None else None
        if begin:
            end = b"%b END mailops.profiles %b" % begin.groups()
        elif end is None:
            return False
        elif line == end:
            end = None
    return bool(lines) and not rest and end is None


def _line(marker: bytes) -> Pattern[bytes]:
    return re.compile(rb"^%b %b(?:\n|\Z)" % (_COMMENT, re.escape(marker)), re.MULTILINE)

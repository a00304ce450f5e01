# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our lines in a file that is the user's: one pair of marker lines, compared as bytes; nothing outside is ever touched."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Tuple

from .._wire import OUR_BLOCK
from .errors import UnsafePath


class Parts(NamedTuple):
    before: bytes
    body: Optional[bytes]  # None: there is no block
    after: bytes


_OUR_BLOCK = b"#" + OUR_BLOCK.encode()
# What a comment begins with, in the languages of the files that hold blocks.
_COMMENT = rb"(?:#|//)"


class Block:
    """The markers of one instance."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._begin = f"BEGIN mailops.profiles {instance}".encode()
        self._end = f"END mailops.profiles {instance}".encode()
        begin, end = re.escape(self._begin), re.escape(self._end)
        self._whole = re.compile(rb"^%b %b\n(.*?)^%b %b(?:\n|\Z)" % (_COMMENT, begin, _COMMENT, end), re.MULTILINE | re.DOTALL)
        # An editor may have indented a marker or changed its line end: then it is not certain which lines are ours.
        self._like_marker = re.compile(rb"^[ \t]*%b (?:%b|%b)[ \t\r]*$" % (_COMMENT, begin, end), re.MULTILINE)

    def split(self, data: bytes, where: str) -> Parts:
        """UnsafePath for the path ``where`` when the markers are not exactly one ordered pair."""
        markers = len(self._like_marker.findall(data))
        if not markers:
            return Parts(data, None, b"")
        found = self._whole.search(data) if markers == 2 else None
        if found is None:
            reason = f"has marker lines of instance {self._instance} that are not one BEGIN before one END"
            raise UnsafePath(where, f"{reason}: repair them or remove them all")
        return Parts(data[: found.start()], found.group(1), data[found.end() :])

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


def last(parts: Parts, pattern: str) -> Parts:
    """With the block behind the user's own lines, if any below it match. Blocks of other instances may stay below it: each would move behind the
    other."""
    users, _blocks = without_blocks(parts.after, "")
    if not re.search(pattern.encode(), users, re.MULTILINE):
        return parts
    return Parts(parts.before + parts.after, parts.body, b"")


def without_blocks(data: bytes, instance: str) -> Tuple[bytes, List[bytes]]:
    """The user's own lines, with a comment in place of the block of this instance, and the blocks of other ones. Line by line: a text may have any
    number of markers."""
    own: List[bytes] = []
    blocks: List[bytes] = []
    block: List[bytes] = []
    end = None
    for line in data.split(b"\n"):
        begin = _BEGIN.match(line) if end is None else None
        if begin:
            block, end = [], b"%b END mailops.profiles %b" % begin.groups()
            is_other = begin.group(2) != instance.encode()
        elif end is None:
            own.append(line)
        elif line != end:
            block.append(line)
        else:
            end = None
            if is_other:
                blocks.append(b"\n".join(block))
            else:
                own.append(_OUR_BLOCK)
    return b"\n".join(own if end is None else own + block), blocks

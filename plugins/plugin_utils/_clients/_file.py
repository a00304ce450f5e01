# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that clients render: whole files, and blocks of lines in files that are the user's."""

from __future__ import annotations

from typing import Iterable, Iterator, Mapping

from ...module_utils._wire import BLOCK, IN_WORK_TREE, NEXT_FILE, OTHER_INSTANCES, OWNED, UNKNOWN_INCLUDE, File, Variant


def owned_paths(*patterns: str) -> dict[str, str]:
    """Of whole files, for ``Client.paths``."""
    return dict.fromkeys(patterns, OWNED)


def block_paths(*patterns: str) -> dict[str, str]:
    """Of blocks in files that are the user's, for ``Client.paths``."""
    return dict.fromkeys(patterns, BLOCK)


def owned(path: str, content: str | bytes, mode: int | None = None, redacted: str | None = None, secret: bool = False, tag: str = "") -> File:
    """A whole file. ``redacted``: the text that is displayed instead of the content; bytes need one. ``mode`` None: that of the
    task. ``secret``: whether a password is in it, for a client that ``redacts``. ``tag``: see ``File``."""
    if isinstance(content, str):
        return File(path, content.encode(), mode=mode, redacted=content if redacted is None else redacted, secret=secret, tag=tag)
    if redacted is None:
        raise ValueError(f"{path}: binary content needs a redacted text")
    return File(path, content, mode=mode, redacted=redacted, secret=secret, tag=tag)


def block(
    path: str,
    text: str | None,
    comment: str = "#",
    alternatives: Iterable[str] = (),
    variants: Iterable[Variant] = (),
    reads: Iterable[str] = (),
    includes: str = "",
    mode: int | None = None,
) -> File:
    """Lines between two markers, which begin with ``comment``; None: only a variant is written. Where one of ``alternatives``
    exists, the first of them is used instead of ``path``. ``reads``, ``includes`` and ``mode``: see ``File``."""
    variants, content = tuple(variants), None if text is None else text.encode()
    if any(each and not each.endswith(b"\n") for each in (content, *(variant.content for variant in variants))):
        raise ValueError(f"{path}: a block consists of whole lines")
    return File(
        path, content, BLOCK, comment, tuple(alternatives), variants, mode, redacted=text or "", reads=tuple(reads), includes=includes
    )


def variant(pattern: str, text: str | None, note: str = "", ours: str = "") -> Variant:
    """Another text, which is written when ``pattern`` matches the user's own: for a block the lines outside of it, for both kinds the
    files that it ``reads`` and everything that these include. None: nothing is written. The syntax is that of ``re`` for bytes,
    multi-line. ``note``: one of the client's ``variant_notes``, which the task reports. ``ours``: what must match in our own block, too, as
    the last run left it."""
    return Variant(pattern, None if text is None else text.encode(), text or "", note, ours)


# Patterns for variants.
# An own line: neither blank, nor a comment, nor of another instance's block.
OWN_LINE = rf"\A[^{OTHER_INSTANCES}]*?^[ \t]*[^\s#{OTHER_INSTANCES}{UNKNOWN_INCLUDE}{NEXT_FILE}{IN_WORK_TREE}]"
# Before what must be in the user's own text, and not in a block of another instance. (A look ahead from each match would be quadratic.)
IN_USERS = rf"\A[^{OTHER_INSTANCES}]*?"
# The same as OWN_LINE, or a file that must not get a password, because its user may publish it.
OWN_LINE_OR_WORK_TREE = rf"{OWN_LINE}|{IN_WORK_TREE}"
# The user's text includes another one that is not known, and may have what a program rejects or what decides.
MAY_HAVE_MORE = UNKNOWN_INCLUDE
# Before a line of the user's in the file of the block, or of another instance's.
IN_THIS_FILE = rf"(?:\A[^{NEXT_FILE}{OTHER_INSTANCES}]*?|{OTHER_INSTANCES}[^{OTHER_INSTANCES}]*?)"

# Stands in a block that makes our account the default one though the user has another, so that without the mark theirs is it again.
MARKED = "# The administrator has chosen this account, and not your own, as the default one.\n"
# One of the client's ``variant_notes``.
NO_LONGER_DEFAULT = "no-longer-default"


def own_default(account: str, parts: Mapping[str, str], opens: str, is_noted: bool) -> Iterator[tuple[str, str, str]]:
    """Where the user has an own default: (pattern, note, ours) for variants.

    Whoever has a working default keeps it. ``account``: a whole own account, which is the default whenever it was added; a note says if ours was it
    until then. ``parts``: pattern -> note of what is perhaps one, or a line that people who use our account add as well: it is a default only
    where ours is not. ``opens``: what our block has when our account is the default one. ``is_noted`` False: without notes, as where the administrator
    has chosen ours."""
    opens = rf"\A(?![\s\S]*?^{MARKED.strip()}$)[\s\S]*?(?:{opens})"
    if is_noted:
        yield account, NO_LONGER_DEFAULT, opens
    yield account, "", ""
    yield from ((part, note if is_noted else "", rf"\A(?!{opens})") for part, note in parts.items())

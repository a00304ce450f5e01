# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that clients render: whole files, and blocks of lines in files that are the user's."""

from __future__ import annotations

from typing import Iterable

from ...module_utils._wire import BLOCK, OWNED, File, Variant


def owned_paths(*patterns: str) -> dict[str, str]:
    """Of whole files, for ``Client.paths``."""
    return dict.fromkeys(patterns, OWNED)


def block_paths(*patterns: str) -> dict[str, str]:
    """Of blocks in files that are the user's, for ``Client.paths``."""
    return dict.fromkeys(patterns, BLOCK)


def owned(path: str, content: str | bytes, mode: int | None = None, redacted: str | None = None) -> File:
    """A whole file. ``redacted``: the text that is displayed instead of the content; bytes need one. ``mode`` None: that of the
    task."""
    if isinstance(content, str):
        return File(path, content.encode(), mode=mode, redacted=content if redacted is None else redacted)
    if redacted is None:
        raise ValueError(f"{path}: binary content needs a redacted text")
    return File(path, content, mode=mode, redacted=redacted)


def block(path: str, text: str, comment: str = "#", alternatives: Iterable[str] = (), variants: Iterable[Variant] = ()) -> File:
    """Lines between two markers, which begin with ``comment``. Where one of ``alternatives`` exists, the first of them is used
    instead of ``path``."""
    variants = tuple(variants)
    if any(content and not content.endswith(b"\n") for content in (text.encode(), *(each.content for each in variants))):
        raise ValueError(f"{path}: a block consists of whole lines")
    return File(path, text.encode(), BLOCK, comment, tuple(alternatives), variants, redacted=text)


def variant(pattern: str, text: str) -> Variant:
    """Another text for a block. It is written when ``pattern`` matches the lines outside of the block: some programs reject a
    setting that is given twice. The syntax is that of ``re`` for bytes, multi-line."""
    return Variant(pattern, text.encode(), text)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the files of clients into a home in a few lines, as the writer on the target does. For tests only."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterable

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, File

MARKERS = (b"# BEGIN mailops.profiles default\n", b"# END mailops.profiles default\n")


def materialise(files: Iterable[File], home: Path, owner: tuple[int, int] | None = None) -> list[Path]:
    """Write the files below ``home``, for ``owner``; their paths."""
    written: dict[tuple[Path, bytes], None] = {}
    for file in files:
        path = home / next((path for path in file.alternatives if (home / path).is_file()), file.path)
        if (path, file.content) in written:
            continue
        written[path, file.content] = None
        _make_directories(path.parent, home, owner)
        content = _with_block(path.read_bytes() if path.exists() else b"", file) if file.strategy == BLOCK else file.content
        path.write_bytes(content)
        path.chmod(0o600)
        _own(path, owner)
    return [path for path, _content in written]


def _with_block(before: bytes, file: File) -> bytes:
    matched = [each.content for each in file.variants if re.search(each.pattern.encode(), before, re.MULTILINE)]
    content = matched[0] if matched else file.content
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return before + content.join(MARKERS)


def _make_directories(directory: Path, home: Path, owner: tuple[int, int] | None) -> None:
    missing = []
    while directory != home and not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700)
        _own(each, owner)


def _own(path: Path, owner: tuple[int, int] | None) -> None:
    if owner:
        os.chown(path, *owner)

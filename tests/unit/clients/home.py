# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the files of clients into a home, as the writer on the target does, in a few lines. For tests only."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterable

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, File

MARKERS = ("# BEGIN mailops.profiles default\n", "# END mailops.profiles default\n")


def materialise(files: Iterable[File], home: Path, owner: tuple[int, int] | None = None) -> list[Path]:
    """Write the files below ``home`` and return their paths; directories and files belong to ``owner``."""
    written: dict[tuple[Path, str], None] = {}
    for file in files:
        path = home / next((place for place in file.alternatives if (home / place).is_file()), file.path)
        if (path, file.text) in written:
            continue
        written[path, file.text] = None
        _make_directories(path.parent, home, owner)
        content = _with_block(path.read_bytes() if path.exists() else b"", file) if file.strategy == BLOCK else file.text.encode()
        path.write_bytes(content)
        path.chmod(0o600)
        _own(path, owner)
    return [path for path, _text in written]


def _with_block(before: bytes, file: File) -> bytes:
    text = file.text
    if file.unless and re.search(file.unless.encode(), before, re.MULTILINE):
        text = file.text_if_matched
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return before + text.join(MARKERS).encode()


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

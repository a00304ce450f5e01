# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of what users had or wrote, in one directory beside the manifests."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Collection, Dict, List

from .manifest import is_backup
from .state import State

_KEPT = 3


def backup_name(path: str, data: bytes) -> str:
    """The name says which path, and by its hash which content."""
    of_path, of_data = hashlib.sha256(os.fsencode(path)).hexdigest(), hashlib.sha256(data).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', path).strip('-')[:100]}-{of_path[:8]}.{of_data[:32]}"


def prune_backups(state: State, kept: Collection[str]) -> None:
    """Of each file the first backup and the last three stay, and those that are to be ``kept``."""
    names = [name for name in state.tree.names(state.backups) if is_backup(name) and state.tree.removable(f"{state.backups}/{name}")]
    found = state.tree.locate(f"{state.backups}/x")
    if found is None:
        return
    of_one_file: Dict[str, List[str]] = {}
    for name in sorted(names, key=lambda name: os.stat(name, dir_fd=found[0], follow_symlinks=False).st_mtime_ns):
        of_one_file.setdefault(name.rpartition(".")[0], []).append(name)
    for same in of_one_file.values():
        for name in same[1:-_KEPT]:
            if name not in kept:
                os.unlink(name, dir_fd=found[0])

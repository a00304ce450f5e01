# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the collection importable as ansible_collections.mailops.profiles, wherever the checkout lies."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _collections_root() -> Path:
    if ROOT.parts[-3:] == ("ansible_collections", "mailops", "profiles"):
        return ROOT.parents[2]
    tree = Path(tempfile.mkdtemp(prefix="mailops-collections-"))
    atexit.register(shutil.rmtree, tree, ignore_errors=True)
    namespace = tree / "ansible_collections" / "mailops"
    namespace.mkdir(parents=True)
    (namespace / "profiles").symlink_to(ROOT)
    return tree


COLLECTIONS = _collections_root()
sys.path.append(str(COLLECTIONS))  # behind build/collections, which `make` makes

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on a target, in a process of its own, without Ansible around it.

  python target.py deploy PAYLOAD...     what the module does with each payload
  python target.py floor FILES HOMES     the same files by a plain loop

Prints the seconds that it took, without Python's start and the imports.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build" / "collections"))
from ansible_collections.mailops.profiles.plugins.module_utils._start import unpacked  # noqa: E402
from ansible_collections.mailops.profiles.plugins.module_utils._writer._host import deploy  # noqa: E402


def deploy_all(paths: list[str]) -> float:
    seconds = 0.0
    for path in paths:
        data = Path(path).read_bytes()
        start = time.perf_counter()
        result = deploy(unpacked(data), check=False, diff=False)
        seconds += time.perf_counter() - start
        if result["failed_count"] or result["missing_users"]:
            sys.exit(f"not all were served: {result['failed_users'][:3]} {result['missing_users'][:3]}")
    return seconds


def floor(files: str, homes: str) -> float:
    """As root, without a look at what is there: write, fsync, rename."""
    contents: dict[str, bytes] = pickle.loads(Path(files).read_bytes())
    os.chdir(homes)
    start = time.perf_counter()
    for path, data in contents.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.tmp", "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{path}.tmp", path)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(deploy_all(sys.argv[2:]) if sys.argv[1] == "deploy" else floor(*sys.argv[2:]))

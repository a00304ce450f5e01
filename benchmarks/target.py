# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on a target, in a process of its own, without Ansible around it.

  python target.py write JOB...          what the module does with each job
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
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run  # noqa: E402
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import load_answer  # noqa: E402


def write_all(paths: list[str]) -> float:
    seconds = 0.0
    for path in paths:
        job = Path(path).read_text()
        start = time.perf_counter()
        _changed, text = run(job, check=False, diff=False)
        seconds += time.perf_counter() - start
        answer = load_answer(text)
        problems = [result.problem for result in answer.results if result.problem]
        if problems or answer.missing:
            sys.exit(f"not all were served: {problems[:3]} {answer.missing[:3]}")
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
    print(write_all(sys.argv[2:]) if sys.argv[1] == "write" else floor(*sys.argv[2:]))

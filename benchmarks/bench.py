# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make bench: everything that README.md in this directory lists, in one run.

The results go to docs/; those of a quick run, or of a part, only to build/bench.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report  # noqa: E402
from ground import BUILD, REPOSITORY, remove  # noqa: E402
from measure import Results  # noqa: E402

GROUPS = {
    "one_host": "One host, one user; loops over profiles",
    "many_users": "Thousands of users on one host",
    "phones": "What phones read, for thousands of users",
    "peers": "Beside those who do it file by file",
    "store": "Thousands of profiles",
    "many_hosts": "Many hosts",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers and few runs")
    parser.add_argument("--only", choices=GROUPS, action="append", help="one group of measurements; repeated, several in this order")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench.py: needs root, for users with homes and for hosts on the loopback interface")
    names = arguments.only or list(GROUPS)
    data = {"quick": arguments.quick, "machine": report.machine(), "groups": {}, "points": [], "missing": []}
    failed = []
    for name in names:
        print(f"{GROUPS[name]}:", flush=True)
        start = time.monotonic()
        found = in_child(name, arguments.quick)
        print(f"  ({time.monotonic() - start:.0f} s)", flush=True)
        if "error" in found:
            print(found["error"], file=sys.stderr)
            failed.append(name)
        data["groups"][GROUPS[name]] = found["rows"]
        data["points"] += found["points"]
        data["missing"] += [each for each in found["missing"] if each not in data["missing"]]
        (BUILD / "results.json").write_text(json.dumps(data, indent=1))
    remove()
    complete = not arguments.quick and set(names) == set(GROUPS) and not failed
    report.write(data, REPOSITORY / "docs" if complete else BUILD)
    if failed:
        sys.exit(f"bench.py: failed: {', '.join(failed)}")


def in_child(name: str, quick: bool) -> dict:
    """Each group has a mount namespace of its own, which goes with the process."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        results = Results()
        found = {}
        try:
            importlib.import_module(name).measure(results, quick)
        except BaseException:
            found["error"] = traceback.format_exc()
        with os.fdopen(writer, "w") as answer:
            json.dump({**results.to_data(), **found}, answer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found = json.load(answer)
    os.wait()
    return found


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of mail_profiles and mail_profile_info, each in a process of its own, and plain scripts that do as much with SQLite.

  python store_work.py ours-write|ours-read|plain-write|plain-read STORE PROFILES

Prints the seconds that it took, from JSON in a file to JSON in memory, without Python's start and the imports.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build" / "collections"))


def plain_write(store: str, profiles: list) -> dict:
    rows = [(profile["name"], json.dumps(profile)) for profile in profiles]
    connection = sqlite3.connect(store)
    with connection:
        connection.execute("CREATE TABLE IF NOT EXISTS profiles (name TEXT PRIMARY KEY, document TEXT NOT NULL)")
        connection.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?)", rows)
    connection.close()
    return {"changed": len(rows)}


def plain_read(store: str) -> dict:
    connection = sqlite3.connect(store)
    return {"profiles": [json.loads(row[0]) for row in connection.execute("SELECT document FROM profiles ORDER BY name")]}


def action(module: type, options: dict) -> dict:
    """What the action does, without Ansible around it."""
    instance = object.__new__(module)
    instance._task = SimpleNamespace(check_mode=False, diff=False)
    return instance.work({name: options.get(name) for name in module.OPTIONS}, {})


def main() -> None:
    what, store, profiles = sys.argv[1:]
    if what.startswith("ours"):  # not in the time, because Ansible has loaded most of it anyway
        from ansible_collections.mailops.profiles.plugins.action import mail_profile_info, mail_profiles
    start = time.perf_counter()
    listed = json.loads(Path(profiles).read_text()) if what.endswith("write") else []
    if what == "ours-write":
        result = action(mail_profiles.ActionModule, {"profiles": listed, "store": store})
    elif what == "ours-read":
        result = action(mail_profile_info.ActionModule, {"store": store})
    else:
        result = plain_write(store, listed) if listed else plain_read(store)
    json.dumps(result)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()

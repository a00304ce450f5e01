# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mail_profiles, mail_profile and mail_profile_info do with a store, without Ansible around it.

  python store_work.py STORE PROFILES

Prints the processor time of each operation as JSON, without Python's start and the imports, and without the kernel's: that is the
disk's. The last operation empties the store again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build" / "collections"))

from ansible_collections.mailops.profiles.plugins.action import mail_profile, mail_profile_info, mail_profiles  # noqa: E402

KEY = "the key of this benchmark"


def seconds(module: Any, store: str, diff: bool = False, **options: Any) -> float:
    instance = object.__new__(module.ActionModule)
    instance._task = SimpleNamespace(check_mode=diff, diff=diff)
    start = os.times().user
    json.dumps(instance.work({name: {**options, "store": store}.get(name) for name in instance.OPTIONS}, {}))
    return os.times().user - start


def main() -> None:
    store, path = sys.argv[1:]
    profiles = json.loads(Path(path).read_text())
    moved = [{**profile, "description": "moved"} for profile in profiles]
    sealed = [{**profile, "incoming": {**profile["incoming"], "password": "tr0ub4dor&3"}} for profile in profiles]
    one = profiles[len(profiles) // 2]["name"]
    print(
        json.dumps(
            {
                "created": seconds(mail_profiles, store, profiles=profiles),
                "unchanged": seconds(mail_profiles, store, profiles=profiles),
                "dry run with a diff of all": seconds(mail_profiles, store, diff=True, profiles=moved),
                "changed": seconds(mail_profiles, store, profiles=moved),
                "read": seconds(mail_profile_info, store),
                "one read": seconds(mail_profile_info, store, name=one),
                "one changed": seconds(mail_profile, store, name=one, check_interval=5),
                "one renamed": seconds(mail_profile, store, name="renamed", renamed_from=one),
                "passwords encrypted": seconds(mail_profiles, store, profiles=sealed, store_key=KEY, purge=True),
                "key changed": seconds(mail_profiles, store, store_key=KEY, store_key_new=f"{KEY}, changed"),
                "removed": seconds(mail_profiles, store, profiles=[], purge=True, allow_empty=True),
            }
        )
    )


if __name__ == "__main__":
    main()

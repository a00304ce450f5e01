# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of a machine, a hundred in the time that useradd takes for one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path


def add_users(homes: Mapping[str, str], first_uid: int) -> None:
    """Users with homes, no password, and a GECOS name which is not the one that their mail shall have."""
    taken = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    for uid, (name, home) in enumerate(homes.items(), first_uid):
        if name in taken:
            sys.exit(f"the machine has a user {name} already, whom the lab cannot add")
        _append("/etc/passwd", f"{name}:x:{uid}:{uid}:Local {name.title()}:{home}:/bin/bash\n")
        _append("/etc/group", f"{name}:x:{uid}:\n")
        # Not "!", which locks the account: sshd would refuse even a key.
        _append("/etc/shadow", f"{name}:*:20000:0:99999:7:::\n")
        shutil.copytree("/etc/skel", home, symlinks=True)
        for path in (home, *(os.path.join(top, each) for top, dirs, files in os.walk(home) for each in dirs + files)):
            os.chown(path, uid, uid, follow_symlinks=False)
        os.chmod(home, 0o750)


def _append(path: str, line: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(line)

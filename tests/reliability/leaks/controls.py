# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook that leaks on purpose, once in each way."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from .detector import Secrets
from .lives import BACKUPS
from .stories import CONTROLLER, PLAY, play, to_yaml

# What leaks on purpose -> where it must be found, at least.
CONTROLS = {
    "output": ("the output of control", "/out/control/dump", "/out/control/log", "/out/control/junit"),
    "result": ("the output of control", "/out/control/dump"),
    "arguments": ("the system log", "arguments of sh"),
    "environment": ("environment of sleep",),
    "readable": ("/home/erin/r, 0644, seen",),
    "late": ("mode set after writing", "/home/erin/l, 0600, afterwards"),
    "packed": ("zlib", "arguments of sh"),
    "report": (f"{CONTROLLER}/report.txt", "0600, afterwards"),
    "backup": ("/home/erin/.local/state/mailops/backups/x, 0600, afterwards",),
    "page": (f"{CONTROLLER}/planted.db, 0600, afterwards",),
    "memory": ("/dev/shm/planted, 0600, seen",),
}

# SQLite leaves what was deleted in the file, unless it is told otherwise.
_DELETED_PAGE = f"""
import os, sqlite3
os.umask(0o077)
with sqlite3.connect("{CONTROLLER}/planted.db") as database:
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE planted (text)")
    database.execute("INSERT INTO planted VALUES (?)", (open("{PLAY}/page").read() + "x" * 9000,))
with database:
    database.execute("DELETE FROM planted")
"""


def control(secrets: Secrets) -> dict[str, str]:
    """Leaks, one a channel. What is found of them, and that nothing else is, shows that the search works."""
    known = {name: secrets.make(f"control-{name}") for name in CONTROLS}
    packed = base64.b64encode(zlib.compress(json.dumps({"text": known["packed"]}).encode())).decode()
    tasks: list[dict[str, Any]] = [
        {"name": "output", "ansible.builtin.debug": {"msg": "{{ output }}"}},
        {"name": "result", "ansible.builtin.set_fact": {"shown": "{{ result }}"}},
        {"name": "arguments", "ansible.builtin.command": {"argv": ["sh", "-c", "sleep 0.05", "{{ arguments }}"]}},
        {"name": "environment", "ansible.builtin.command": {"argv": ["sleep", "0.05"]}, "environment": {"MARK": "{{ environ }}"}},
        {"name": "readable", "ansible.builtin.command": {"argv": ["sh", "-c", f"umask 022; cat {PLAY}/readable > /home/erin/r; sleep 0.05; rm /home/erin/r"]}},
        {"name": "late", "ansible.builtin.command": {"argv": ["sh", "-c", f"umask 022; cat {PLAY}/late > /home/erin/l; chmod 600 /home/erin/l"]}},
        {"name": "report", "ansible.builtin.command": {"argv": ["sh", "-c", f"umask 077; gzip < {PLAY}/report > {CONTROLLER}/report.txt"]}},
        {"name": "backup", "ansible.builtin.command": {"argv": [
            "sh", "-c", f"umask 077; mkdir -p /home/erin/{BACKUPS[:-2]}; base64 < {PLAY}/backup > /home/erin/{BACKUPS[:-1]}x"]}},
        {"name": "page", "ansible.builtin.command": {"argv": ["/usr/bin/python3", f"{PLAY}/page.py"]}},
        {"name": "memory", "ansible.builtin.command": {"argv": [
            "sh", "-c", f"umask 077; cat {PLAY}/memory > /dev/shm/planted; sleep 0.05; rm /dev/shm/planted"]}},
        {"name": "packed", "ansible.builtin.command": {"argv": ["sh", "-c", "sleep 0.05", "{{ packed }}"]}},
    ]
    return {
        "control.yml": to_yaml([play(tasks, vars_files=[f"{PLAY}/control-known.yml"])]),
        "control-known.yml": to_yaml({**{name: known[name] for name in ("output", "result", "arguments")},
                                      "environ": known["environment"], "packed": packed}),
        "page.py": _DELETED_PAGE, **{name: known[name] for name in ("readable", "late", "report", "backup", "page", "memory")},
    }  # fmt: skip

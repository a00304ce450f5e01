# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays every module of the collection against many stores at once, one inventory host a store, and keeps what a terminal would get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ...mounts import own_var_lib
from .trying import KEY

COLLECTIONS = Path(__file__).parents[3] / "build/collections"
HERE = Path(__file__).parent

_USERS = [{"name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": "anna's own"}]
_SERVERS = {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}
_ACCOUNT = {"users": _USERS, "clients": ["msmtp"]}
# Name -> module, options: in this order, all of each store.
READ_ALL, READ_GOOD, EDIT, PUT, VALIDATE_GOOD, DEPLOY_VICTIM = "read all", "read good", "edit good", "put more", "validate good", "deploy victim"
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    READ_ALL: ("mail_profile_info", {}),
    READ_GOOD: ("mail_profile_info", {"name": "good"}),
    EDIT: ("mail_profile", {"name": "good", "description": "edited"}),
    PUT: ("mail_profiles", {"profiles": [{"name": "more", **_SERVERS}]}),
    VALIDATE_GOOD: ("mail_account", {**_ACCOUNT, "profiles": ["good"], "validate_only": True}),
    DEPLOY_VICTIM: ("mail_account", {**_ACCOUNT, "profiles": ["victim"], "dest": "{{ out }}/{HostName}"}),
}


@dataclass(frozen=True)
class Said:
    """What one task said. ``profiles``: the names that it returned."""

    failed: bool
    msg: str
    profiles: list[str]


@dataclass(frozen=True)
class Played:
    """``said``: store -> task -> what it said. ``terminal``: all that was displayed."""

    said: Mapping[str, Mapping[str, Said]]
    terminal: str


def play(directory: Path, stores: Mapping[str, str], timeout: float = 600) -> Played:
    """Every task of TASKS with every store (name -> value of ``store``)."""
    told = directory / "told"
    told.touch()
    hosts = {name: {"hostile_store": url} for name, url in stores.items()}
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "out": str(directory / "out")}
    (directory / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    common = {"store": "{{ hostile_store }}", "store_key": KEY}
    tasks = [
        {"name": name, f"mailops.profiles.{module}": {**options, **common}, "ignore_errors": True} for name, (module, options) in TASKS.items()
    ]
    (directory / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": tasks}]))
    found = {
        "HOME": str(directory), "PATH": f"{Path(sys.executable).parent}:{os.defpath}", "LANG": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", "ANSIBLE_FORKS": "3", "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "told", "HOSTILE_STORES_TOLD": str(told), "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    }  # fmt: skip
    program = str(Path(sys.executable).parent / "ansible-playbook")
    argv = [*own_var_lib(directory), program, "-v", "--diff", "-i", str(directory / "inventory.json"), str(directory / "play.json")]
    done = subprocess.run(argv, env=found, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False)  # fmt: skip
    text = done.stdout.decode(errors="surrogateescape")
    assert done.returncode in (0, 2), f"status {done.returncode}\n{ascii(text[-3000:])}"
    said: dict[str, dict[str, Said]] = defaultdict(dict)
    for line in map(json.loads, told.read_text().splitlines()):
        said[line["host"]][line["task"]] = Said(line["failed"], line["msg"], line["profiles"])
    return Played(said, text)

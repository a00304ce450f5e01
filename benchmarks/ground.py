# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where it is measured: users with homes on the disk of the checkout, in a mount namespace of our own.

The machine's passwd, /run and /var/lib are not touched, and none of its own Ansible's settings counts.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measure import Cost, run

REPOSITORY = Path(__file__).resolve().parent.parent
CONTENDERS = Path(__file__).resolve().parent / "contenders"
BUILD = REPOSITORY / "build" / "bench"
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("tests/hosts", "tests", "build/collections")]
import linux  # noqa: E402

GROUND = BUILD / "ground"
USED = BUILD / "used"
HOMES = GROUND / "homes"
FIRST_UID = 30001
_numbers = itertools.count(1)
CLIENTS = ["neomutt", "msmtp", "mbsync", "fetchmail"]
PROFILE = {
    "name": "work",
    "account_name": "{UserDisplayName} (work)",
    "incoming": {"host": "imap.example.org", "password": "{UserPassword}"},
    "outgoing": {"host": "smtp.example.org", "password": "{UserPassword}"},
}
WITHOUT_PASSWORD = {**PROFILE, "incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MAILOPS_", "PYTHON"))}
    return {
        **kept,
        "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TMPDIR": str(GROUND / "tmp"),
        "ANSIBLE_CONFIG": str(GROUND / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "build" / "collections"),
        "ANSIBLE_HOME": str(GROUND / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(GROUND / "ansible" / "remote"),
        "ANSIBLE_NOCOLOR": "1",
        # Not one warning more for one contender than for the other.
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }


def prepare() -> None:
    """An empty directory for whatever the contenders leave."""
    if GROUND.exists():
        USED.mkdir(exist_ok=True)
        GROUND.rename(USED / str(time.time_ns()))
    for name in ("homes", "tmp", "ansible", "etc", "lib"):
        (GROUND / name).mkdir(parents=True)
    (GROUND / "ansible.cfg").write_text("")  # not that of the machine or the home


def enter() -> None:
    """What this process and its children see from now on."""
    prepare()
    linux.unshare(linux.CLONE_NEWNS)
    _mount("--make-rprivate", "/")
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", GROUND / "etc" / f"{name}.machine")
        shutil.copy(f"/etc/{name}", GROUND / "etc" / name)
        _mount("--bind", str(GROUND / "etc" / name), f"/etc/{name}")
    _mount("--bind", str(GROUND / "lib"), "/var/lib")  # on the disk, as root's list of the users served really is
    _mount("-t", "tmpfs", "none", "/run")


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def people(number: int) -> list[dict[str, str]]:
    return [
        {"name": f"u{i:05}", "email": f"u{i:05}@example.org", "display_name": f"User Number {i}", "password": f"sesame-{i:05}"}
        for i in range(1, number + 1)
    ]


def users(number: int) -> list[dict[str, str]]:
    """The host knows exactly these, and their homes are empty."""
    found = people(number)
    for file, form in (("passwd", "{name}:x:{uid}:{uid}::{home}:/bin/sh\n"), ("group", "{name}:x:{uid}:\n")):
        lines = [form.format(name=user["name"], uid=uid, home=HOMES / user["name"]) for uid, user in enumerate(found, FIRST_UID)]
        # Into the file that is mounted, not over it.
        Path("/etc", file).write_text((GROUND / "etc" / f"{file}.machine").read_text() + "".join(lines))
    empty_homes(found)
    return found


def empty_homes(found: list[dict[str, str]]) -> None:
    """Other ones at the same place. ext4 looks at every inode that was deleted a few minutes ago before it takes a new one, so what
    others wrote stays on the disk until all is measured."""
    fresh = GROUND / f"homes.{next(_numbers)}"
    fresh.mkdir()
    for uid, user in enumerate(found, FIRST_UID):
        home = fresh / user["name"]
        home.mkdir(0o700)
        os.chown(home, uid, uid)
    if os.path.ismount(HOMES):
        subprocess.run(["umount", str(HOMES)], check=True)
    _mount("--bind", str(fresh), str(HOMES))
    shutil.rmtree(GROUND / "lib" / "mailops.profiles", ignore_errors=True)
    settle()


def remove() -> None:
    for directory in (GROUND, USED):
        shutil.rmtree(directory, ignore_errors=True)


def settle() -> None:
    """What was removed and made before must not be paid for by whoever syncs next."""
    os.sync()


def written() -> dict[str, bytes]:
    """The files below the homes."""
    return {str(path.relative_to(HOMES)): path.read_bytes() for path in sorted(HOMES.rglob("*")) if path.is_file()}


# --- plays on this host ---


def account_task(**other: Any) -> dict[str, Any]:
    options = {"users": "{{ mail_accounts_users }}", "profile_definitions": [PROFILE], "clients": CLIENTS, **other}
    return {"name": "Accounts", "mailops.profiles.mail_account": options}


PING = {"name": "Ping", "ansible.builtin.ping": {}}
ROLLOUT = "mailops.profiles.rollout"


def write_play(name: str, *tasks: dict[str, Any], **other: Any) -> str:
    """The path of a playbook."""
    path = GROUND / f"{name}.json"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **other}]))
    return str(path)


def write_inventory(name: str, hosts: dict[str, dict[str, Any]], **variables: Any) -> str:
    """The path of an inventory of hosts that are all this one. JSON, which Ansible reads quickly: 10,000 users as YAML take longer
    than anything that is measured."""
    path = GROUND / f"{name}.inventory.json"
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables}
    path.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))
    return str(path)


def playbook(play: str, inventory: str, *arguments: str, memory: bool = False, **variables: str) -> Cost:
    argv = [str(Path(sys.prefix, "bin", "ansible-playbook")), "-i", inventory, play, *arguments]
    return run(argv, {**environment(), **variables}, memory)

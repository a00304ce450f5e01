# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays in the room of the leak hunt, and everything that may hold what it should not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

from ansible_collections.mailops.profiles.plugins import plugin_utils

from . import lives, stores
from .detector import Secret, Secrets
from .room import Found, Room
from .stories import CONTROLLER, PLAY

DATABASE = "/srv/postgres"
SEALED_BEGINS = "$mailops$"
HERE = Path(__file__).resolve().parent
COLLECTIONS = str(Path(next(iter(plugin_utils.__path__))).parents[4])

_ANSIBLE = {
    "HOME": CONTROLLER, "LANG": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
    "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"), "ANSIBLE_CALLBACKS_ENABLED": "everything,ansible.builtin.junit,ansible.builtin.tree",
    "ANSIBLE_VAULT_PASSWORD_FILE": f"{PLAY}/vault-key", "ANSIBLE_STDOUT_CALLBACK": "default",
    # No play uses it: with it, psycopg is imported once a run instead of once a task, which would be half of the time.
    "MAILOPS_STORE": "postgresql:///unused",
    "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DIFF_ALWAYS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
}  # fmt: skip


class Hunt:
    """Plays in the room, and everything that may hold what it should not."""

    def __init__(self, room: Room, secrets: Secrets) -> None:
        self.room = room
        self.secrets = secrets
        self.outputs: dict[str, bytes] = {}
        self.files = 0
        self.at_home: dict[str, set[str]] = {}  # secret -> the files that may hold it and do

    def play(self, name: str, *arguments: str, playbook: str = "", inventory: str = "local.yml", **env: str) -> None:
        out = f"{CONTROLLER}/out/{name}"
        self.room.path(out).mkdir(parents=True)
        where = {
            "ANSIBLE_LOG_PATH": f"{out}/log", "LEAKS_DUMP": f"{out}/dump", "JUNIT_OUTPUT_DIR": f"{out}/junit",
            "ANSIBLE_CALLBACK_TREE_DIR": f"{out}/tree",
        }  # fmt: skip
        argv = ["ansible-playbook", "-i", f"{PLAY}/{inventory}", playbook or f"{PLAY}/{name}.yml", *arguments]
        self.outputs[name] = self.room.run(argv, {**_ANSIBLE, **where, **env}).stdout

    def program(self, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        """One of the hunt's own, in the room."""
        argv = [sys.executable, str(HERE / name), *arguments]
        return self.room.run(argv, {"PATH": _ANSIBLE["PATH"], "PYTHONPATH": COLLECTIONS, **env}, timeout=60)

    def start_database(self, settings: dict) -> str:
        """The port of a PostgreSQL server, whose directory only the server's own account can reach."""
        self.room.path(DATABASE).mkdir(mode=0o700)
        shutil.chown(self.room.path(DATABASE), "nobody")
        self.room.write(f"{PLAY}/database", json.dumps(settings))
        started = self.program("database.py", f"{PLAY}/database", TMPDIR=DATABASE)
        port = started.stdout.decode().strip()
        assert port.isdigit(), port
        return port

    def stop_database(self) -> None:
        """So that all it has is in its files."""
        running = next(self.room.path(DATABASE).glob("*/data/postmaster.pid"))
        self.room.run(["kill", "-INT", running.read_text().split()[0]], _ANSIBLE)
        assert self.room.wait_for(lambda: not running.exists())

    def events(self, name: str) -> list[dict]:
        """What the callback saw."""
        lines = self.room.path(f"{CONTROLLER}/out/{name}/dump").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] not in ("start", "diff")]

    def sealed(self, task: str) -> set[str]:
        """The sealed passwords that a task of the stores' play shows."""
        return {text for event in self.events("stores") if event["task"] == task for text in stores.SEALED.findall(event["all"])}

    def show_sealed(self) -> set[str]:
        """The tasks of all plays that show sealed passwords, on the screen or to callbacks."""
        shown = set()
        for name, output in self.outputs.items():
            task = ""
            for line in self.room.path(f"{CONTROLLER}/out/{name}/dump").read_text().splitlines():
                task = json.loads(line).get("task", task)
                shown |= {task} if SEALED_BEGINS in line else set()
            parts = output.decode(errors="replace").split("\nTASK [")
            shown |= {part.partition("]")[0] for part in parts if SEALED_BEGINS in part}
        return shown

    def channels(self) -> int:
        """What is searched, apart from files: output, log file, the dump, junit's and tree's of each play; log, processes,
        statements, modes."""
        return 5 * len(self.outputs) + 4

    def leaks(self) -> dict[str, list[str]]:
        """The secrets that were found where they must not be -> the places and the ways there."""
        found: dict[str, list[str]] = {}
        outputs = [(f"the output of {name}", output) for name, output in self.outputs.items()]
        statements = self.room.path(stores.STATEMENTS).read_bytes()
        recorded = [("the system log", self.room.syslog()), ("statements of PostgreSQL's sessions", statements), *self.room.processes()]
        for place, data in outputs + recorded:
            for name, way in self.secrets.find(data).items():
                if place not in self.secrets.known[name].allowed:
                    found.setdefault(name, []).append(f"{place} ({way})")
        for seen in self.room.readable_files():
            for name, way in self.secrets.find(seen["content"]).items():
                if not self._is_shared(seen["path"], seen["mode"]):
                    found.setdefault(name, []).append(f"{seen['path']}, {seen['mode']:04o}, {seen['what']} ({way})")
        for file in self.room.files():
            self.files += 1
            for name, way in self.secrets.find(file.path.encode() + b"\n" + file.content).items():
                if self._may_hold(self.secrets.known[name], file):
                    self.at_home.setdefault(name, set()).add(file.path)
                else:
                    found.setdefault(name, []).append(f"{file.path}, {file.mode:04o}, afterwards ({way})")
        return found

    def _may_hold(self, secret: Secret, file: Found) -> bool:
        if file.path.startswith(f"{PLAY}/"):  # from where they come
            return not file.mode & 0o077
        allowed = any(PurePosixPath(file.path).match(pattern) for pattern in secret.allowed)
        return allowed and (not file.mode & 0o077 or self._is_shared(file.path, file.mode))

    @staticmethod
    def _is_shared(path: str, mode: int) -> bool:
        return path.startswith(f"{lives.SHARED}/") and mode == 0o640

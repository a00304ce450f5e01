# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes of users that exist in no passwd database: the writer only needs their numbers. Needs root, as the writer does."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.profiles.plugins.module_utils._writer import _index
from ansible_collections.mailops.profiles.plugins.module_utils._writer._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._writer._host import deploy
from ansible_collections.mailops.profiles.plugins.module_utils._writer._identity import Identity
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Settings, Wanted
from ansible_collections.mailops.profiles.plugins.module_utils._writer._worker import Outcome, Run, Task, run_tasks

PATTERNS = {"block": [".blockrc", ".config/blockrc"], "own": [".config/mailops/own/*", ".ownrc"]}
RECORD = ".local/state/mailops/default.json"
OWN = ".config/mailops/own/work"


def block(text: str = "block\n", **other: Any) -> Wanted:
    return Wanted("block", ".blockrc", text, "block", **{"shown": text, **other})


def owned(text: str = "own\n", path: str = OWN, **other: Any) -> Wanted:
    return Wanted("own", path, text, "owned", **{"shown": text, **other})


@dataclass
class Home:
    path: Path
    uid: int

    def write(self, name: str, data: bytes | str, mode: int = 0o644) -> Path:
        target = self.path / name
        self.mkdir(str(Path(name).parent))
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        os.chmod(target, mode)
        os.chown(target, self.uid, self.uid)
        return target

    def mkdir(self, name: str) -> None:
        made = self.path
        for part in Path(name).parts:
            made = made / part
            if not made.exists():
                made.mkdir(0o700)
                os.chown(made, self.uid, self.uid)

    def link(self, name: str, target: str, uid: int | None = None) -> None:
        self.mkdir(str(Path(name).parent))
        os.symlink(target, self.path / name)
        os.chown(self.path / name, *[self.uid if uid is None else uid] * 2, follow_symlinks=False)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def mode(self, name: str) -> int:
        return os.stat(self.path / name).st_mode & 0o777

    def tree(self) -> dict[str, Any]:
        """Everything in the home: path -> owner, mode, content or link target."""
        found: dict[str, Any] = {}
        for directory, names, files in os.walk(self.path):
            for name in (*names, *files):
                path = Path(directory, name)
                state = path.lstat()
                content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() and state.st_size < 1 << 22 else None
                found[str(path.relative_to(self.path))] = (state.st_uid, oct(state.st_mode), content)
        return found


@dataclass
class Host:
    root: Path
    homes: dict[str, Home] = field(default_factory=dict)

    def home(self, name: str) -> Home:
        if name not in self.homes:
            uid = 20_001 + len(self.homes)
            path = self.root / name
            path.mkdir(0o700)
            os.chown(path, uid, uid)
            self.homes[name] = Home(path, uid)
        return self.homes[name]

    def run(self, *wanted: Wanted, users: tuple[str, ...] = ("alice",), deadline: float = 3, **other: Any) -> dict[str, Outcome]:
        """What the module does for these users, each of whom wants the same files."""
        check = other.pop("check", False)
        settings = Settings(**{"instance": "default", "patterns": PATTERNS, "diff": True, **other})
        tasks = [
            Task(name, str(self.home(name).path), Identity(self.home(name).uid, self.home(name).uid), list(wanted)) for name in users
        ]
        outcomes = run_tasks(tasks, Run(settings, DestOptions(), check, deadline))
        return {outcome.user: outcome for outcome in outcomes}

    def one(self, *wanted: Wanted, **other: Any) -> Outcome:
        """Alice's outcome; a dry run just before must have said the same."""
        before = self.home("alice").tree()
        dry = self.run(*wanted, **{**other, "check": True})["alice"]
        assert self.home("alice").tree() == before
        real = self.run(*wanted, **other)["alice"]
        assert (dry.changes, dry.drifted, dry.diffs, dry.unchanged) == (real.changes, real.drifted, real.diffs, real.unchanged)
        again = self.run(*wanted, **other)["alice"]
        assert real.error or (again.changes, again.drifted, again.error) == ([], [], None)
        return real


class Site:
    """Users with directories below ``root``; a payload as the action makes it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *names: str, absent: tuple[str, ...] = (), check: bool = False, purge: bool = False, **other: Any) -> dict[str, Any]:
        files = [file._asdict() for file in (block(), owned())]
        users = [
            {"name": name, "dest": str(self.root / name), "accounts": 1, "files": [] if name in absent else files} for name in (*names, *absent)
        ]
        payload = {
            "instance": "default", "patterns": PATTERNS, "mode": 0o600, "directory_mode": 0o700, "owner": None, "group": None,
            "deadline": 5, "details": False, "listed": [user["name"] for user in users] if purge else None, "earlier": [], "host": None,
            "users": users, **other,
        }  # fmt: skip
        return deploy(payload, check=check, diff=False)

    def left(self) -> set[str]:
        return {path.name for path in self.root.iterdir() if any(path.iterdir())}

    @property
    def index(self) -> dict[str, Any]:
        return {path.name: json.loads(path.read_text())["places"] for path in Path(_index.DIRECTORY).glob("*.json")}

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

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, OWNED, Answer, Change, File, Job, Place, Result
from ansible_collections.mailops.profiles.plugins.module_utils._writer import state
from ansible_collections.mailops.profiles.plugins.module_utils._writer.dest import Dest
from ansible_collections.mailops.profiles.plugins.module_utils._writer.identity import Identity
from ansible_collections.mailops.profiles.plugins.module_utils._writer.open_place import Task
from ansible_collections.mailops.profiles.plugins.module_utils._writer.parent import run_tasks
from ansible_collections.mailops.profiles.plugins.module_utils._writer.plan import Settings
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

PATTERNS = {"block": {".blockrc": BLOCK, ".config/blockrc": BLOCK}, "own": {".config/mailops/own/*": OWNED, ".ownrc": OWNED}}
MANIFEST = ".local/state/mailops/default.json"
OWN = ".config/mailops/own/work"
BEGIN, END = b"# BEGIN mailops.profiles default\n", b"# END mailops.profiles default\n"


def block(text: str = "block\n", **other: Any) -> File:
    return File(".blockrc", text.encode(), BLOCK, producer="block", **{"redacted": text, **other})


def owned(text: str = "own\n", path: str = OWN, **other: Any) -> File:
    return File(path, text.encode(), producer="own", **{"redacted": text, **other})


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

    def run(self, *files: File, users: tuple[str, ...] = ("alice",), deadline: float = 3, **other: Any) -> dict[str, Result]:
        """What the writer does for these users, each of whom gets the same files."""
        check = other.pop("check", False)
        tasks = [self.task(name, files) for name in users]
        return {result.name: result for result in run_tasks(tasks, self._settings(check, deadline, **other))}

    def _settings(self, check: bool, deadline: float = 3, **other: Any) -> Settings:
        return Settings(**{"instance": "default", "patterns": PATTERNS, "diff": True, "check": check, "deadline": deadline, **other})

    def task(self, name: str, files: tuple[File, ...]) -> Task:
        home = self.home(name)
        return Task(name, str(home.path), Identity(home.uid, home.uid), files, state.HOME, str(home.path))

    def dest(self, path: Path, *files: File, options: Dest | None = None, check: bool = False, **other: Any) -> Result:
        """The same for a directory that is no home."""
        settings = self._settings(check, dest=options or Dest(), **other)
        task = Task("x", str(path), None, files, state.location_of(str(path)), str(path))
        return run_tasks([task], settings)[0]

    def one(self, *files: File, **other: Any) -> Result:
        """Alice's result; a dry run just before must have said the same."""
        before = self.home("alice").tree()
        dry = self.run(*files, **{**other, "check": True})["alice"]
        assert self.home("alice").tree() == before
        real = self.run(*files, **other)["alice"]
        assert dry._replace(warnings=()) == real._replace(warnings=())
        again = self.run(*files, **other)["alice"]
        assert (again.changes, again.drifted, again.problem, again.notes) == ((), (), real.problem, real.notes)
        return real


def paths(found: tuple[Any, ...]) -> list[str]:
    """Of changes or of drifted files."""
    return [each.path for each in found]


def actions(result: Result) -> list[tuple[str, str]]:
    assert result.problem is None
    return [(os.path.basename(change.path), change.action) for change in result.changes]


def diffs(result: Result) -> list[Any]:
    return [change.diff for change in result.changes if change.diff]


class Site:
    """Users with directories below ``root``, served by whole jobs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def job(self, *names: str, absent: tuple[str, ...] = (), purge: bool = False, **other: Any) -> Job:
        places = [Place(name, str(self.root / name), (block(), owned())) for name in names]
        places += [Place(name, str(self.root / name), absent=True) for name in absent]
        job = Job("default", tuple(places), PATTERNS, deadline=5, inventory_host="desk", dest_pattern=f"{self.root}/{{UserName}}", purge=purge)
        return job._replace(**other)

    def run(self, *names: str, check: bool = False, **other: Any) -> Answer:
        return load_answer(run(dump_job(self.job(*names, **other)), check, False)[1])

    def left(self) -> set[str]:
        return {path.name for path in self.root.iterdir() if any(path.iterdir())}

    @property
    def own(self) -> Path:
        return Path(state.ROOT, state.OF_ROOT)

    @property
    def served(self) -> dict[str, Any]:
        """List of an instance -> (user, path) of the places."""
        return {path.name: [(place["user"], place["path"]) for place in json.loads(path.read_text())["places"]] for path in self.own.glob("*.json")}


def all_changes(answer: Answer) -> list[Change]:
    return [change for result in answer.results for change in result.changes]


def changed_users(answer: Answer) -> set[str]:
    return {result.name for result in answer.results if result.changes}


def problems(answer: Answer) -> dict[str, str]:
    return {result.name: result.problem.path for result in answer.results if result.problem}


def remaining(answer: Answer) -> list[tuple[str, str, str]]:
    return [tuple(place[:3]) for place in answer.remaining if not place.is_earlier]


def earlier(answer: Answer) -> list[tuple[str, str, str]]:
    """Directories of users who are served in another one now."""
    return [tuple(place[:3]) for place in answer.remaining if place.is_earlier]

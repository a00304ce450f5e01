# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run was about when it was killed, what may be on the disk then, and what the next run has to make of it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Collection, Sequence

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File, Job
from ansible_collections.mailops.profiles.plugins.module_utils._writer.manifest import is_temp
from ansible_collections.mailops.profiles.plugins.module_utils._writer.state import IN_HOME

from ..unit.writer.home import OWN, Home, block, owned
from .crash_disk import Disk
from .crash_host import Machine, Process, Trees, drifted, make_job, problems

SECRET = b"s3cret"
BACKUPS = f"{IN_HOME}/backups"
# Of a run that was killed, empty directories may stay when no record says who made them: those around the record, which come before
# it and go after it; and after a power cut, of a removal, those whose removal was lost when that of the record was not.
AROUND = (".local", ".local/state", IN_HOME, BACKUPS)
OURS = (".config", ".config/mailops", ".config/mailops/own")
PRIVATE = ".config/mailops/own/private"


def _files(user: str, version: str) -> list[File]:
    def text(name: str) -> str:
        return f"{name} of {user}: s3cret {version}\n" * 2

    both = [block(text("block"), secret=True, redacted="block\n"), owned(text("work"), secret=True, redacted="work\n")]
    more = [owned(text("private"), PRIVATE, secret=True, redacted="p\n"), owned(text("rc"), ".ownrc", secret=True, redacted="rc\n")]
    other = [owned(text("other"), ".config/mailops/own/other", secret=True, redacted="o\n")]
    return {"one": both + more, "two": both + more, "fewer": both[:1] + more[:1], "other": both[:1] + other, "none": []}[version]


def _equip(machine: Machine) -> None:
    """What the users had before us: alice her own files, bob links to his, and the rest nothing."""
    alice, bob = machine.homes["alice"], machine.homes.get("bob")
    alice.write(".blockrc", "alice's own, without an end")
    alice.write(".ownrc", "alice's own\n", 0o640)
    if bob:
        bob.write("dotfiles/blockrc", "# bob's\n", 0o640)
        bob.link(".blockrc", "dotfiles/blockrc")
        bob.mkdir("dotfiles/config")
        bob.link(".config", str(bob.path / "dotfiles/config"))


def _edit(home: Home) -> None:
    """By the user's own hand: whole files and lines of a block."""
    home.write(OWN, "edited\n", 0o600)
    lines = home.read(".blockrc").splitlines(keepends=True)
    (home.path / ".blockrc").write_bytes(b"".join(line for line in lines if SECRET not in line))
    os.chmod(home.path / ".blockrc", 0o600)


@dataclass(frozen=True)
class Scenario:
    """The runs before, as (version, instance), the version that the killed run was to bring, and what may come next."""

    before: Sequence[tuple[str, str]]
    killed: str
    then: Sequence[str] = ("one", "two", "fewer", "none")
    mode: int = 0o600
    edit: Callable[[Home], None] | None = None

    @property
    def removes(self) -> bool:
        return self.killed == "none"


SCENARIOS = {
    "first": Scenario([], "one"),
    "update": Scenario([("one", "default")], "two"),
    "withdraw": Scenario([("one", "default")], "fewer"),
    "add": Scenario([("fewer", "default")], "two"),
    "remove": Scenario([("one", "default")], "none"),
    "edited": Scenario([("one", "default")], "two", edit=_edit),
    "edited, remove": Scenario([("one", "default")], "none", edit=_edit),
    "mode": Scenario([("one", "default")], "one", mode=0o640),
    "instances, update": Scenario([("one", "default"), ("other", "second")], "two"),
    "instances, remove": Scenario([("one", "default"), ("other", "second")], "none"),
    "second instance": Scenario([("one", "second")], "other", then=("other", "none")),
}


class Stage:
    """A machine on which a scenario is played again and again."""

    def __init__(self, machine: Machine, scenario: Scenario, power: bool = False) -> None:
        """``power``: it is to be cut."""
        bare = power or scenario.removes or not scenario.before
        self._may_stay = (AROUND if bare else (BACKUPS,)) + (OURS if power and scenario.removes else ())
        self.machine = machine
        self._scenario = scenario
        self._references: dict[Sequence[str], tuple[Trees, set[str]]] = {}
        self._instances = sorted({"default", *(instance for _version, instance in scenario.before)})
        _equip(machine)
        self._original = machine.trees()
        for version, instance in scenario.before:
            self.run(version, instance, 0o600)
        if scenario.edit:
            for home in machine.homes.values():
                scenario.edit(home)
        self._old, self._lists = machine.trees(), machine.lists()
        self._new = self._reference(scenario.killed)[0]
        for then in scenario.then:  # now: later there is something in the homes that matters
            self._references_of(then)

    def start(self, **other: Any) -> Process:
        """The run that will be killed, on homes as they were before it."""
        self.reset()
        return self.again(**other)

    def seconds(self) -> float:
        """How long the run takes on this machine: the shortest of three, because other work may hold one up, and a kill after the end is none."""
        return min(self._seconds() for _run in range(3))

    def _seconds(self) -> float:
        run, start = self.start(), time.monotonic()
        run.wait()
        return time.monotonic() - start

    def reset(self) -> None:
        self.machine.restore(self._old)
        self.machine.restore_lists(self._lists)

    def disk(self, user: str) -> Disk:
        """What the user's home holds now."""
        return Disk(self.machine.homes[user], self.machine.homes[user].tree())

    def set(self, user: str, survivors: dict[str, Any]) -> None:
        """Makes the home what was left of it."""
        home = self.machine.homes[user]
        self.machine.restore({user: {path: (home.uid, oct(mode), content) for path, (mode, content) in survivors.items()}})

    def again(self, **other: Any) -> Process:
        return self.begin(self._scenario.killed, **other)

    def begin(self, version: str, instance: str = "default", **other: Any) -> Process:
        return self.machine.start(self._work(version, instance), **other)

    def _work(self, version: str, instance: str = "default", mode: int | None = None) -> Job:
        files = {user: _files(user, version) for user in self.machine.homes}
        return make_job(files, instance, mode or self._scenario.mode)

    def run(self, version: str, instance: str = "default", mode: int | None = None) -> set[str]:
        answer = self.machine.run(self._work(version, instance, mode))
        assert answer is not None and not problems(answer), answer
        return drifted(answer)

    def _reference(self, *versions: str) -> tuple[Trees, set[str]]:
        """What these runs come to on homes where nothing was ever killed, and what they report as edited."""
        if versions not in self._references:
            self.reset()
            edited = set().union(*(self.run(version) for version in versions))
            self._references[versions] = self.machine.trees(), edited
        return self._references[versions]

    def _references_of(self, then: str) -> list[list[tuple[Trees, set[str]]]]:
        """After the next run, and after the one that then removes all: had the killed run not begun, and had it come to its end."""
        begun = ((), (self._scenario.killed,))
        return [[self._reference(*first, *versions) for first in begun] for versions in ((then,), (then, "none"))]

    def check_crashed(self) -> None:
        """Each file is old or new, complete, its user's, and no more open than it may be."""
        for user, tree in self.machine.trees().items():
            old, new = self._old[user], self._new[user]
            for path, (uid, mode, content) in tree.items():
                assert uid == self.machine.homes[user].uid, path
                if isinstance(content, bytes) and SECRET in content:
                    assert not int(mode, 8) & 0o777 & ~self._scenario.mode, path
            for path in {*tree, *old, *new}:
                ours = path.startswith(IN_HOME) or is_temp(os.path.basename(path))
                state = [side.get(path) for side in (tree, old, new)]
                if not ours and any(entry is not None and entry[2] is not None for entry in state):
                    assert state[0] in state[1:], (path, *state)

    def check_done(self, users: Sequence[str]) -> None:
        """These users have what the run was to bring."""
        self._check_same([self._new], users)

    def check_repaired(self, then: str) -> None:
        """The next run makes what it would make had nothing happened, and the last ones leave what was there before us."""
        # Removal unlinks before it writes, so that it works on a full disk: the record does not know yet what is gone on purpose.
        unlinked = self._unlinked()
        for version, references in zip((then, "none"), self._references_of(then)):
            edited = self.run(version)
            self._check_same([trees for trees, _edited in references], self.machine.homes)
            more = {path for path in edited - references[0][1] if os.path.realpath(path) not in unlinked}
            assert not more, (version, more)
        for instance in self._instances:
            self.run("none", instance)
        for user, tree in self.machine.trees().items():
            original = self._original[user]
            assert {path: tree[path][2] for path in original} == {path: entry[2] for path, entry in original.items()}
            # What stays of us are copies of what the user had or wrote, if there was anything.
            copies = [path for path in tree if path.startswith(f"{BACKUPS}/")]
            assert not any(SECRET in tree[path][2] for path in copies)
            allowed = {*original, *self._may_stay, *copies, *(above for path in copies for above in map(str, Path(path).parents))}
            assert tree.keys() <= allowed, tree.keys() - allowed

    def _unlinked(self) -> set[str]:
        """Files that the killed run was to remove and did."""
        trees = self.machine.trees()
        return {
            str(home.path / path)
            for user, home in self.machine.homes.items()
            for path in self._old[user].keys() - self._new[user].keys() - trees[user].keys()
        }

    def _check_same(self, expected: Sequence[Trees], users: Collection[str]) -> None:
        """Each file as after one of these: it was old or new when the run was killed."""
        trees = self.machine.trees()
        for user in users:
            tree = trees[user]
            sides = [_parts(trees[user]) for trees in expected]
            found = _parts(tree)
            for part in set().union(found, *sides):
                allowed = [side.get(part) for side in sides]
                directory = part if isinstance(part, str) else part[-1]
                if directory in self._may_stay:
                    continue
                assert found.get(part) in allowed, (user, part, found.get(part), *allowed)


def _parts(tree: dict[str, Any]) -> dict[Any, Any]:
    """Everything in a home, and of a record each field by itself."""
    parts: dict[Any, Any] = {}
    for path, (uid, mode, content) in tree.items():
        if not path.endswith(".json"):
            parts[path] = uid, mode, content
            continue
        record = json.loads(content)
        parts[path] = uid, mode
        parts.update({(path, entry["path"], name): value for entry in record["entries"] for name, value in entry.items()})
        parts.update({(path, directory): True for directory in record["directories"]})
    return parts

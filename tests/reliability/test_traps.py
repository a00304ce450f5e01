# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes that fight back: every trap at every component of every path of every client, before the first run, before an update and
before a removal. Each trap has a user of its own, and all of them are served in one run with a harmless one."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File, Result
from ansible_collections.mailops.profiles.plugins.module_utils._writer.backups import backup_name

from ..short import one_in
from ..unit.writer.home import MANIFEST, Home, Host
from .conftest import CASES, USUAL_CASES
from .filesystems import in_memory, isolated
from .trap_looks import look
from .traps import BACKUPS, STATE, TRAPS, Ground, Outside, assert_helpful, needed, patterns, places, temporary, untouched, wanted

DEADLINE = 10
MOMENTS = ("first", "update", "removal")
# What does no harm in the right place, as a directory on the way or as a file at its end.
_HARMLESS = {
    "directory", "directory without any permission", "directory that cannot be written to", "sticky setgid directory",
    "directory with a default ACL", "file", "set-user-ID file", "dangling link inside",
}  # fmt: skip


class Field:
    """Trapped users, and bob, in one run."""

    def __init__(self, host: Host, client: str, kinds: list[str], moment: str) -> None:
        self.host = host
        self.moment = moment
        self.old, self.new = wanted(client, 1), [] if moment == "removal" else wanted(client, 2)
        self.bob = host.home("bob")
        self.users = {f"user{number}": kind for number, kind in enumerate(kinds)}
        self.grounds: dict[str, Ground] = {}
        for name in self.users:
            host.home(name).write(".profile", "the user's\n")
        if moment != "first":
            assert not any(outcome.problem for outcome in self.run(self.old).values())

    def run(self, files: list[File], check: bool = False) -> dict[str, Result]:
        return self.host.run(*files, users=(*self.users, "bob"), patterns=patterns(), deadline=DEADLINE, check=check)

    def lay(self, place: str) -> None:
        for name, kind in self.users.items():
            home = self.host.home(name)
            ground = Ground(home, Outside(self.host.root / f"outside-{name}", home.uid, self.bob.uid), place)
            home.mkdir(os.path.dirname(place))
            if os.path.lexists(ground.path):
                os.rename(ground.path, home.path / f"displaced{len(os.listdir(home.path))}")
            TRAPS[kind](ground)
            self.grounds[name] = ground

    def judge(self) -> dict[str, Result]:
        """What holds whatever the trap is."""
        before = {name: self.host.home(name).tree() for name in self.users}
        dry = self._watched(check=True)
        assert {name: self.host.home(name).tree() for name in self.users} == before, "check mode changed something"
        look(self.host, self.grounds, before, patterns(), DEADLINE)
        start = time.monotonic()
        real = self._watched(check=False)
        assert time.monotonic() - start < DEADLINE * 2
        assert real["bob"].problem is None and dry["bob"].changes == real["bob"].changes
        assert_as_wanted(self.bob, self.old, self.new)
        again = self.run(self.new)
        for name, ground in self.grounds.items():
            said = (self.users[name], ground.place, dry[name], real[name])
            assert (dry[name].changes, dry[name].drifted, dry[name].problem) == (real[name].changes, real[name].drifted, real[name].problem), said
            assert again[name].problem == real[name].problem and not again[name].changes and not again[name].drifted, (said, again[name])
            tree = ground.home.tree()
            assert foreign(tree, ground.home) <= foreign(before[name], ground.home), said
            assert not temporary(tree), said
            if real[name].problem:
                assert_helpful(real[name].problem, ground.home)
                assert tree == before[name], said  # none of the user's files is touched
            else:
                assert_as_wanted(ground.home, self.old, self.new)
        return real

    def _watched(self, check: bool) -> dict[str, Result]:
        with untouched([ground.outside for ground in self.grounds.values()]):
            return self.run(self.new, check)


def foreign(tree: dict[str, Any], home: Home) -> set[str]:
    """What does not belong to the user."""
    return {path for path, (uid, _mode, _content) in tree.items() if uid != home.uid}


def read(path: Path) -> bytes:
    """As much as could be of ours: a trap may be larger than the memory."""
    with path.open("rb") as file:
        return file.read(1 << 21)


def contents(files: list[File]) -> set[bytes]:
    return {each.content for file in files for each in (file, *file.variants) if each.content is not None}


def assert_as_wanted(home: Home, old: list[File], new: list[File]) -> None:
    """Every wanted text is where a program would find it, and none of an earlier run is left."""
    for file in new:
        places = [home.path / path for path in (file.path, *file.alternatives)]
        texts = contents([file])
        # What the user's own lines decide about may be in another file.
        is_optional = any(each.content is None for each in (file, *file.variants))
        found = [read(path) for path in places if path.is_file()]
        assert is_optional or any(text in data for data in found for text in texts), (home.path, file.path)
    gone = contents(old) - contents(new) - {b""}
    for directory, names, files in os.walk(home.path):
        names[:] = [name for name in names if not name.startswith(("displaced", "backups"))]
        for path in (Path(directory, name) for name in files if not name.startswith("displaced")):
            data = path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 20 else b""
            assert not any(text in data for text in gone), path


PLACES = places()
# At every place at one of the moments, the next place at the next; where the manifest is, and in long runs, at all of them.
TRAPPED = [
    (moment, place)
    for number, place in enumerate(PLACES)
    for shift, moment in enumerate(MOMENTS)
    if (number + shift) % len(MOMENTS) == 0 or MANIFEST.startswith(place) or CASES > USUAL_CASES
]


@pytest.mark.parametrize(("moment", "place"), one_in(2, TRAPPED))
@isolated
def test_a_trap_stops_its_user_alone(host: Host, count, moment: str, place: str) -> None:
    in_memory(host.root)
    client = PLACES[place]
    field = Field(host, client, list(TRAPS), moment)
    field.lay(place)
    real = field.judge()
    for name, kind in field.users.items():
        assert real[name].problem or kind in _HARMLESS or place not in needed(client), f"{kind} was not noticed"
        # Dotfiles may be the user's own links inside the home; only the manifest may not.
        assert kind != "dangling link inside" or bool(real[name].problem) is (place == MANIFEST), real[name]
    count("traps tried", len(field.users))


def fail_alone(host: Host, count, said: str, *, check_knows: bool = True, deadline: float = DEADLINE) -> None:
    """Alice cannot have new files, for a reason that is given; bob gets them; nothing of hers is changed."""
    alice = host.home("alice")
    before = alice.tree()
    for check in (True, False):
        outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns(), deadline=deadline, check=check)
        assert outcomes["bob"].problem is None
        if check and not check_knows:
            assert outcomes["alice"].problem is None and outcomes["alice"].changes
        else:
            assert_helpful(outcomes["alice"].problem, alice)
            assert said in outcomes["alice"].problem.message, outcomes["alice"].problem
        assert check_knows is False or alice.tree() == before
    assert_as_wanted(host.home("bob"), [], wanted(version=2))
    assert temporary(alice.tree()) <= temporary(before)
    count("traps tried", 1)


def deployed(host: Host, version: int = 1) -> Home:
    """Alice, and bob, with the accounts of all clients."""
    outcomes = host.run(*wanted(version=version), users=("alice", "bob"), patterns=patterns(), deadline=DEADLINE)
    assert outcomes["alice"].problem is None
    return host.home("alice")


@isolated
def test_a_trap_with_the_name_of_a_backup(host: Host, count) -> None:
    """The name is known before: it is made of the path and the content."""
    in_memory(host.root)
    owned = next(file for file in wanted() if file.content is not None and file.strategy == "owned" and file.path.startswith(".config/mailops/"))
    edited = b"edited by the user\n"
    field = Field(host, "", list(TRAPS)[:: 1 if CASES > USUAL_CASES else 2], "update")
    for name in field.users:
        host.home(name).write(owned.path, edited, 0o600)
    field.lay(f"{BACKUPS}/{backup_name(owned.path, edited)}")
    for name, ground in field.grounds.items():
        with untouched([ground.outside]):
            dry, real = (field.run(field.new, check)[name] for check in (True, False))
        kept = [path.read_bytes() for path in (ground.home.path / BACKUPS).glob("*") if path.is_file() and path.stat().st_size < 1000]
        assert (dry.problem, dry.changes) == (real.problem, real.changes), field.users[name]
        if real.problem:
            assert_helpful(real.problem, ground.home)
            assert ground.home.read(owned.path) == edited, field.users[name]
        else:
            assert edited in kept, f"{field.users[name]}: what the user wrote is lost"
    count("traps tried", len(field.users))


@pytest.mark.parametrize("kind", ["link to root's file", "dangling link outside", "link to root's directory", "FIFO", "hard link to root's file"])
@isolated
def test_a_trap_with_the_name_of_a_temporary_file(host: Host, count, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The names cannot be guessed. If a user does, O_EXCL protects root's files."""
    in_memory(host.root)
    alice = deployed(host)
    field = Field(host, "", [], "first")
    # So that they can be, here.
    monkeypatch.setattr(os, "urandom", lambda size: next(numbers).to_bytes(size, "big"))
    directories = sorted({os.path.dirname(file.path) for file in wanted()} | {STATE})
    laid = []
    for directory in directories:
        for number in range(len(wanted())):
            ground = Ground(alice, Outside(host.root / f"outside-{len(laid)}", alice.uid, field.bob.uid), f"{directory}/.mailops-{number:016x}.tmp".lstrip("/"))
            alice.mkdir(directory)
            TRAPS[kind](ground)
            laid.append(ground)
    numbers = itertools.count()
    with untouched([ground.outside for ground in laid]):
        outcome = field.host.run(*wanted(version=2), patterns=patterns())["alice"]
    assert_helpful(outcome.problem, alice)
    # A name in the directory of the manifests is taken for a dead run's file, and removed; the others are the user's.
    assert all(os.path.lexists(ground.path) for ground in laid if not ground.place.startswith(STATE))
    for ground in laid:
        ground.path.unlink(missing_ok=True)
    monkeypatch.undo()
    assert_right_in_the_end(host)
    count("traps tried", len(laid))


def assert_right_in_the_end(host: Host) -> None:
    """After the trap is gone one run makes everything right, and a removal leaves nothing."""
    alice = host.home("alice")
    assert host.run(*wanted(version=2), patterns=patterns())["alice"].problem is None
    assert_as_wanted(alice, wanted(), wanted(version=2))
    outcome = host.run(patterns=patterns())["alice"]
    assert outcome.problem is None and not (alice.path / MANIFEST).exists()
    assert not foreign(alice.tree(), alice)
    assert not temporary(alice.tree())


@isolated
def test_a_manifest_of_a_thousand_traps(host: Host, count) -> None:
    """A forged manifest leads to FIFOs, links out of the home and root's files wherever a pattern lets it."""
    in_memory(host.root)
    alice = deployed(host)
    record = json.loads(alice.read(MANIFEST))
    outside = Outside(host.root / "outside", alice.uid, host.home("bob").uid)
    kinds = ["FIFO", "link to root's file", "root's file", "character device", "directory"]
    entries = {entry["producer"]: entry for entry in record["entries"]}
    pattern, entry = next((path, entries[name]) for name in entries for path in patterns()[name] if "*" in path.rpartition("/")[2])
    for number in range(1000 - len(record["entries"])):
        path = pattern.replace("*", f"forged{number}")
        record["entries"].append({**entry, "path": path, "strategy": "owned", "temp": f".mailops-{number:016x}.tmp"})
        for place in (path, f"{os.path.dirname(path)}/.mailops-{number:016x}.tmp"):
            TRAPS[kinds[number % len(kinds)]](Ground(alice, outside, place))
    alice.write(MANIFEST, json.dumps(record), 0o600)
    with untouched([outside]):
        fail_alone(host, count, "/forged")
        outcomes = host.run(users=("alice", "bob"), patterns=patterns(), deadline=DEADLINE)
    assert outcomes["bob"].problem is None
    assert_helpful(outcomes["alice"].problem, alice)


@pytest.mark.parametrize("kind", ["directory", "link to root's file", "FIFO"])
@pytest.mark.parametrize("number", [1, 20_000])
@isolated
def test_old_temporary_files_that_are_none(host: Host, count, kind: str, number: int) -> None:
    in_memory(host.root)
    alice = deployed(host)
    outside = Outside(host.root / "outside", alice.uid, host.home("bob").uid)
    alice.mkdir(BACKUPS)
    for each in range(number):
        TRAPS[kind](Ground(alice, outside, f"{BACKUPS}/.mailops-{each:016x}.tmp"))
    with untouched([outside]):
        dry, real = (host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns(), check=check) for check in (True, False))
    assert real["bob"].problem is None
    assert dry["alice"].problem == real["alice"].problem and dry["alice"].changes == real["alice"].changes
    assert real["alice"].problem is None
    count("traps tried", 1)


@pytest.mark.parametrize("seed", range(CASES))
@isolated
def test_several_traps_in_one_home(host: Host, count, seed: int) -> None:
    """With the files of all clients: what one trap hides from the other."""
    in_memory(host.root)
    chance = random.Random(seed)
    # Two dangling links to one place would become each other's file. Without the manifest it is not known which files were ours, so that
    # those of withdrawn accounts stay: a trap there is tried alone.
    kinds = [kind for kind in TRAPS if kind != "dangling link inside"]
    free = [place for place in PLACES if not f"{STATE}/default.json".startswith(place)]
    field = Field(host, "", chance.sample(kinds, 3), chance.choice(MOMENTS))
    for place in sorted(chance.sample(free, 3), key=len, reverse=True):
        field.lay(place)
    field.judge()
    count("traps tried", 3 * len(field.users))

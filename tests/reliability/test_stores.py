# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stores of every kind with many writers, killed writers, full disks, wrong clocks and many profiles: old or new, never between."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import change_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Snapshot
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed

from ..postgres import Postgres, find_postgres
from ..unit.stores.conftest import DATABASE, OWNER, Place, database, directory_place, place, sqlite_place
from ..unit.stores.edits import SERVERS, in_a_child, put, put_all, replacing
from .conftest import CASES
from .filesystems import fill, image, in_memory, isolated, mount
from .store_playbooks import AtOnce, bulk, seconds
from .store_writers import DONE, Moments, Writer, after, mixture, read, shut_down

__all__ = ["database", "directory_place", "place", "sqlite_place"]

# With 200 cases: 25 playbooks write 1,000 profiles, and 100 writers are killed.
PLAYBOOKS, EDITS = min(25, max(2, CASES // 5)), min(40, CASES // 2)
KILLS = CASES // 2
FULL = max(3, CASES // 10)
BULK = min(300, CASES * 10)
PASSWORDS = BULK // 2
MANY = min(10_000, CASES * 50)
SOON = 10.0  # seconds; who has to wait for a dead writer's lock waits for 30
LONGEST = 120
THIRTY_YEARS = 30 * 365 * 86400


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """As careful as servers are in earnest."""
    _need_postgres()
    with Postgres(fsync=True) as postgres:
        postgres.sql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{postgres.password}'", f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        yield postgres


def _need_postgres() -> None:
    if find_postgres() is None:
        pytest.skip("there is no PostgreSQL server program; install Debian's postgresql")


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return request.node.callspec.params["place"]


def _next_run(place: Place, number: int) -> Snapshot:
    """A run after something went wrong works at once. What the store held before it."""
    start = time.monotonic()
    edit = put(place.open(), "next", description=str(number))
    assert time.monotonic() - start < SOON
    found = read(place.open())
    assert found.pop("next") == edit.after
    return dict(sorted({**found, **({"next": edit.before} if edit.before else {})}.items()))


# --- writers at the same time ---


def test_playbooks_at_once(place: Place, kind: str, tmp_path: Path, count) -> None:
    """They create profiles, and edit one that all share, from when there is no store yet."""
    reads, before = 0, {}
    with AtOnce(PLAYBOOKS, EDITS, place.url, tmp_path / "runs") as runs:
        while runs.running:
            found = read(place.open())
            assert found.keys() >= before.keys() and all(record.revision <= found[name].revision for name, record in before.items())
            reads, before = reads + 1, found
            time.sleep(0.05)
        runs.check(read(place.open()))
    count(f"stores, {kind}: playbooks at once", PLAYBOOKS)
    count(f"stores, {kind}: profiles written by them", PLAYBOOKS * EDITS)
    count(f"stores, {kind}: revisions of one profile written by them", PLAYBOOKS * EDITS)
    count(f"stores, {kind}: reads meanwhile", reads)


# --- kill -9 ---


def test_killed_while_writing(place: Place, kind: str, count) -> None:
    """Some of those that come next, and have to tidy up, are killed too."""
    chance = random.Random(1)
    moments = Moments(chance, _undisturbed(place, chance))
    for number in _until(KILLS, killed := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        said = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next()).kill()
        moments.learn(said)
        found = read(place.open())
        assert said in (None, DONE) and found in ([new] if said else [old, new])
        # A server may be about to commit for a client that is dead. Who writes waits for it.
        if kind == "postgresql" or chance.random() < 0.7:
            state = _next_run(place, number)
            assert state == found or (kind == "postgresql" and state == new)
            found = state
        if said is None:
            killed.append(found == new)
    count(f"stores, {kind}: writers killed", len(killed))
    count(f"stores, {kind}: writers killed after the commit", sum(killed))


def _undisturbed(place: Place, chance: random.Random) -> list[dict[str, float]]:
    runs = []
    for _number in range(4):
        listed = mixture(chance, place.open().read(), BULK)
        runs.append(Writer(place.open(), replacing(listed, purge=True)).times())
    return runs[1:]


def _until(number: int, met: list[Any], what: str = "killed writers") -> Iterator[int]:
    """Attempts, until ``met`` has so many: some writers are done before they are killed, some have room enough."""
    for attempt in range(10 * number):
        if len(met) == number:
            return
        yield attempt
    assert len(met) == number, f"only {len(met)} {what} in {10 * number} attempts"


def test_a_playbook_is_killed(place: Place, kind: str, tmp_path: Path, count) -> None:
    chance = random.Random(2)
    usual = seconds(bulk(mixture(chance, {}, BULK), place.url, tmp_path / "first"))
    for number in _until(KILLS // 10, killed := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        run = bulk(listed, place.url, tmp_path / str(number))
        time.sleep(chance.uniform(usual / 2, usual))
        if run.kill():
            killed.append(number)
        found = read(place.open())
        assert found in (old, new)
        state = _next_run(place, number)
        assert state == found or (kind == "postgresql" and state == new)
    count(f"stores, {kind}: playbooks killed", len(killed))


def test_a_server_is_killed(monkeypatch: pytest.MonkeyPatch, count) -> None:
    """With all its processes. What the writer is told is what the server knows when it is back."""
    _need_postgres()
    chance = random.Random(3)
    with Postgres(fsync=True) as server:
        monkeypatch.setenv("PGPASSFILE", str(server.passfile))
        place = Place(server.url(), lambda: None)
        moments = Moments(chance, _undisturbed(place, chance))
        for number in _until(KILLS // 5, met := []):
            old = read(place.open())
            listed = mixture(chance, old, BULK)
            new = after(listed, old)
            writer = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next())
            _crash(server)
            said = writer.wait()
            moments.learn(said)
            server.start()
            assert _next_run(place, number) in _meant(said, old, new)
            if said != DONE:
                met.append(said)
        count("stores, postgresql: servers killed during a change", len(met))


def _meant(said: str | None, old: Snapshot, new: Snapshot) -> list[Snapshot]:
    """What a store may hold after a writer said that."""
    if said == DONE:
        return [new]
    if "it is not known whether the change was made" in said:
        return [old, new]
    assert re.search("nothing was changed|no server listens there|starting up or shutting down|before it was ready", said), said
    return [old]


def _crash(server: Postgres) -> None:
    postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    children = [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
    for pid in (postmaster, *children):
        os.kill(pid, signal.SIGKILL)
    server.stop(signal.SIGKILL)
    while any(map(_is_alive, children)):
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())  # of a zombie there is none
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killed_while_the_key_changes(place: Place, kind: str, count) -> None:
    """Everything opens with one of the two keys, and nothing with the other."""
    chance = random.Random(4)
    keys = [StoreKey("the first key of the store"), StoreKey("the second key of the store")]
    servers = {side: {"host": "mail.example.org", "password": f"secret {side}"} for side in SERVERS}
    put_all(place.open(), [{**servers, "name": f"p-{number}"} for number in range(PASSWORDS)], key=keys[0])

    def changing(snapshot: Snapshot) -> tuple[Changes, None]:
        return changes(change_key(snapshot, *keys)), None

    times = []
    for _number in range(3):
        times.append(Writer(place.open(), changing).times())
        keys.reverse()
    moments = Moments(chance, times)
    for number in _until(KILLS // 3, killed := []):
        said = Writer(place.open(), changing).let(*moments.next()).kill()
        moments.learn(said)
        put(place.open(), "next", description=str(number))  # waits for a server that is about to commit
        found = read(place.open())
        opened = [sum(_opens(record, key) for record in found.values()) for key in keys]
        assert opened in ([0, PASSWORDS], [PASSWORDS, 0])
        if said is None:
            killed.append(opened[1] > 0)
        if opened[1]:
            keys.reverse()
        else:
            assert said is None
    count(f"stores, {kind}: changes of the key killed", len(killed))
    count(f"stores, {kind}: changes of the key killed after the commit", sum(killed))


def _opens(record: Any, key: StoreKey) -> bool:
    try:
        profile = revealed(read_profile(record.data), record.id, key)
    except MailopsError:
        return False
    return profile.incoming.password == "secret incoming" and profile.outgoing.password == "secret outgoing"


@pytest.mark.parametrize("kind", ["sqlite", "directory"])
@isolated
def test_power_cut(kind: str, tmp_path: Path, count) -> None:
    """The file system stops, and what was not synced is lost. What a writer has done stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    image(disk, 0, 24 << 20)
    place = Place(f"{kind}://{disk}/profiles", lambda: None)
    chance = random.Random(7)
    moments = Moments(chance, _undisturbed(place, chance))
    for number in _until(KILLS // 5, met := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        writer = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next())
        shut_down(disk)
        said = writer.kill()
        moments.learn(said)
        subprocess.run(["umount", disk], check=True)
        mount("-o", "loop", disk.with_name("disk.img"), disk)
        found = read(place.open())
        assert found in ([new] if said == DONE else [old, new])
        assert _next_run(place, number) == found
        if said != DONE:
            met.append(said)
    count(f"stores, {kind}: power cuts on ext4 during a change", len(met))


# --- full disks ---


@pytest.mark.parametrize("system", ["tmpfs", "ext4"])
@pytest.mark.parametrize("kind", ["sqlite", "directory"])
@isolated
def test_the_disk_is_full(kind: str, system: str, tmp_path: Path, count) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if system == "tmpfs":
        in_memory(disk, "size=16m")
    else:
        image(disk, 0, 24 << 20)
    place = Place(f"{kind}://{disk}/profiles", lambda: None)
    free = os.statvfs(disk).f_bfree
    chance = random.Random(5)
    put_all(place.open(), mixture(chance, {}, BULK))
    used = (free - os.statvfs(disk).f_bfree) * os.statvfs(disk).f_frsize
    _write_on_full_disk(place, disk, chance, 2 * used, count, kind)


@isolated
def test_the_disk_of_the_server_is_full(tmp_path: Path, count) -> None:
    _need_postgres()
    disk = tmp_path / "disk"
    disk.mkdir()
    in_memory(disk, "size=160m")
    tempfile.tempdir = str(disk)
    with Postgres(fsync=True) as server:
        os.environ["PGPASSFILE"] = str(server.passfile)
        place = Place(server.url(), lambda: None)
        chance = random.Random(6)
        put_all(place.open(), mixture(chance, {}, BULK))
        _write_on_full_disk(place, disk, chance, 1 << 19, count, "postgresql")


def _write_on_full_disk(place: Place, disk: Path, chance: random.Random, most: int, count, kind: str) -> None:
    """The first write has no room, the others have room for ``most`` bytes at most. Until enough of them found the disk full."""
    filler = disk / "filler"
    for number in _until(FULL, full := [], "writes that found the disk full"):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        fill(filler)
        os.truncate(filler, filler.stat().st_size - (chance.randrange(most) if number else 0))
        try:
            put_all(place.open(), listed, purge=True)
            meant = new
        except MailopsError as exc:
            meant = _meant_when_full(str(exc), old, new)
            full.append(meant is old)
        assert number or full, "a write succeeded on a disk without room"
        assert read(place.open()) == meant
        filler.unlink()
        assert _next_run(place, number) == meant
    count(f"stores, {kind}: writes that found the disk full", len(full))


def _meant_when_full(said: str, old: Snapshot, new: Snapshot) -> Snapshot:
    assert said.startswith("store ") and "\n" not in said
    if "the change is recorded" in said:
        return new
    assert re.search("the disk (of the server )?is full; make room, (nothing|no profile) was changed", said), said
    return old


# --- clocks ---


def test_the_clock_is_set_back(place: Place, kind: str, tmp_path: Path, count) -> None:
    """Back and forth over sixty years while playbooks wait for each other; files from the future are edited in the past."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("there is no C compiler; install Debian's gcc and libc6-dev")
    library, clock = tmp_path / "clock.so", tmp_path / "clock"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, Path(__file__).with_name("store_clock.c")], check=True)
    clock.write_text(str(THIRTY_YEARS))
    wrong = {"LD_PRELOAD": str(library), "MAILOPS_CLOCK": str(clock)}
    year = subprocess.run(["date", "+%Y"], env=wrong, capture_output=True, check=True)
    assert int(year.stdout) >= time.gmtime().tm_year + 29
    jumps = 0
    with AtOnce(2, EDITS // 2, place.url, tmp_path / "runs", wrong) as runs:
        while runs.running:
            jumps += 1
            clock.write_text(str((-1) ** jumps * THIRTY_YEARS))
            time.sleep(0.02)
            if jumps % 10 == 0:
                read(place.open())
        found = read(place.open())
        runs.check(found)
    if kind != "postgresql":
        for number, year in enumerate((THIRTY_YEARS, -THIRTY_YEARS)):
            when = time.time() + year
            for file in Path(place.open().location).parent.rglob("*"):
                os.utime(file, (when, when))
            assert {**_next_run(place, number), "next": None} == {**found, "next": None}
    count(f"stores, {kind}: times that the clock was set", jumps)


# --- many profiles ---


def test_many_profiles(place: Place, kind: str, count) -> None:
    entries = [{"name": f"p-{number:05}", "description": "Company mailbox"} for number in range(MANY)]

    def put_changed() -> int:
        return sum(edit.changed for edit in put_all(place.open(), entries))

    steps = {
        "created": (put_changed, MANY),
        "unchanged": (put_changed, 0),
        "one of them changed": (put_changed, 1),
        "read": (lambda: len(place.open().read()), MANY),
        "one read by name": (lambda: len(place.open().read(["p-00007"])), 1),
        "one edited by name": (lambda: int(put(place.open(), "p-00007", variables={"Region": "north"}).changed), 1),
    }
    memory = []
    for what, (function, result) in steps.items():
        if what == "one of them changed":
            entries[MANY // 2]["description"] = "Another mailbox"
        found, milliseconds, mebibytes = in_a_child(lambda work=function: _measured(work))
        assert found == result and milliseconds < 1000 * LONGEST
        count(f"stores, {kind}: {MANY} profiles, {what}, ms", milliseconds)
        memory.append(mebibytes)
    count(f"stores, {kind}: {MANY} profiles, memory at most, MiB", max(memory))
    count(f"stores, {kind}: {MANY} profiles, on the disk, KiB", _size(place) // 1024)


def _measured(function: Callable[[], int]) -> tuple[int, int, int]:
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of now
    before, start = _kib("VmRSS"), time.monotonic()
    result = function()
    return result, round(1000 * (time.monotonic() - start)), (_kib("VmHWM") - before) // 1024


def _kib(name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def _size(place: Place) -> int:
    """What it takes on the disk."""
    if place.url.startswith("postgresql:"):
        with psycopg.connect(place.url) as connection:
            return connection.execute("SELECT pg_total_relation_size('mailops_profiles.profiles')").fetchone()[0]
    path = Path(place.open().location)
    return sum(file.lstat().st_blocks * 512 for file in (path, *path.rglob("*")))

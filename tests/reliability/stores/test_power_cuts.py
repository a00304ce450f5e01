# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that are killed and disks that stop during a change: what was reported as done stays done."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Snapshot

from ...postgres import Postgres
from ...unit.stores.conftest import Place
from ...unit.stores.edits import replacing
from ..filesystems import image, isolated, shut_down, switch_on_again
from .runs import BULK, KILLS, need_postgres, next_run, undisturbed, until
from .writers import DONE, Moments, Writer, after, mixture, read


def test_a_server_is_killed(monkeypatch: pytest.MonkeyPatch, count) -> None:
    """With all its processes. What the writer is told is what the server knows when it is back."""
    need_postgres()
    chance = random.Random(3)
    with Postgres(fsync=True) as server:
        monkeypatch.setenv("PGPASSFILE", str(server.passfile))
        place = Place(server.url(), lambda: None)
        moments = Moments(chance, undisturbed(place, chance))
        for number in until(KILLS // 5, met := []):
            old = read(place.open())
            listed = mixture(chance, old, BULK)
            new = after(listed, old)
            writer = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next())
            _crash(server)
            said = writer.wait()
            moments.learn(said)
            server.start()
            assert next_run(place, number) in _meant(said, old, new)
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


@pytest.mark.parametrize("kind", ["sqlite", "directory"])
@isolated
def test_power_cut(kind: str, tmp_path: Path, count) -> None:
    """The file system stops, and what was not synced is lost. What a writer has done stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    image(disk, 0, 24 << 20)
    place = Place(f"{kind}://{disk}/profiles", lambda: None)
    chance = random.Random(7)
    moments = Moments(chance, undisturbed(place, chance))
    for number in until(KILLS // 5, met := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        writer = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next())
        shut_down(disk)
        said = writer.kill()
        moments.learn(said)
        switch_on_again(disk)
        found = read(place.open())
        assert found in ([new] if said == DONE else [old, new])
        assert next_run(place, number) == found
        if said != DONE:
            met.append(said)
    count(f"stores, {kind}: power cuts on ext4 during a change", len(met))

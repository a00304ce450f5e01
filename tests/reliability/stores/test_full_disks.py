# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes that find the disk full: old or new, readable meanwhile, and the next run works when there is room."""

from __future__ import annotations

import os
import random
import re
import tempfile
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Snapshot

from ...postgres import Postgres
from ...unit.stores.conftest import Place
from ...unit.stores.edits import put_all
from ..conftest import CASES
from ..filesystems import fill, image, in_memory, isolated
from .runs import BULK, need_postgres, next_run, until
from .writers import after, mixture, read

FULL = max(3, CASES // 10)


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
    need_postgres()
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
    for number in until(FULL, full := [], "writes that found the disk full"):
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
        assert next_run(place, number) == meant
    count(f"stores, {kind}: writes that found the disk full", len(full))


def _meant_when_full(said: str, old: Snapshot, new: Snapshot) -> Snapshot:
    assert said.startswith("store ") and "\n" not in said
    if "the change is recorded" in said:
        return new
    assert re.search("the disk (of the server )?is full; make room, (nothing|no profile) was changed", said), said
    return old

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long many profiles take, and how much memory and disk."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from ...unit.stores.conftest import Place
from ...unit.stores.edits import in_a_child, put, put_all
from ..conftest import CASES

LONGEST = 120  # seconds
MANY = min(10_000, CASES * 50)


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

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that change one store at the same time, and while the clock is set back and forth."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ...unit.stores.conftest import Place
from ..conftest import CASES
from .playbooks import AtOnce
from .runs import next_run
from .writers import read

# With 200 cases: 25 playbooks write 1,000 profiles.
PLAYBOOKS, EDITS = min(25, max(2, CASES // 5)), min(40, CASES // 2)
THIRTY_YEARS = 30 * 365 * 86400


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


def test_the_clock_is_set_back(place: Place, kind: str, tmp_path: Path, count) -> None:
    """Back and forth over sixty years while playbooks wait for each other; files from the future are edited in the past."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("there is no C compiler; install Debian's gcc and libc6-dev")
    library, clock = tmp_path / "clock.so", tmp_path / "clock"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, Path(__file__).with_name("clock.c")], check=True)
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
            assert {**next_run(place, number), "next": None} == {**found, "next": None}
    count(f"stores, {kind}: times that the clock was set", jumps)

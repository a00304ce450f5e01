# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The power fails: what was not synced is lost, in a simulation of all that may be, and on a real ext4."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from ..short import one_in
from .conftest import CASES
from .crash_disk import Disk, read_calls
from .crash_host import Machine, problems
from .crash_scenarios import SCENARIOS, Stage
from .crash_watch import Kill, PowerCut, Record, Watch
from .filesystems import image, isolated, switch_on_again


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")


def _lists_of_a_run(stage: Stage) -> dict[str, bytes]:
    """Root's list while a run is under way: it is on the disk before anything else is written, and changes when all else is."""
    stage.reset()
    stage.again(prepare=Kill(1, "both").install).wait()
    return stage.machine.lists()


def _record(stage: Stage, path: Path) -> tuple[Disk, list]:
    """The calls of a run that is left alone; the homes are as they were before it."""
    stage.reset()
    disk = stage.disk("alice")
    assert not problems(stage.again(prepare=Record(path).install).wait())
    calls = read_calls(path)
    path.unlink()
    return disk, calls


@pytest.mark.parametrize("name", one_in(2, SCENARIOS))
def test_what_was_not_synced_is_lost(root: None, tmp_path: Path, name: str, count) -> None:
    stage = Stage(Machine(tmp_path, ("alice",)), SCENARIOS[name], power=True)
    chance = random.Random(2)
    lists = _lists_of_a_run(stage)
    for _number in range(CASES // 3 + 1):
        disk, calls = _record(stage, tmp_path / "calls")
        for call in calls[: chance.randint(1, len(calls))]:
            disk.play(*call)
        stage.set("alice", disk.survivors(chance))
        stage.machine.restore_lists(lists)
        stage.check_crashed()
        if chance.random() < 0.3:  # and again, while the first one is repaired
            disk = stage.disk("alice")
            stage.again(prepare=Record(tmp_path / "calls").install).wait()
            calls = read_calls(tmp_path / "calls")
            (tmp_path / "calls").unlink()
            for call in calls[: chance.randint(0, len(calls))]:
                disk.play(*call)
            stage.set("alice", disk.survivors(chance))
            stage.machine.restore_lists(lists)
            stage.check_crashed()
        stage.check_repaired(chance.choice(SCENARIOS[name].then))
        count("crash states with lost writes", 1)


@pytest.mark.parametrize("name", ["first", "update", "withdraw", "remove", "edited"])
@isolated
def test_the_power_fails_on_a_real_file_system(root: None, tmp_path: Path, name: str, count) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    image(mounted, 0, 16 << 20)
    mounted.chmod(0o755)  # homes lie in it
    stage = Stage(Machine(mounted), SCENARIOS[name], power=True)
    watch, chance = Watch(), random.Random(3)
    stage.start(prepare=watch.install).wait()
    cases = list(range(1, watch.number + 1))
    for last in chance.sample(cases, min(len(cases), CASES // 5 + 1)):
        stage.reset()
        os.sync()
        assert stage.again(prepare=PowerCut(last, mounted).install).wait() is None
        switch_on_again(mounted)
        stage.check_crashed()
        stage.check_repaired(chance.choice(SCENARIOS[name].then))
        count("power cuts on ext4 survived", 1)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs on one host at once come to what the one after the other comes to."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from .conftest import CASES
from .crash_host import Machine, drifted, problems, was_killed
from .crash_scenarios import SCENARIOS, Stage

# A run that waits for the lock looks again every 0.1 seconds.
SOON = 5.0


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")
    return Stage(Machine(tmp_path), SCENARIOS["update"])


@pytest.mark.parametrize("second", [("fewer", "default"), ("none", "default"), ("other", "second")], ids=" ".join)
def test_two_at_once(stage: Stage, second: tuple[str, str], count) -> None:
    first = ("two", "default")
    orders = []
    for order in ((first, second), (second, first)):
        stage.reset()
        for run in order:
            stage.run(*run)
        orders.append(stage.machine.trees())
    chance = random.Random(5)
    for _number in range(CASES // 5 + 1):
        stage.reset()
        runs = [stage.begin(*run) for run in chance.sample((first, second), 2)]
        dry = stage.begin(*first, check=True)
        for run in runs:
            result = run.wait()
            assert not problems(result) and not drifted(result)
        assert not problems(dry.wait())  # it waits for no other run, so it may see a file of the one and the manifest of the other
        assert stage.machine.trees() in orders
        count("runs at once", 3)


@pytest.mark.parametrize("whom", ["both", "parent", "worker"])
def test_a_killed_run_does_not_keep_the_lock(stage: Stage, whom: str, count) -> None:
    chance = random.Random(6)
    usual = stage.seconds()
    wanted, met = CASES // 5 + 1, 0
    for _attempt in range(10 * wanted):
        killed = stage.start()
        time.sleep(chance.uniform(0, usual))
        killed.kill(whom)
        start = time.monotonic()
        stage.run("fewer")  # it waits for the worker, if that is still there
        assert time.monotonic() - start < SOON
        met += was_killed(killed.wait())
        stage.check_repaired("fewer")
        if met == wanted:
            break
    assert met == wanted, f"only {met} of {10 * wanted} runs were killed"
    count("kills survived", met)

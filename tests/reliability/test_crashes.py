# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``kill -9`` of the real module, its worker, or both: each file is old or new, and the next run makes what it should."""

from __future__ import annotations

import itertools
import os
import random
import time
from pathlib import Path

import pytest

from ..short import one_in
from .conftest import CASES, USUAL_CASES
from .crash_host import Machine, problems, was_killed
from .crash_scenarios import SCENARIOS, Stage
from .crash_watch import Kill, Watch

WHOM = ("both", "worker", "parent")


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")
    return Stage(Machine(tmp_path), SCENARIOS[request.param])


@pytest.mark.parametrize("stage", one_in(2, SCENARIOS), indirect=True)
def test_killed_at_a_call(stage: Stage, request: pytest.FixtureRequest, count) -> None:
    """At every call that changes the disk when there are cases enough, else at some of them."""
    then = SCENARIOS[request.node.callspec.params["stage"]].then
    watch = Watch()
    assert not problems(stage.start(prepare=watch.install).wait())
    cases = list(itertools.product(range(1, watch.number + 1), WHOM))
    chosen = random.Random(1)
    for last, whom in chosen.sample(cases, min(len(cases), CASES // 5 + 1)):
        kill = Kill(last, whom)
        result = stage.start(prepare=kill.install).wait()
        assert kill.number >= last and was_killed(result) and (result is None) == (whom != "worker")
        stage.check_crashed()
        if chosen.random() < 0.3:  # the run that was to repair it is killed, too
            stage.again(prepare=Kill(chosen.randint(1, watch.number), "both").install).wait()
            stage.check_crashed()
        stage.check_repaired(chosen.choice(then))
        count("kills survived", 1)


@pytest.mark.parametrize("stage", ["first"], indirect=True)
def test_what_another_worker_completes(stage: Stage, count) -> None:
    """At every call, of which a short run takes each third: the worker that takes the place of the killed one knows what that one may have written."""
    watch = Watch()
    assert not problems(stage.start(prepare=watch.install).wait())
    completed = 0
    calls = range(1, watch.number + 1, 3 if CASES <= USUAL_CASES else 1)
    for last in calls:
        result = stage.start(prepare=Kill(last, "worker").install).wait()
        assert result is not None
        served = [user for user in stage.machine.homes if user not in problems(result)]
        stage.check_done(served)
        completed += len(served)
    assert completed > len(calls)
    count("kills survived", len(calls))


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("stage", ["first", "update", "remove"], indirect=True)
def test_killed_at_a_moment(stage: Stage, whom: str, request: pytest.FixtureRequest, count) -> None:
    """From without, whatever it does just then."""
    usual = stage.seconds()
    chosen = random.Random(whom)
    wanted, killed = CASES // 10 + 1, 0
    for _attempt in range(10 * wanted):
        run = stage.start()
        time.sleep(chosen.uniform(0, usual))
        run.kill(whom)
        killed += was_killed(run.wait())  # some are done, or have no worker yet
        stage.check_crashed()
        stage.check_repaired(chosen.choice(("one", "two", "fewer", "none")))
        if killed == wanted:
            break
    assert killed == wanted, f"only {killed} of {10 * wanted} runs were killed"
    count("kills survived", killed)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No space left on one user's disk: one sentence about that user, the others are served, and the next run makes it good."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest

from ..mounts import in_memory, in_own_namespace
from ..short import one_in
from .conftest import CASES
from .crash_host import Machine, problems
from .crash_scenarios import SCENARIOS, Stage
from .crash_watch import NoSpace

PAGES = range(8)


@pytest.fixture(autouse=True)
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")


@pytest.mark.parametrize("name", one_in(2, ["first", "update", "withdraw", "remove", "edited", "instances, update"]))
def test_no_space_at_a_step(tmp_path: Path, name: str, count) -> None:
    """At every call that may need space when there are cases enough, else at some of them."""
    stage = Stage(Machine(tmp_path), SCENARIOS[name])
    uid = stage.machine.homes["alice"].uid
    none = NoSpace(0, uid, lasting=False)
    stage.start(prepare=none.install).wait()
    cases = list(itertools.product(range(1, none.found + 1), (False, True)))
    chosen = random.Random(4)
    failed = 0
    for first, lasting in [(1, True), *chosen.sample(cases, min(len(cases), CASES // 5))]:
        full = NoSpace(first, uid, lasting)
        result = stage.start(prepare=full.install).wait()
        assert full.found >= first
        _check_said(stage, problems(result))
        failed += bool(problems(result))
        stage.check_crashed()
        stage.check_done(("bob", "carol"))
        left = {path for path in stage.machine.homes["alice"].tree() if path.endswith(".tmp")}
        assert not left, left
        stage.check_repaired(chosen.choice(SCENARIOS[name].then))
        count("disk full at a step", 1)
    assert failed, "no user was without an account for want of space"
    count("disk full at a step, and the user failed", failed)


def _check_said(stage: Stage, failed: dict[str, str]) -> None:
    """Alice may have been served nevertheless: where the step was not needed."""
    assert set(failed) <= {"alice"}
    for message in failed.values():
        assert message.startswith(str(stage.machine.homes["alice"].path))
        assert "cannot be used: No space left on device" in message and "\n" not in message
    if not failed:
        stage.check_done(("alice",))


@pytest.mark.parametrize("name", one_in(2, ["update", "first", "withdraw", "remove"]))
def test_a_disk_that_is_really_full(tmp_path: Path, name: str, count) -> None:
    """A tmpfs of alice's own, with room for nothing, for one page, for two, ..."""

    def test() -> list[int]:
        machine = Machine(tmp_path)
        home = machine.homes["alice"]
        in_memory(home.path, f"size=512k,uid={home.uid},gid={home.uid},mode=700")
        stage = Stage(machine, SCENARIOS[name])
        failed = 0
        for page in PAGES:
            stage.reset()
            filler = home.path / "filler"
            _fill(filler, page)
            assert os.statvfs(home.path).f_bavail == page
            result = stage.again().wait()
            filler.unlink()
            _check_said(stage, problems(result))
            if page == 0:  # a removal works there: it makes room before it writes
                assert bool(problems(result)) == (name != "remove")
            failed += bool(problems(result))
            stage.check_crashed()
            stage.check_done(("bob", "carol"))
            if name == "remove":
                # Whole files of ours go even then; for the lines in alice's own file there must be room.
                assert not list((home.path / ".config").rglob("*/work"))
            stage.check_repaired("one")
        return failed

    count("disk full at a step", len(PAGES))
    count("disk full at a step, and the user failed", in_own_namespace(test))


def _fill(path: Path, free: int) -> None:
    page = os.sysconf("SC_PAGESIZE")
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * page)
        except OSError:
            os.ftruncate(file.fileno(), max(0, file.tell() // page - free) * page)

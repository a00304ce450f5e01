# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The power fails: what was not synced is lost, in a simulation of all that may be, and on a real ext4."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from ..mounts import in_own_namespace
from .conftest import CASES
from .crash_disk import Disk, read_calls
from .crash_host import Machine, problems
from .crash_scenarios import SCENARIOS, Stage
from .crash_watch import Kill, PowerCut, Record, Watch

_PATIENCE = 30


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


@pytest.mark.parametrize("name", SCENARIOS)
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


def loop_devices(image: Path) -> list[str]:
    argv = ["losetup", "--noheadings", "--output", "NAME", "--associated", str(image)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def users_of(devices: list[str]) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            words = set(path.read_text().split())
        except OSError:  # the process is ending, or has ended
            continue
        if not words.isdisjoint(devices):
            found.append(path.parent.name)
    return found


@pytest.mark.parametrize("name", ["first", "update", "withdraw", "remove", "edited"])
def test_the_power_fails_on_a_real_file_system(root: None, tmp_path: Path, name: str, count) -> None:
    image, mounted = tmp_path / "image", tmp_path / "mounted"
    mounted.mkdir()
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    if subprocess.run(["mkfs.ext4", "-q", "-F", image], capture_output=True, check=False).returncode:
        pytest.skip("mkfs.ext4 does not work here")

    def switch_on() -> None:
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True, capture_output=True)

    def switch_off() -> None:
        subprocess.run(["umount", mounted], check=True)
        # The mount namespace of a killed worker may outlive it for a moment, and the file system with it: "mount -o loop" would give
        # the one back that was shut down. The kernel detaches the loop device when the last mount is gone.
        deadline = time.monotonic() + _PATIENCE
        while devices := loop_devices(image):
            assert time.monotonic() < deadline, f"{image} is in use after {_PATIENCE} s: {devices}, mounted by processes {users_of(devices)}"
            time.sleep(0.005)

    def test() -> int | str:
        try:
            switch_on()
        except subprocess.CalledProcessError as exc:
            return f"no loop device: {exc.stderr.decode().strip()}"
        stage = Stage(Machine(mounted), SCENARIOS[name], power=True)
        watch, chance = Watch(), random.Random(3)
        stage.start(prepare=watch.install).wait()
        cases = list(range(1, watch.number + 1))
        chosen = chance.sample(cases, min(len(cases), CASES // 5 + 1))
        for last in chosen:
            stage.reset()
            os.sync()
            assert stage.again(prepare=PowerCut(last, mounted).install).wait() is None
            switch_off()
            switch_on()
            stage.check_crashed()
            stage.check_repaired(chance.choice(SCENARIOS[name].then))
        switch_off()
        return len(chosen)

    done = in_own_namespace(test)
    if isinstance(done, str):
        pytest.skip(done)
    count("power cuts on ext4 survived", done)

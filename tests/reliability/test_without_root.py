# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user who runs the module without root: everything is that user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Job, Place

from ..unit.writer.home import OWN, PATTERNS, block, owned
from .crash_host import Machine, problems


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    tmp_path.chmod(0o755)
    return Machine(tmp_path)


def run(machine: Machine, *places: Place) -> Answer:
    uid = machine.homes["alice"].uid
    answer = machine.run(Job("default", places, PATTERNS), prepare=lambda: os.setresuid(uid, uid, uid))
    assert answer is not None and answer.remaining == ()
    return answer


def test_manifests_of_directories_are_in_the_running_users_home(machine: Machine) -> None:
    alice = machine.homes["alice"]
    place = Place("customer", str(alice.path / "setup/customer"), (block(), owned()))
    assert not problems(run(machine, place))
    assert alice.read(f"setup/customer/{OWN}") == b"own\n"
    (manifest,) = (alice.path / ".local/state/mailops/places").glob("*/default.json")
    assert {uid for uid, _mode, _content in alice.tree().values()} == {alice.uid}
    assert not [change for result in run(machine, place).results for change in result.changes]
    assert not problems(run(machine, place._replace(files=())))
    assert not manifest.exists() and not (alice.path / ".local/state/mailops").exists()
    assert not [path for path in (alice.path / "setup").rglob("*") if path.is_file()]


def test_other_users_are_left_alone(machine: Machine) -> None:
    bob = machine.homes["bob"]
    answer = run(machine, Place("alice", files=(block(),)), Place("bob", files=(block(),)), Place("x", str(bob.path / "x"), (block(),)))
    assert set(problems(answer)) == {"bob", "x"} and "run with become" in problems(answer)["bob"]
    assert machine.homes["alice"].read(".blockrc") and bob.tree() == {}

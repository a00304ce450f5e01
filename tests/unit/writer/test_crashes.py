# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed workers and runs: each file is the old or the new one, and the next run repairs the rest."""

from __future__ import annotations

import fcntl
import os
import time

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.commit import Commit

from .home import OWN, Home, Host, block, owned
from .kills import EVERY_PHASE, killed, phase_of


@EVERY_PHASE
@pytest.mark.parametrize("second_run", [[block("new\n"), owned("new\n")], []], ids=["update", "remove"])
def test_a_crash_leaves_old_or_new_and_the_next_run_repairs(
    host: Host, alice: Home, number: int, second_run: list
) -> None:
    alice.write(".blockrc", "mine\n")
    host.run(block("old\n"), owned("old\n"))
    old = {name: alice.read(name) for name in (".blockrc", OWN)}
    with killed(number, after=True):
        assert "status 137" in host.run(*second_run)["alice"].problem.message
    new = {".blockrc": old[".blockrc"].replace(b"old", b"new") if second_run else b"mine\n", OWN: b"new\n" if second_run else None}
    for name in old:
        now = alice.read(name) if (alice.path / name).exists() else None
        assert now in (old[name], new[name])
    outcome = host.one(*second_run)
    assert outcome.problem is None and outcome.drifted == ()
    assert not any("tmp" in path or "backups" in path for path in alice.tree())
    assert all((alice.read(name) if (alice.path / name).exists() else None) == new[name] for name in new)


def test_the_lock_is_free_soon_after_the_run_was_killed(host: Host, alice: Home) -> None:
    lock = host.root / "lock"
    parent = os.fork()
    if parent == 0:
        fd = os.open(lock, os.O_CREAT | os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
        host.run(block(), deadline=1, label=lambda path: time.sleep(60))
        os._exit(0)
    time.sleep(0.4)
    os.kill(parent, 9)
    os.waitpid(parent, 0)
    fd = os.open(lock, os.O_RDWR)
    start = time.monotonic()
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.close(fd)
    assert time.monotonic() - start < 4


def test_a_crash_leaves_no_password_behind_a_link(host: Host, alice: Home) -> None:
    alice.write("dot/blockrc", "mine\n")
    alice.link(".blockrc", "dot/blockrc")
    with killed(phase_of(Commit.stage_files), after=True):
        host.run(block("secret\n"))
    assert any("tmp" in name for name in os.listdir(alice.path / "dot"))
    host.one()
    assert os.listdir(alice.path / "dot") == ["blockrc"]

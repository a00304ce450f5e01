# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who hang, fail or are slow among others: they fail alone, and in time."""

from __future__ import annotations

import _thread
import errno
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import perhaps_not_mounted, system_error

from .home import MANIFEST, OWN, PATTERNS, Home, Host, block, owned


def slow(home: Home, seconds: float, others: float = 0) -> Callable[[str], str]:
    """A look-up of SELinux contexts, which the worker makes for each new file, that takes so long in this home. (Real file systems of
    users that hang or answer slowly are in tests/reliability/test_trap_filesystems.py.)"""

    def label(path: str) -> str:
        time.sleep(seconds if path.startswith(f"{home.path}/") else others)
        return ""

    return label


def test_a_user_at_whom_nothing_moves_is_given_up(host: Host, alice: Home) -> None:
    outcomes = host.run(block(), users=("bob", "alice", "carol"), deadline=3, label=slow(alice, 60))
    assert "took more than 3 seconds" in outcomes["alice"].problem.message
    for name in ("bob", "carol"):
        # With what the killed worker had begun at Bob.
        assert outcomes[name].problem is None and [change.producer for change in outcomes[name].changes if change.producer] == ["block"]
        assert host.home(name).read(".blockrc")


@pytest.mark.parametrize("name", ["user03", "user19"])
def test_a_user_whose_disk_hangs_while_many_are_synced(host: Host, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    uid, real = host.home(name).uid, os.fsync

    # No file system that can be had here answers everything but this.
    def fsync(fd: int) -> None:
        time.sleep(60 if os.fstat(fd).st_uid == uid else 0)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    users = tuple(f"user{number:02}" for number in range(20))
    outcomes = host.run(block(), owned(), users=users, deadline=3)
    assert {user: outcome.problem.message for user, outcome in outcomes.items() if outcome.problem} == {
        name: f"{host.home(name).path} took more than 3 seconds: look for a file system that hangs there (findmnt)"
    }
    for user in set(users) - {name}:
        assert host.home(user).read(".blockrc") and host.home(user).read(OWN)
        assert {".blockrc", "work"} <= {os.path.basename(change.path) for change in outcomes[user].changes}
    monkeypatch.undo()
    assert not any(outcome.problem for outcome in host.run(block(), owned(), users=users).values())
    assert not list(host.root.rglob("*.tmp"))


def test_a_user_whose_disk_fails_while_many_are_synced(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, real = host.home("user03").uid, os.fsync

    # An ext4 that fails (tests/reliability/test_lost_writes.py) fails earlier, when something is created.
    def fsync(fd: int) -> None:
        if os.fstat(fd).st_uid == uid:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    users = tuple(f"user{number:02}" for number in range(20))
    outcomes = host.run(block(), owned(), users=users)
    assert [(user, outcome.problem.message) for user, outcome in outcomes.items() if outcome.problem] == [
        ("user03", str(system_error(str(host.home("user03").path), OSError(errno.EIO, ""))))
    ]
    assert all(host.home(user).read(OWN) for user in users if user != "user03")
    assert not list(host.root.rglob("*.tmp")) and not (host.home("user03").path / OWN).exists()


@pytest.mark.parametrize("again", [False, True])
def test_a_home_that_its_user_cannot_read_harms_nobody_else(host: Host, again: bool) -> None:
    """A directory is synced through a descriptor that can be read; where there is none to be had, nothing is closed twice."""
    users = tuple(f"user{number}" for number in range(8))
    bad = host.home("user1")
    if again:
        host.run(block(), owned(), users=users)
    before = bad.tree()
    os.chmod(bad.path, 0o300)
    for number in range(2):
        for check in (True, False):
            outcomes = host.run(block(f"{number}\n"), owned(f"{number}\n"), users=users, check=check)
            assert {user: outcome.problem.message for user, outcome in outcomes.items() if outcome.problem} == {
                "user1": f"{bad.path} is a directory that its user may not read and write; {perhaps_not_mounted('look at its mode')}"
            }
            assert [user for user, outcome in outcomes.items() if len(outcome.changes) != 2] == ["user1"]
        for user in set(users) - {"user1"}:
            assert host.home(user).read(OWN) == f"{number}\n".encode()
    assert bad.tree() == before and not list(host.root.rglob("*.tmp"))


def test_a_directory_that_cannot_be_opened_any_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the host has no descriptor left: the user fails alone, and no descriptor is closed twice."""
    users = tuple(f"user{number}" for number in range(8))
    host.run(block(), users=users)
    uid, real = host.home("user1").uid, os.open

    # The limit of the whole machine is not a test's to change.
    def full(path, flags, *arguments, **named):
        if path == "." and os.geteuid() == uid:
            raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))
        return real(path, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", full)
    outcomes = host.run(block("new\n"), users=users)
    assert [user for user, outcome in outcomes.items() if outcome.problem] == ["user1"]
    assert outcomes["user1"].problem.message.startswith(f"{host.home('user1').path} cannot be used: Too many open files in system")
    assert outcomes["user1"].changes == () and b"new" not in host.home("user1").read(".blockrc")
    assert all(b"new" in host.home(user).read(".blockrc") for user in users if user != "user1")
    assert not list(host.root.rglob("*.tmp"))


@pytest.mark.parametrize("number", [0, 2])
def test_many_users_where_no_more_threads_can_be_had(host: Host, number: int) -> None:
    """Under a limit of memory in which the stacks of so many have room. (A limit of processes does not count for root.)"""
    size = 1 << 30
    before, stack = resource.getrlimit(resource.RLIMIT_AS), _thread.stack_size(size)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    users = tuple(f"user{number:02}" for number in range(20))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (mapped + number * size + size // 2, before[1]))
        outcomes = host.run(block(), owned(), users=users)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        _thread.stack_size(stack)
    for name, outcome in outcomes.items():
        assert outcome.problem is None
        assert host.home(name).read(".blockrc") and host.home(name).read(OWN)


FILES = [owned(path=f".config/mailops/own/{number}") for number in range(20)]


def test_a_user_who_is_slow_in_every_step_gets_no_more_time(host: Host, alice: Home) -> None:
    begun = time.monotonic()
    outcomes = host.run(*FILES, users=("bob", "alice", "carol"), deadline=1, label=slow(alice, 0.4))
    assert time.monotonic() - begun < 4  # and not 8 seconds and more
    assert "took more than 1 seconds" in outcomes["alice"].problem.message
    assert [outcomes[name].problem for name in ("bob", "carol")] == [None, None]


def test_a_slow_user_among_others_who_take_a_little(host: Host, alice: Home) -> None:
    """Whoever watches meets the others in between, and the slow one's time counts all the same, and theirs does not grow."""
    others = [f"user{number}" for number in range(10)]
    outcomes = host.run(*FILES, users=("alice", *others), deadline=2, label=slow(alice, 0.25, others=0.02))
    assert "took more than 2 seconds" in outcomes["alice"].problem.message
    assert [outcomes[user].problem for user in others] == [None] * 10


def test_a_forest_of_directories_fails_its_user_alone(host: Host, alice: Home) -> None:
    """With the usual limit of 1024 descriptors, which the worker cannot raise here."""
    patterns = {**PATTERNS, "mail": {"Mail/*/.mailops": "owned"}}
    entries = []
    for number in range(900):
        alice.write(f"Mail/{number}/.mailops", "x", 0o600)
        entry = {"path": f"Mail/{number}/.mailops", "producer": "mail", "strategy": "owned", "mode": 0o600, "sha256": ["0" * 64]}
        entries.append({**entry, "redacted": "", "tag": "", "variant": "", "before": None, "temp": None, "pending": False})
    alice.write(MANIFEST, json.dumps({"version": 1, "entries": entries, "directories": []}), 0o600)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        users = ("alice", *(f"user{number}" for number in range(60)))
        outcomes = host.run(block(), owned(), users=users, patterns=patterns, deadline=10)
        failed = {name for name, outcome in outcomes.items() if outcome.problem}
        removed = host.run(users=users[1:], deadline=10)
        os._exit(0 if failed == {"alice"} and not any(outcome.problem for outcome in removed.values()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits

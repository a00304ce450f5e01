# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes on file systems that are full, read-only, slow, or that hang; homes that are missing, another user's, or behind links."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable

import pytest

from ..unit.writer.home import MANIFEST, Home, Host
from .filesystems import fill, image, in_memory, isolated, mount, of_a_user
from .fuse import UsersMount
from .test_traps import assert_as_wanted, assert_right_in_the_end, deployed, fail_alone, foreign, temporary
from .traps import STATE, assert_helpful, patterns, wanted

HANG = 1.5


@pytest.fixture
def host(host: Host) -> Host:
    """At a place where users get to; each test has a /mnt of its own."""
    return Host(Path("/mnt"))


@pytest.mark.parametrize(
    "place, delay",
    [
        ("", None), (".config/mailops", HANG * 0.8),
        *(pytest.param(*each, marks=pytest.mark.long) for each in ((".config", None), (".config/mailops", None), (STATE, None), ("", HANG * 0.8))),
    ],
)
@isolated
def test_a_users_mount_that_hangs(host: Host, count, place: str, delay: float | None) -> None:
    in_memory(host.root)
    alice = deployed(host)
    alice.mkdir(place)
    hanging = UsersMount(alice.path / place, alice.uid, delay, "allow_other")
    for check in (True, False):
        start = time.monotonic()
        outcomes = host.run(*wanted(version=2), users=("alice", "bob", "carol"), patterns=patterns(), deadline=HANG, check=check)
        # A process whose request a FUSE server has taken cannot even be killed; the run waits five seconds for it and goes on.
        assert time.monotonic() - start < HANG + 5 + 4
        assert_helpful(outcomes["alice"].problem, alice, ["took more than 1.5 seconds"])
        assert outcomes["bob"].problem is outcomes["carol"].problem is None
        assert outcomes["alice"].changes == () and outcomes["bob"].changes
    assert_as_wanted(host.home("bob"), [], wanted(version=2))
    hanging.stop()
    outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns())
    assert_helpful(outcomes["alice"].problem, alice)
    hanging.unmount()
    assert_right_in_the_end(host)
    count("traps tried", 3)


@isolated
def test_a_users_mount_that_is_only_for_himself(host: Host, count) -> None:
    """As FUSE is by default: a process that is partly root's does not get in, so nothing can hang."""
    in_memory(host.root)
    alice = deployed(host)
    private = UsersMount(alice.path / ".config/mailops", alice.uid, 0)
    outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns())
    assert_helpful(outcomes["alice"].problem, alice, ["allow_other"])
    assert outcomes["bob"].problem is None
    private.stop()
    private.unmount()
    assert_right_in_the_end(host)
    count("traps tried", 1)


def _small(path: Path, uid: int) -> None:
    of_a_user(path, uid, "size=1m")


def _few_files(path: Path, uid: int) -> None:
    of_a_user(path, uid, "nr_inodes=400")


def _ext4(path: Path, uid: int) -> None:
    image(path, uid, 2 << 20)


def _fill_with_files(path: Path) -> None:
    path.mkdir()
    try:
        for number in range(1000):
            (path / str(number)).touch()
    except OSError:
        pass


@pytest.mark.parametrize(
    "make, use_up", [(_small, fill), (_ext4, fill), (_few_files, _fill_with_files)], ids=["tmpfs", "ext4", "no inode left"]
)
@pytest.mark.parametrize("moment", ["first", "update"])
@isolated
def test_a_full_file_system(host: Host, count, make: Callable[..., None], use_up: Callable[..., None], moment: str) -> None:
    in_memory(host.root)
    alice = host.home("alice")
    make(alice.path, alice.uid)
    if moment == "update":
        deployed(host)
    use_up(alice.path / "full")
    os.chown(alice.path / "full", alice.uid, alice.uid)
    files = {path: data for path, data in alice.tree().items() if path != "full" and not path.startswith(STATE)}
    # That there is no room is known only when something is written.
    fail_alone(host, count, "No space left on device (make room", check_knows=False)
    assert {path: data for path, data in alice.tree().items() if path in files} == files, "an old file is not whole"
    # Removal frees, and must not need room itself.
    outcome = host.run(patterns=patterns())["alice"]
    assert outcome.problem is None and not (alice.path / MANIFEST).exists()
    assert not temporary(alice.tree()) and not foreign(alice.tree(), alice) - {"lost+found"} - {path for path in alice.tree() if path.startswith("full/")}
    assert_as_wanted(alice, wanted(), [])


@isolated
def test_a_read_only_file_system(host: Host, count) -> None:
    in_memory(host.root)
    alice = host.home("alice")
    of_a_user(alice.path, alice.uid)
    deployed(host)
    mount("-o", "remount,ro", alice.path)
    fail_alone(host, count, "read-only")
    outcome = host.run(patterns=patterns())["alice"]
    assert_helpful(outcome.problem, alice)
    mount("-o", "remount,rw", alice.path)
    assert_right_in_the_end(host)


@isolated
def test_other_mounts_in_a_home(host: Host, count) -> None:
    """What is mounted in a home is the user's when the directory is, whoever mounted it."""
    in_memory(host.root)
    alice = deployed(host)
    carol = host.home("carol")
    os.chmod(carol.path, 0o755)
    mount("--bind", carol.path, alice.path / ".config/mailops")
    fail_alone(host, count, f"belongs to the user with uid {carol.uid}, not to the user with uid {alice.uid}; it may not be mounted")
    mount("--bind", "/etc/hostname", alice.path / next(file.path for file in wanted() if not file.path.startswith(".config/mailops/")))
    fail_alone(host, count, f"belongs to the user with uid {carol.uid}")
    of_a_user(alice.path / ".config/mailops", alice.uid)
    of_a_user(alice.path / STATE, alice.uid)
    assert_helpful(host.run(*wanted(version=2), patterns=patterns())["alice"].problem, alice)


def _gone(home: Home) -> None:
    os.rename(home.path, home.path.with_name("elsewhere"))


def _replaced(make: Callable[[Path], None]) -> Callable[[Home], None]:
    def trap(home: Home) -> None:
        _gone(home)
        make(home.path)

    return trap


def _link_of_a_strangers(home: Home) -> None:
    _gone(home)
    os.symlink("elsewhere", home.path)
    os.chown(home.path, 20_099, 20_099, follow_symlinks=False)


HOMES: dict[str, tuple[Callable[[Home], None], str]] = {
    "missing": (_gone, "does not exist; it may not be mounted or unlocked"),
    "root's": (lambda home: os.chown(home.path, 0, 0), "belongs to the user with uid 0"),
    "another user's": (lambda home: os.chown(home.path, 20_099, 20_099), "belongs to the user with uid 20099"),
    "a file": (_replaced(Path.touch), "Not a directory"),
    "a FIFO": (_replaced(os.mkfifo), "Not a directory"),
    "a device": (_replaced(lambda path: os.mknod(path, 0o020666, os.makedev(1, 5))), "Not a directory"),
    "a dangling link": (_replaced(lambda path: os.symlink("nowhere", path)), "does not exist"),
    "a link to itself": (_replaced(lambda path: os.symlink(path.name, path)), "symbolic link"),
    "a link of another user's": (_link_of_a_strangers, "belongs to the user with uid 20099: use the real path"),
    "without any permission": (lambda home: os.chmod(home.path, 0), "Permission denied"),
    "not searchable": (lambda home: os.chmod(home.path, 0o600), "Permission denied"),
    "not writable": (lambda home: os.chmod(home.path, 0o500), "may not read and write"),
}


@pytest.mark.parametrize("kind", HOMES)
@isolated
def test_a_home_that_is(host: Host, count, kind: str) -> None:
    in_memory(host.root)
    trap, said = HOMES[kind]
    alice = host.home("alice")
    trap(alice)
    # An earlier task of a real run may make the home.
    fail_alone(host, count, said, check_knows=kind not in ("missing", "a dangling link"))


@pytest.mark.parametrize("mode, works", [(0o755, True), (0o775, False), (0o777, False), (0o1777, False)])
@isolated
def test_a_link_above_the_home(host: Host, count, mode: int, works: bool) -> None:
    """``/home -> /srv/home`` is common; it counts where only root can exchange it."""
    in_memory(host.root)
    (host.root / "srv/home").mkdir(parents=True)
    (host.root / "top").mkdir()
    os.symlink("../srv/home", host.root / "top/home")
    os.chmod(host.root / "top", mode)
    linked = Host(host.root / "top/home")
    assert linked.home("alice").path.exists()
    if works:
        deployed(linked)
        assert_right_in_the_end(linked)
        return
    outcome = linked.run(*wanted(), patterns=patterns())["alice"]
    assert_helpful(outcome.problem, linked.home("alice"), ["others can exchange it" if mode == 0o1777 else "where others than root could exchange it"])
    assert linked.home("alice").tree() == {}
    count("traps tried", 1)

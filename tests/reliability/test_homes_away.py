# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes that are really mounted, really encrypted and really served by a program, and are away when the next run comes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import NOT_THERE

from ..unit.writer.home import OWN, Home, all_changes, changed_users, problems
from ..unit.writer.machine import Machine
from .filesystems import image, in_memory, isolated, mount, of_a_user
from .fuse import UsersMount


class Away(NamedTuple):
    """What makes the home another place before the first run, what takes it away, and what brings it back."""

    make: Callable[[Home], None]
    take: Callable[[Home], None]
    back: Callable[[Home], None]


def _unmount(home: Home) -> None:
    subprocess.run(["umount", home.path], check=True)


def _memory(home: Home) -> None:
    """A tmpfs that is kept at another place, as its content would go with it."""
    kept = Path(f"{home.path}.kept")
    kept.mkdir()
    of_a_user(kept, home.uid)
    mount("--bind", kept, home.path)


def _remember(home: Home) -> None:
    mount("--bind", f"{home.path}.kept", home.path)


def _disk(home: Home) -> None:
    image(home.path, home.uid, 16 << 20)


def _disk_again(home: Home) -> None:
    mount("-o", "loop", home.path.with_name(f"{home.path.name}.img"), home.path)


def _root_below(home: Home) -> None:
    """As the mount points of many installers: root's, and below the mount."""
    os.chown(home.path, 0, 0)
    _disk(home)


_KEY = struct.pack("II32s", 1, 0, b"mailops1")


def _encrypted(home: Home) -> None:
    """A directory with a policy of version 1 of its own (linux/fscrypt.h), on an ext4 that can encrypt."""
    file = Path(f"{home.path}.img")
    file.touch()
    os.truncate(file, 32 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-O", "encrypt", file], check=True, capture_output=True)
    disk = Path(f"{home.path}.disk")
    disk.mkdir()
    mount("-o", "loop", file, disk)
    inside = disk / "home"
    inside.mkdir(0o700)
    os.chown(inside, home.uid, home.uid)
    directory = os.open(inside, os.O_RDONLY)
    try:
        fcntl.ioctl(directory, 0x800C6613, struct.pack("BBBB8s", 0, 1, 4, 0, b"mailops1"))
    except OSError as exc:
        pytest.skip(f"no encryption here: {exc}")
    finally:
        os.close(directory)
    mount("--bind", inside, home.path)
    _unlock(home)


def _unlock(home: Home) -> None:
    key = hashlib.sha512(b"mailops").digest()
    _key(home, 0xC0506617, _KEY + struct.pack("II32s", len(key), 0, b"") + key)


def _lock(home: Home) -> None:
    _key(home, 0xC0406618, struct.pack("II32s", 1, 0, b"mailops1") + struct.pack("I20s", 0, b""))


def _lock_read_only(home: Home) -> None:
    _lock(home)
    mount("-o", "remount,bind,ro", home.path)


def _unlock_writable(home: Home) -> None:
    mount("-o", "remount,bind,rw", home.path)
    _unlock(home)


def _key(home: Home, number: int, argument: bytes) -> None:
    disk = os.open(f"{home.path}.disk", os.O_RDONLY)
    fcntl.ioctl(disk, number, bytearray(argument), True)
    os.close(disk)


def _users_program(home: Home, *options: str, dies: bool = True) -> None:
    """sshfs, gocryptfs and their kind, in place of the home."""
    in_memory(Path("/mnt"))  # for the files that the mount needs
    mounted = UsersMount(home.path, home.uid, 0, *options)
    if dies:
        mounted.stop()


def _lazily(home: Home) -> None:
    subprocess.run(["umount", "--lazy", home.path], check=True)


WAYS = {
    "tmpfs": Away(_memory, _unmount, _remember),
    "a disk": Away(_disk, _unmount, _disk_again),
    "a disk on root's mount point": Away(_root_below, _unmount, _disk_again),
    "an encrypted directory": Away(_encrypted, _lock, _unlock),
    "an encrypted directory that is mounted read-only": Away(_encrypted, _lock_read_only, _unlock_writable),
    "a program that died": Away(lambda home: None, _users_program, _lazily),
    "a program that died, for all users": Away(lambda home: None, lambda home: _users_program(home, "allow_other"), _lazily),
    "a program that lets only its user in": Away(lambda home: None, lambda home: _users_program(home, dies=False), _lazily),
}


@pytest.mark.parametrize("leaving", [{"absent": ("alice",)}, {"purge": True}], ids=["absent", "purge"])
@pytest.mark.parametrize("way", WAYS)
@isolated
def test_a_home_that_is_away(machine: Machine, count: Callable[[str, int], None], way: str, leaving: dict[str, object]) -> None:
    away = WAYS[way]
    home = machine.add("alice")
    machine.add("bob")
    away.make(home)
    machine.run("alice", "bob")
    assert not all_changes(machine.run("alice", "bob"))
    away.take(home)
    for check in (True, False, False):
        answer = machine.run("bob", check=check, **leaving)
        assert not all_changes(answer) and not problems(answer), answer
        assert len(answer.warnings) == 1 and NOT_THERE in answer.warnings[0] and f"alice in {home.path}" in answer.warnings[0]
        assert len(machine.served) == 2
    stays = [machine.run("alice", "bob", check=check) for check in (True, False)]
    assert stays[0] == stays[1] and set(problems(stays[1])) == {"alice"} and not all_changes(stays[1])
    away.back(home)
    assert not all_changes(machine.run("alice", "bob"))
    answer = machine.run("bob", **leaving)
    assert changed_users(answer) == {"alice"} and not answer.warnings and not problems(answer)
    assert not (home.path / OWN).exists() and not (home.path / ".blockrc").exists() and len(machine.served) == 1
    count("homes that were away", 1)


@isolated
def test_a_first_run_in_an_encrypted_home(machine: Machine, count: Callable[[str, int], None]) -> None:
    """Locked: nothing, and the reason. Unlocked: as in any other."""
    home = machine.add("alice")
    _encrypted(home)
    _lock(home)
    for check in (True, False):
        (result,) = machine.run("alice", check=check).results
        assert result.problem and f"is locked: Required key not available ({NOT_THERE})" in result.problem.message
    # Nobody knows whether there is anything to remove.
    assert set(problems(machine.run(absent=("alice",)))) == set() and NOT_THERE in machine.run(absent=("alice",)).warnings[0]
    _unlock(home)
    assert changed_users(machine.run("alice")) == {"alice"}
    count("homes that were away", 1)

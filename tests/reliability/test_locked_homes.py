# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes that fscrypt has encrypted: locked, a dry run says what the run says, and nothing is lost when they are unlocked."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from pathlib import Path

import pytest

from ..unit.writer.home import MANIFEST, Home, Host
from .filesystems import image, in_memory, isolated
from .test_traps import assert_as_wanted, assert_right_in_the_end, fail_alone
from .traps import patterns, wanted

# linux/fscrypt.h
_SET_POLICY, _ADD_KEY, _REMOVE_KEY = 0x800C6613, 0xC0506617, 0xC0406618
_DESCRIPTOR = b"mailops!"
_SPECIFIER = struct.pack("II32s", 1, 0, _DESCRIPTOR)


def encrypt(home: Path) -> None:
    policy = struct.pack("BBBB8s", 0, 1, 4, 0, _DESCRIPTOR)  # AES-256-XTS, AES-256-CTS
    try:
        _ioctl(home, _SET_POLICY, policy)
    except OSError as exc:
        pytest.skip(f"this kernel has no fscrypt: {exc.strerror}")


def unlock(disk: Path) -> None:
    key = hashlib.sha512(b"test").digest()
    _ioctl(disk, _ADD_KEY, bytearray(_SPECIFIER + struct.pack("II32s", len(key), 0, b"") + key))


def lock(disk: Path) -> None:
    os.sync()
    _ioctl(disk, _REMOVE_KEY, bytearray(_SPECIFIER + struct.pack("I20s", 0, b"")))


def _ioctl(path: Path, number: int, data: bytes | bytearray) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, number, data)
    finally:
        os.close(fd)


def encrypted_home(host: Host) -> tuple[Path, Home]:
    in_memory(host.root)
    disk = host.root / "disk"
    disk.mkdir()
    image(disk, 0, 64 << 20, "encrypt")
    os.chmod(disk, 0o755)
    home = Home(disk / "alice", host.home("alice").uid)
    home.path.mkdir(mode=0o700)
    os.chown(home.path, home.uid, home.uid)
    encrypt(home.path)
    host.homes["alice"] = home
    return disk, home


SAID = "Required key not available (it may not be mounted or unlocked: mount or unlock it, or let the user log in"


@isolated
def test_a_locked_home_that_is_empty(host: Host, count) -> None:
    disk, home = encrypted_home(host)
    fail_alone(host, count, SAID)
    unlock(disk)
    assert_right_in_the_end(host)
    assert not os.listdir(home.path)


@isolated
def test_a_locked_home_with_accounts(host: Host, count) -> None:
    disk, home = encrypted_home(host)
    unlock(disk)
    assert host.run(*wanted(), patterns=patterns())["alice"].problem is None
    lock(disk)
    assert not (home.path / MANIFEST).exists()
    names = sorted(os.listdir(home.path))
    for check in (True, False):
        results = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns(), check=check)
        assert results["bob"].problem is None and SAID in results["alice"].problem.message
        assert results["alice"].problem.message.startswith(f"{home.path} is locked: Required key not available") and not results["alice"].changes
    assert sorted(os.listdir(home.path)) == names
    count("traps tried", 1)
    unlock(disk)
    assert_as_wanted(home, [], wanted())
    assert_right_in_the_end(host)


@isolated
def test_an_encrypted_directory_in_a_home(host: Host, count) -> None:
    disk, home = encrypted_home(host)
    os.rmdir(home.path)
    home.path.mkdir(mode=0o700)
    os.chown(home.path, home.uid, home.uid)
    home.mkdir(".config")
    encrypt(home.path / ".config")
    fail_alone(host, count, f"{home.path}/.config cannot be used: {SAID}")
    unlock(disk)
    assert_right_in_the_end(host)

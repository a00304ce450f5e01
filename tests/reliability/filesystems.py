# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File systems for homes, in a mount namespace of the test's own: whatever happens, nothing stays mounted."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import select
import signal
import struct
import subprocess
import time
import traceback
from pathlib import Path
from typing import Any, Callable

import pytest

from .. import mounts

_LONGEST = 600  # seconds for a test
_PATIENCE = 30
_SHUTDOWN, _NO_FLUSH = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN; EXT4_GOING_FLAGS_NOLOGFLUSH


def isolated(test: Callable[..., None]) -> Callable[..., None]:
    """The test runs in a process with mounts of its own, which end with it, and so do the processes that it started."""

    @functools.wraps(test)
    def wrapper(**fixtures: Any) -> None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _run(test, fixtures, writer)
        os.close(writer)
        said = b""
        try:
            while select.select([reader], [], [], _LONGEST)[0]:
                piece = os.read(reader, 1 << 16)
                said += piece
                if not piece or said.endswith(b"\n"):
                    break  # processes that the test started may hold the pipe open
        finally:
            os.close(reader)
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if not said:
            pytest.fail(f"the process of the test ended without a word, or took more than {_LONGEST} seconds")
        result = json.loads(said)
        for name, number in result["counts"]:
            fixtures["count"](name, number)
        if result["skipped"]:
            pytest.skip(result["skipped"])
        if result["failed"]:
            pytest.fail(result["failed"], pytrace=False)

    return wrapper


def _run(test: Callable[..., None], fixtures: dict[str, Any], writer: int) -> None:
    counts: list[tuple[str, int]] = []
    result = {"counts": counts, "skipped": "", "failed": ""}
    try:
        os.setpgid(0, 0)
        try:
            mounts.own_namespace()
        except OSError:
            pytest.skip("no mount namespaces here")
        if "count" in fixtures:
            fixtures = {**fixtures, "count": lambda name, number: counts.append((name, number))}
        test(**fixtures)
    except pytest.skip.Exception as exc:
        result["skipped"] = str(exc)
    except BaseException:
        result["failed"] = traceback.format_exc()
    finally:
        with os.fdopen(writer, "w") as pipe:
            pipe.write(json.dumps(result) + "\n")
        os._exit(0)


def mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")


def in_memory(path: Path, *options: str) -> None:
    """An empty file system at ``path``: no disk that others use at the same time decides how long a test takes."""
    mounts.in_memory(path, ",".join(("mode=755", *options)))


def of_a_user(path: Path, uid: int, *options: str) -> None:
    in_memory(path, "mode=700", f"uid={uid}", f"gid={uid}", *options)


def image(path: Path, uid: int, size: int, *features: str) -> None:
    """An ext4 of its own, in a file. ``features`` as mkfs takes them."""
    file = _image_of(path)
    with open(file, "wb") as created:
        created.truncate(size)
    options = ["-q", "-m", "0", "-E", f"root_owner={uid}:{uid}", *(f"-O{feature}" for feature in features)]
    subprocess.run(["mkfs.ext4", *options, file], check=True, capture_output=True)
    mount("-o", "loop", file, path)
    os.chmod(path, 0o700)


def shut_down(mount_point: Path) -> None:
    """As a power cut does it: an ext4 stops at once, and what was not synced is lost."""
    directory = os.open(mount_point, os.O_RDONLY)
    fcntl.ioctl(directory, _SHUTDOWN, struct.pack("I", _NO_FLUSH))
    os.close(directory)


def switch_on_again(path: Path) -> None:
    """An image that was shut down, as it is after the power is back."""
    subprocess.run(["umount", path], check=True)
    # The mount namespace of a killed process may outlive it for a moment, and the file system with it: "mount -o loop" would give the one
    # back that was shut down. The kernel detaches the loop device when the last mount is gone.
    deadline = time.monotonic() + _PATIENCE
    while devices := _loop_devices(_image_of(path)):
        in_use = f"{_image_of(path)} is in use after {_PATIENCE} s: {devices}, mounted by processes {_users_of(devices)}"
        assert time.monotonic() < deadline, in_use
        time.sleep(0.005)
    mount("-o", "loop", _image_of(path), path)


def _image_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.img")


def _loop_devices(image: Path) -> list[str]:
    argv = ["losetup", "--noheadings", "--output", "NAME", "--associated", str(image)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def _users_of(devices: list[str]) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            words = set(path.read_text().split())
        except OSError:  # the process is ending, or has ended
            continue
        if not words.isdisjoint(devices):
            found.append(path.parent.name)
    return found


def fill(path: Path) -> None:
    """Until there is no room for another byte."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass

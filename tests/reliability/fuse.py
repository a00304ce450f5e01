# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's own FUSE file system: an empty directory that is slow, or stops answering. Mounted as users do, with Debian's fusermount3."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
from pathlib import Path

import pytest

from .filesystems import mount

# fuse_in_header, fuse_out_header and the replies (linux/fuse.h)
_IN = struct.Struct("<IIQQIIII")
_OUT = struct.Struct("<IiQ")
_LOOKUP, _FORGET, _GETATTR, _INIT, _OPENDIR, _READDIR, _RELEASEDIR, _INTERRUPT = 1, 2, 3, 26, 27, 28, 29, 36


def _instead(path: str, text: str) -> None:
    """The host's file says something else in this test."""
    other = Path("/mnt", os.path.basename(path))
    other.write_text(text)
    mount("--bind", other, path)


class UsersMount:
    """``delay``: seconds before each answer; None: it never answers."""

    def __init__(self, path: Path, uid: int, delay: float | None, *options: str) -> None:
        self.path, self._uid, self._delay = path, uid, delay
        if not shutil.which("fusermount3") or not os.path.exists("/dev/fuse"):
            pytest.skip("no fusermount3 or no /dev/fuse here")
        # As Debian's udev makes it, which may not run here.
        os.mknod("/mnt/fuse", stat.S_IFCHR | 0o666, os.stat("/dev/fuse").st_rdev)
        os.chmod("/mnt/fuse", 0o666)
        mount("--bind", "/mnt/fuse", "/dev/fuse")
        # Debian forbids allow_other to users; an administrator who wants sshfs homes allows it.
        _instead("/etc/fuse.conf", "user_allow_other\n")
        # fusermount3 asks for the user's name.
        _instead("/etc/passwd", f"{Path('/etc/passwd').read_text()}alice:x:{uid}:{uid}::{path}:/bin/sh\n")
        ours, theirs = socket.socketpair()
        done = subprocess.run(
            ["fusermount3", "-o", ",".join(("rw", *options)), "--", path], user=uid, group=uid, extra_groups=[], pass_fds=[theirs.fileno()],
            env={**os.environ, "_FUSE_COMMFD": str(theirs.fileno())}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        theirs.close()
        if done.returncode:
            pytest.skip(f"fusermount3: {done.stderr.strip()}")
        _data, (device,), _flags, _address = socket.recv_fds(ours, 1, 1)
        self.server = os.fork()
        if self.server == 0:
            try:
                self._serve(device)
            finally:
                os._exit(0)
        os.close(device)

    def stop(self) -> None:
        """The server dies; the mount stays, as it does in life."""
        os.kill(self.server, signal.SIGKILL)
        os.waitpid(self.server, 0)

    def unmount(self) -> None:
        subprocess.run(["fusermount3", "-u", "-z", "--", self.path], user=self._uid, group=self._uid, extra_groups=[], check=True)

    def _serve(self, device: int) -> None:
        while True:
            request = os.read(device, 1 << 18)
            _length, opcode, unique, *_others = _IN.unpack_from(request)
            if opcode in (_FORGET, _INTERRUPT):
                continue
            if opcode != _INIT:
                time.sleep(3600 if self._delay is None else self._delay)
            error, data = self._answer(opcode)
            try:
                os.write(device, _OUT.pack(_OUT.size + len(data), -error, unique) + data)
            except FileNotFoundError:
                pass  # who asked has been killed

    def _answer(self, opcode: int) -> tuple[int, bytes]:
        if opcode == _INIT:
            return 0, struct.pack("<IIIIHHIIHH", 7, 31, 0, 0, 1, 1, 1 << 17, 1, 1, 0) + bytes(32)
        if opcode == _GETATTR:
            times = (0,) * 9
            return 0, struct.pack("<QII6Q10I", 0, 0, 0, 1, 0, *times[:4], *times[:3], stat.S_IFDIR | 0o700, 2, self._uid, self._uid, 0, 4096, 0)
        if opcode == _OPENDIR:
            return 0, bytes(16)
        return {_READDIR: 0, _RELEASEDIR: 0, _LOOKUP: errno.ENOENT}.get(opcode, errno.ENOSYS), b""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What records while plays run: the system log, the arguments and environments of processes, the modes of files.

Each watcher is a process that writes what it saw to a file; the records are searched afterwards. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import stat
import struct
import time
import traceback
from typing import Any, BinaryIO, Callable, Sequence

_LARGEST = 4 << 20


def start(watcher: Callable[..., None], *arguments: Any) -> None:
    """Returns when the watcher watches."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.close(reader)
            watcher(*arguments, lambda: os.write(writer, b"+"))  # what it starts itself has the pipe, too
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)


def record_log(path: str, record: str, ready: Callable[[], None]) -> None:
    """The system log: everything that is said to the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log, open(record, "ab", buffering=0) as file:
        log.bind(path)
        os.chmod(path, 0o666)
        ready()
        while True:
            file.write(log.recv(1 << 20) + b"\n")


def sample_processes(record: str, ready: Callable[[], None]) -> None:
    """Arguments and environment of every process, as often as can be: a line of JSON for each that is new."""
    seen = set()
    ready()
    with open(record, "ab", buffering=0) as file:
        while True:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                arguments, environment, again = (_of_process(pid, kind) for kind in ("cmdline", "environ", "cmdline"))
                if arguments != again:  # it has just become another program
                    continue
                program = _program(arguments)
                for what, data in ((f"arguments of {program}", arguments), (f"environment of {program}", environment)):
                    if data and (what, data) not in seen:
                        seen.add((what, data))
                        file.write(json.dumps({"what": what, "data": data.decode("latin-1")}).encode() + b"\n")
            time.sleep(0.002)


def _of_process(pid: str, kind: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{kind}", "rb", buffering=0) as source:
            return source.read(_LARGEST)
    except OSError:
        return b""


def _program(arguments: bytes) -> str:
    """Its name: what Python runs rather than Python, and what comes first of a title such as "ssh: /path [mux]"."""
    words = [os.fsdecode(word) for word in arguments.split(b"\0")]
    script = len(words) > 1 and os.path.basename(words[0]).startswith("python") and not words[1].startswith("-")
    return os.path.basename(words[1] if script else words[0].partition(":")[0])


# --- files ---

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_TO, _CREATE = 0x2, 0x4, 0x8, 0x80, 0x100
_IS_DIRECTORY, _OVERFLOW = 0x4000_0000, 0x4000
_EVENT = struct.Struct("iIII")
_SCRATCH = ("/dev/shm/", "/tmp/")


def watch_files(tops: Sequence[str], record: str, ready: Callable[[], None]) -> None:
    """A line of JSON for each content that others than the owner can read, for each mode that is set after the content, and for
    whatever is in shared memory or among temporary files: nothing has to be there, whatever its mode."""
    with open(record, "ab", buffering=0) as file:
        watcher = _FileWatcher(file)
        for top in tops:
            watcher.add(top, with_content=False)
        ready()
        watcher.run()


class _FileWatcher:
    def __init__(self, record: BinaryIO) -> None:
        self._record = record
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_CLOEXEC)
        self._directories: dict[int, str] = {}
        self._written: set[str] = set()
        self._known: set[tuple] = set()

    def add(self, directory: str, with_content: bool = True) -> None:
        mask = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_TO | _CREATE
        number = self._libc.inotify_add_watch(self._fd, os.fsencode(directory), mask | 0x0100_0000)  # IN_ONLYDIR
        if number < 0:
            return
        self._directories[number] = directory
        try:
            entries = list(os.scandir(directory)) if with_content else []
        except OSError:
            return
        for entry in entries:  # what came before the watch did
            if entry.is_dir(follow_symlinks=False):
                self.add(entry.path)
            else:
                self._look(entry.path, "is there")

    def run(self) -> None:
        while True:
            data = os.read(self._fd, 1 << 16)
            position = 0
            while position < len(data):
                number, mask, _cookie, length = _EVENT.unpack_from(data, position)
                name = data[position + _EVENT.size : position + _EVENT.size + length].rstrip(b"\0")
                position += _EVENT.size + length
                if mask & _OVERFLOW:
                    self._write("", "events were lost", 0, b"")
                elif name and number in self._directories:
                    self._event(f"{self._directories[number]}/{os.fsdecode(name)}", mask)

    def _event(self, path: str, mask: int) -> None:
        if mask & _IS_DIRECTORY:
            if mask & (_CREATE | _MOVED_TO):
                self.add(path)
            return
        if mask & (_CREATE | _MOVED_TO):
            self._written.discard(path)
        late = mask & _ATTRIB and path in self._written
        if mask & _MODIFY:
            self._written.add(path)
        self._look(path, "mode set after writing" if late else "seen", whatever_mode=bool(late))

    def _look(self, path: str, what: str, whatever_mode: bool = False) -> None:
        try:
            found = os.lstat(path)
            looked_at = found.st_mode & 0o077 or whatever_mode or path.startswith(_SCRATCH)
            if not stat.S_ISREG(found.st_mode) or not looked_at or not _reachable(path):
                return
            key = (path, found.st_ino, found.st_mode, found.st_mtime_ns, found.st_size, what)
            if key in self._known:
                return
            self._known.add(key)
            with open(path, "rb") as file:
                content = file.read(_LARGEST)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._write(path, f"{what}, not read: {error.strerror}", 0, b"")
            return
        self._write(path, what, found.st_mode & 0o7777, content)

    def _write(self, path: str, what: str, mode: int, content: bytes) -> None:
        line = {"path": path, "what": what, "mode": mode, "content": content.decode("latin-1")}
        self._record.write(json.dumps(line).encode() + b"\n")


def _reachable(path: str) -> bool:
    """Whether others than the owner come as far as the file."""
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 0o011:
            return False
    return True

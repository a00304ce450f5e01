# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs on the host that a program reads other files than ours.

They lie where programs are installed, which need not be root's: what others can change decides nothing for all users of the host, and is not
opened. The search is done in a process that can be killed, because already a look at a mounted directory can hang.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import select
import signal
import stat
import time
from typing import Callable, List, Sequence, Tuple

from .._wire import Probe
from .errors import display_text
from .parent import reap

_MAX_BYTES = 1 << 20
_SECONDS = 2.0  # for one probe
_KILL_TIMEOUT = 5.0
_MAGIC = re.compile(r"[*?\[]")


def found_probes(probes: Sequence[Probe]) -> Tuple[List[Probe], List[str]]:
    """Those that are found, and warnings about places that were not searched."""
    found: List[Probe] = []
    warnings: List[str] = []
    start = 0
    while start < len(probes):
        messages, hangs = _search(probes, start)
        for number, is_found, unsafe in messages:
            start = number
            found += [probes[number]] if is_found else []
            warnings += [f"{path} was not searched for programs that read other files, because others than root can change it" for path in unsafe]
        start += 1
        if hangs and start <= len(probes):
            pattern = display_text(probes[start - 1].pattern)
            warnings.append(f"{pattern} took more than {_SECONDS:g} seconds to search: look for a file system that hangs there (findmnt)")
    return found, list(dict.fromkeys(warnings))


def _search(probes: Sequence[Probe], start: int) -> Tuple[List[Tuple[int, bool, List[str]]], bool]:
    """Of each probe from ``start`` on: its number, whether it was found, unsafe paths. The last one is without an answer when it hangs (True)."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            for number in range(start, len(probes)):
                os.write(writer, b"\n")  # begun
                unsafe: List[str] = []
                is_found = any(_matches(path, probes[number]) for path in _expanded(probes[number].pattern, unsafe.append))
                os.write(writer, json.dumps([number, is_found, [display_text(path) for path in unsafe]]).encode())
            os._exit(0)
        finally:
            os._exit(70)
    os.close(writer)
    text, hangs = _read(reader)
    os.close(reader)
    if hangs:
        os.kill(pid, signal.SIGKILL)
    reap(pid, _KILL_TIMEOUT if hangs else None)
    lines = text.decode().split("\n")[1:]
    answers = [tuple(json.loads(line)) for line in lines if line]
    if len(answers) < len(lines):
        answers.append((start + len(answers), False, []))
    return answers, hangs


def _read(reader: int) -> Tuple[bytes, bool]:
    """All that is written, until nothing came for too long (True)."""
    text = b""
    end = time.monotonic() + _SECONDS
    while True:
        if not select.select([reader], [], [], max(0, end - time.monotonic()))[0]:
            return text, True
        piece = os.read(reader, 1 << 16)
        if not piece:
            return text, False
        text += piece
        end = time.monotonic() + _SECONDS


def _expanded(pattern: str, note_unsafe: Callable[[str], None]) -> List[str]:
    """The paths for a pattern as ``glob`` has it, without those that others than root and this user can change."""
    paths = ["/"]
    for part in pattern.strip("/").split("/"):
        names = [(path, name) for path in paths for name in _names(path, part)]
        paths = [os.path.join(path, name) for path, name in names if _is_safe(os.path.join(path, name), note_unsafe)]
    return paths


def _names(path: str, part: str) -> List[str]:
    if not _MAGIC.search(part):
        return [part]
    try:
        return sorted(name for name in fnmatch.filter(os.listdir(path), part) if not name.startswith("."))
    except OSError:
        return []


def _is_safe(path: str, note_unsafe: Callable[[str], None]) -> bool:
    trusted = {0, os.geteuid()}
    try:
        link, found = os.lstat(path), os.stat(path)
    except OSError:
        return False
    is_open = stat.S_ISDIR(found.st_mode) and found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    if is_open or not {link.st_uid, found.st_uid} <= trusted:
        note_unsafe(path)
        return False
    return True


def _matches(path: str, probe: Probe) -> bool:
    if probe.matching is None:
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False  # before the open: opening a device may have an effect
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return is_file and bool(re.search(probe.matching.encode(), file.read(_MAX_BYTES), re.MULTILINE))
    except OSError:
        return False

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a full-screen program in a pseudo-terminal, and types."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

import pyte

ROWS, COLUMNS = 50, 160
# A program that has written nothing for so long waits for a key. Keys sent earlier are thrown away by programs that
# switch the terminal to raw mode.
QUIET_SECONDS = 0.15
# What a program asks its terminal (primary device attributes), and what a VT220 answers. aerc 0.20 does not leave without an answer.
_WHO_ARE_YOU, _VT220 = b"\x1b[c", b"\x1b[?62c"

# Where it can have a file for passwords, Alpine offers to keep each that is typed, and asks on for a master password if a key goes astray.
RUN_ALPINE = ("alpine", "-passfile", "/nowhere/passfile")

Dialogue = Sequence[tuple[bytes, bytes]]


def run_in_terminal(argv: Sequence[str], dialogue: Dialogue, timeout: float, always: Dialogue = ()) -> tuple[int, bytes]:
    """Run argv, and for each (expected, keys): wait until the program has written what is expected since the last keys, or
    has brought it to the screen, and is quiet, then type the keys. ``always``: what is typed in between, whenever it is expected. Returns the
    exit status and all that the program wrote."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(argv, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    try:
        return _converse(process, controller, list(dialogue), always, timeout)
    finally:
        process.kill()
        process.wait()
        os.close(controller)


def _converse(process: subprocess.Popen, controller: int, waiting: list[tuple[bytes, bytes]], always: Dialogue,
              timeout: float) -> tuple[int, bytes]:
    deadline = time.monotonic() + timeout
    output, answered = b"", 0
    # Programs write what has changed on the screen only: a text may come in pieces, without the letters that were there already.
    display = pyte.Screen(COLUMNS, ROWS)
    terminal = pyte.ByteStream(display)
    shown = ""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            screen = "\n".join(line.rstrip() for line in display.display)
            raise subprocess.TimeoutExpired(f"{process.args} (not typed: {waiting}; on the screen:\n{screen})", timeout, output)
        due = next((step for step in (*always, *waiting[:1]) if _has_come(step[0], output[answered:], shown, display)), None)
        if select.select([controller], [], [], min(left, QUIET_SECONDS) if due else left)[0]:
            try:
                written = os.read(controller, 65536)
                output += written
                terminal.feed(written)
                if _WHO_ARE_YOU in written:
                    os.write(controller, _VT220)
            except OSError:  # The program has closed its terminal.
                return process.wait(max(left, 1)), output
        elif due and left > QUIET_SECONDS:
            answered = len(output)
            shown = "\n".join(display.display)
            os.write(controller, due[1])
            if due in waiting[:1]:
                waiting.pop(0)


def _has_come(expected: bytes, written: bytes, shown: str, display: pyte.Screen) -> bool:
    text = expected.decode(errors="replace")
    return bool(written) and (expected in written or (text not in shown and text in "\n".join(display.display)))

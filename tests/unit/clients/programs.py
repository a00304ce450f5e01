# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real programs, in homes with the files of one client."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ...releases import Room
from .drawn import CANARY

# The system's, which has the modules of its packages.
PYTHON = "/usr/bin/python3"


class Home:
    """A home with the files of one client, in which its program runs, the one of a Debian release."""

    def __init__(self, path: Path, room: Room) -> None:
        self.path = path
        self._room = room

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        # Only HOME and a locale: nothing else may help the program.
        environment = {"HOME": str(self.path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", "USER": "somebody"}
        command = self._room.command(["env", f"--chdir={self.path}", *argv])
        result = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
        self.refuse_canary()
        return subprocess.CompletedProcess(argv, result.returncode, result.stdout.decode(), result.stderr.decode())

    def refuse_canary(self) -> None:
        assert not list(self.path.rglob(CANARY)), "a command ran"


def needs(program: str) -> None:
    if not shutil.which(program):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{program} is not installed")

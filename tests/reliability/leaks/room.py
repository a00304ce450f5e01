# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private machine to leak in, seen from outside: start it, run commands in it, look at everything that was written there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...lab import sandbox
from ...postgres import find_postgres

HERE = Path(__file__).resolve().parent
_RECORDS = "/run/records"
_UPPER = "/run/overlay/upper"


@dataclass(frozen=True)
class Found:
    """A file that was written in the room; ``path`` as it is seen in there."""

    path: str
    mode: int
    content: bytes


def why_impossible() -> str | None:
    missing = [path for path in ("/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/python3") if not os.path.exists(path)]
    missing += [] if find_postgres() else ["PostgreSQL (the package postgresql)"]
    return sandbox.why_impossible() or (f"the leak hunt needs {', '.join(missing)}" if missing else None)


class Room(sandbox.Sandbox):
    program = HERE / "inside.py"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._passed: dict[str, tuple[int, ...]] = {}

    def check(self) -> None:
        if reason := why_impossible():
            raise sandbox.LabError(reason)

    def run(self, argv: Sequence[str], env: Mapping[str, str], timeout: float = 300) -> subprocess.CompletedProcess[bytes]:
        """As root, with this environment and nothing else, which is not among the arguments of what leads there."""
        return subprocess.run(
            [*self.enter(), "env", "--chdir=/root", *argv], env=dict(env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
        )  # fmt: skip

    def write(self, inside: str, content: str | bytes, owner: os.stat_result | None = None) -> None:
        """A new file, 0600 before there is anything in it."""
        fd = os.open(self.path(inside), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            if owner is not None:
                os.fchown(fd, owner.st_uid, owner.st_gid)
            file.write(content if isinstance(content, bytes) else content.encode())

    def write_home(self, user: str, name: str, content: str) -> None:
        """A user's own file, in directories of the user's own."""
        home = self.path(f"/home/{user}")
        owner = home.stat()
        for directory in list(reversed(Path(name).parents))[1:]:
            (home / directory).mkdir(mode=0o700, exist_ok=True)
            os.chown(home / directory, owner.st_uid, owner.st_gid)
        self.write(f"/home/{user}/{name}", content, owner)

    # --- records of the watchers ---

    def syslog(self) -> bytes:
        return self.path(f"{_RECORDS}/log").read_bytes()

    def processes(self) -> list[tuple[str, bytes]]:
        """(such as "arguments of ssh", the bytes)."""
        lines = self.path(f"{_RECORDS}/processes").read_bytes().splitlines()
        return [(line["what"], line["data"].encode("latin-1")) for line in map(json.loads, lines)]

    def readable_files(self) -> list[dict[str, Any]]:
        """What others than the owner could read at some time, and what got its mode only after its content."""
        lines = self.path(f"{_RECORDS}/files").read_bytes().splitlines()
        return [{**line, "content": line["content"].encode("latin-1")} for line in map(json.loads, lines)]

    def wait_for(self, what: Any, seconds: float = 20) -> bool:
        """Until ``what()``, which the watchers need some time to see."""
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def pass_over(self) -> None:
        """What is there by now is not looked at, unless it changes: a new database is large, and holds nothing yet."""
        self._passed = {inside: _version(state) for inside, _path, state in self._walk()}

    def files(self) -> Iterator[Found]:
        """Everything that is there now and was written in the room."""
        for inside, path, state in self._walk():
            if self._passed.get(inside) == _version(state):
                continue
            content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
            content = os.fsencode(os.readlink(path)) if path.is_symlink() else content
            yield Found(inside.removeprefix(_UPPER), stat.S_IMODE(state.st_mode), content)

    def _walk(self) -> Iterator[tuple[str, Path, os.stat_result]]:
        root = str(self.path("/"))
        for top in ("/run", "/tmp", "/dev/shm"):
            for directory, names, files in os.walk(self.path(top)):
                inside = directory[len(root) :]
                names[:] = [name for name in names if f"{inside}/{name}" not in (_RECORDS, "/run/overlay/work")]
                for name in files:
                    path = Path(directory, name)
                    yield f"{inside}/{name}", path, path.lstat()


def _version(state: os.stat_result) -> tuple[int, ...]:
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_mode

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private machine to leak in, seen from outside: start it, run commands in it, look at everything that was written there."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...postgres import find_postgres

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
_NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
_RECORDS = "/run/records"
_UPPER = "/run/overlay/upper"


@dataclass(frozen=True)
class Found:
    """A file that was written in the room; ``path`` as it is seen in there."""

    path: str
    mode: int
    content: bytes


def why_impossible() -> str | None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "the leak hunt needs Linux and root"
    if subprocess.run(["unshare", *_NAMESPACES, "--fork", "true"], capture_output=True, check=False).returncode:
        return "the leak hunt needs namespaces, which this machine does not allow (in a container: run it privileged)"
    missing = [path for path in ("/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/python3") if not os.path.exists(path)]
    missing += [] if find_postgres() else ["PostgreSQL (the package postgresql)"]
    return f"the leak hunt needs {', '.join(missing)}" if missing else None


class Room:
    def __init__(self, directory: Path) -> None:
        root = directory / "root"
        root.mkdir()
        keep = dict.fromkeys(map(str, (REPOSITORY, directory, Path(sys.prefix), Path(sys.base_prefix))))
        self._log = directory / "room.log"
        self._passed: dict[str, tuple[int, ...]] = {}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "unshare", *_NAMESPACES, "--fork", "--kill-child", "--propagation=private",
                 sys.executable, "-B", str(HERE / "inside.py"), str(root), *keep],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd="/", start_new_session=True,
            )  # fmt: skip
        answer = self._process.stdout.readline().strip()
        if not answer.isdigit():
            self.close()
            raise RuntimeError(f"the room did not open:\n{self._log.read_text(errors='replace')[-4000:]}")
        self._pid = int(answer)

    def close(self) -> None:
        """With unshare its child dies, with that, the first of the room, everything in it; the mounts go, too."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def run(self, argv: Sequence[str], env: Mapping[str, str], timeout: float = 300) -> subprocess.CompletedProcess[bytes]:
        """As root, with this environment and nothing else, which is not among the arguments of what leads there."""
        program = shutil.which("nsenter")
        enter = [program, f"--target={self._pid}", *_NAMESPACES, "setpriv", "--pdeathsig=KILL", "env", "--chdir=/root"]
        return subprocess.run(
            [*enter, *argv], env=dict(env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
        )  # fmt: skip

    def path(self, inside: str) -> Path:
        return Path(f"/proc/{self._pid}/root{inside}")

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

    def log(self) -> bytes:
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

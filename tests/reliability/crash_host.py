# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with users of its own, on which the real module runs as a process that a test can kill.

Each process has a mount namespace: its own ``/etc/passwd``, ``/run`` (the lock) and ``/var/lib``. The machine's stay as they are.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, File, Job, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import WriterError
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

from ..mounts import bind, own_namespace
from ..unit.writer.home import PATTERNS, Home

Trees = dict[str, dict[str, Any]]
_PATIENCE = 60


def make_job(users: Mapping[str, Sequence[File]], instance: str = "default", mode: int = 0o600, deadline: float = 20) -> Job:
    places = tuple(Place(name, files=tuple(files)) for name, files in users.items())
    return Job(instance, places, PATTERNS, mode=mode, deadline=deadline)


def problems(answer: Answer) -> dict[str, str]:
    return {result.name: result.problem.message for result in answer.results if result.problem}


def was_killed(answer: Answer | None) -> bool:
    """Whether a kill met the run while it was under way: the module gave no answer, or says that its worker ended."""
    return answer is None or any("could not be finished: the worker process ended" in message for message in problems(answer).values())


def drifted(answer: Answer) -> set[str]:
    return {drift.path for result in answer.results for drift in result.drifted}


class Process:
    """A run of the module, under way. ``alive`` ends with the last of its processes."""

    def __init__(self, pid: int, output: Any, alive: int) -> None:
        self.pid = pid
        self._output = output
        self._alive = alive

    def worker(self) -> int | None:
        """The process that it forked, if there is one now."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def kill(self, whom: str) -> None:
        """``whom``: ``worker``, ``parent`` or ``both``."""
        try:
            if whom == "both":
                os.killpg(self.pid, signal.SIGKILL)
            else:
                pid = self.pid if whom == "parent" else self.worker()
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it was faster

    def wait(self) -> Answer | None:
        """Until all its processes are gone; the writer's answer, None when it was killed or its worker was before the first place."""
        try:
            ready, _w, _x = select.select([self._alive], [], [], _PATIENCE)
            assert ready, "the run does not end"
            _pid, status = os.waitpid(self.pid, 0)
            os.close(self._alive)
            self._output.seek(0)
            said = self._output.read()
        finally:
            self._output.close()
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            return None
        if b"the worker process ended before the first place" in said:
            return None
        return load_answer(said.decode())


class Machine:
    def __init__(self, root: Path, users: Sequence[str] = ("alice", "bob", "carol")) -> None:
        self.root = root
        self.homes: dict[str, Home] = {}
        lines = Path("/etc/passwd").read_text()
        for directory in ("run", "lib", "home"):
            (root / directory).mkdir()
        for number, name in enumerate(users):
            home = Home(root / "home" / name, 20_001 + number)
            home.path.mkdir(0o700)
            os.chown(home.path, home.uid, home.uid)
            self.homes[name] = home
            lines += f"{name}:x:{home.uid}:{home.uid}::{home.path}:/bin/sh\n"
        (root / "passwd").write_text(lines)

    def start(self, work: Job, *, check: bool = False, prepare: Callable[[], None] | None = None) -> Process:
        """``prepare`` is called in the new process, before the module begins."""
        output = tempfile.TemporaryFile("w+b")  # noqa: SIM115, the process closes it
        alive, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                self._module(work, check, prepare)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(99)
        os.close(held)
        return Process(pid, output, alive)

    def _module(self, work: Job, check: bool, prepare: Callable[[], None] | None) -> None:
        own_namespace()
        for source, target in (("passwd", "/etc/passwd"), ("run", "/run"), ("lib", "/var/lib")):
            bind(self.root / source, target)
        if prepare:
            prepare()
        with open(1, "w", encoding="utf-8", closefd=False) as output:
            try:
                output.write(run(dump_job(work), check, True)[1])
            except WriterError as exc:
                output.write(str(exc))
        os._exit(0)

    def run(self, work: Job, **other: Any) -> Answer | None:
        return self.start(work, **other).wait()

    def trees(self) -> Trees:
        return {name: home.tree() for name, home in self.homes.items()}

    def lists(self) -> dict[str, bytes]:
        """What root knows of the users served."""
        return {path.name: path.read_bytes() for path in (self.root / "lib").glob("mailops.profiles/*.json")}

    def restore_lists(self, lists: dict[str, bytes]) -> None:
        directory = self.root / "lib/mailops.profiles"
        shutil.rmtree(directory, ignore_errors=True)
        for name, data in lists.items():
            directory.mkdir(0o700, exist_ok=True)
            (directory / name).write_bytes(data)
            (directory / name).chmod(0o600)

    def restore(self, trees: Trees) -> None:
        """Makes the homes what they were when ``trees`` were taken."""
        for name, tree in trees.items():
            home = self.homes[name]
            for path in home.path.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            for path, (uid, mode, content) in sorted(tree.items()):
                target = home.path / path
                if isinstance(content, str):
                    target.symlink_to(content)
                elif content is None:
                    target.mkdir()
                else:
                    target.write_bytes(content)
                os.chown(target, uid, uid, follow_symlinks=False)
                if not isinstance(content, str):
                    os.chmod(target, int(mode, 8) & 0o7777)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that works in homes. One serves all places: changing ids costs microseconds, a process for each would cost milliseconds.

It was forked, and imports nothing: under mitogen an import in a forked process never returns, and a user's ids cannot read our files.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from typing import Any, Callable, List, NamedTuple, Optional, Sequence

from .._wire import Change, Diff, Drift, Found, FoundFile, Problem, Result, labels
from .commit import Commit
from .errors import UNREACHABLE, UnsafePath, display_text, unexpected
from .identity import Switch
from .open_place import Task, another_home, open_place
from .phases import commit_batch
from .plan import Settings
from .planner import check_state, plan_place
from .records import read_records
from .residue import has_residue
from .trust import files_to_know

_BATCH = 200
_DESCRIPTORS = 16  # for each place, besides those that are counted
_RESERVED = 500
_MAX_DESCRIPTORS = 65_536


class Message(NamedTuple):
    """To the parent, as one line of JSON: about the task with this ``number``. ``plan``: what was found, and would be done.
    ``changed``, with a problem: the displayed paths of what was changed all the same."""

    number: int
    is_done: bool
    plan: Optional[Result] = None
    problem: Optional[Problem] = None
    changed: Sequence[str] = ()
    warnings: Sequence[str] = ()


def load_message(line: bytes) -> Message:
    message = Message(*json.loads(line.decode()))
    return message._replace(plan=message.plan and _result(*message.plan), problem=message.problem and Problem(*message.problem))


def _result(name: str, path: str, changes: Any, drifted: Any, unchanged: int, notes: Any, *others: Any) -> Result:
    found = [Change(*change) for change in changes]
    found = [change._replace(diff=change.diff and Diff(*change.diff)) for change in found]
    *others, written, looked_at = others
    drifted = tuple(Drift(*drift) for drift in drifted)
    looked_at = looked_at and _found(*looked_at)
    return Result(name, path, tuple(found), drifted, unchanged, tuple(map(tuple, notes)), *others, tuple(map(tuple, written)), looked_at)


def _found(accounts: Any, files: Any, confirmed: int) -> Found:
    return Found(labels(accounts), tuple(FoundFile(*file) for file in files), confirmed)


def serve(tasks: Sequence[Task], settings: Settings, note_progress: Callable[[int], None], writer: int) -> None:
    """The whole life of the process, which ends here: the caller's own code must not run in it. Tasks are numbered from 1."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every password of the job
        os.umask(0)  # every mode is given explicitly
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

        def progress(number: int) -> None:
            # If the parent dies, nothing else ends a worker that hangs, and it holds the lock of the host.
            signal.setitimer(signal.ITIMER_REAL, 2 * settings.deadline)
            note_progress(number)

        with os.fdopen(writer, "wb") as pipe:

            def send(message: Message) -> None:
                pipe.write(json.dumps(message).encode() + b"\n")
                pipe.flush()

            _Worker(settings, send, progress).work(tasks)
        os._exit(0)
    finally:
        os._exit(70)


class _Worker:
    def __init__(self, settings: Settings, send: Callable[[Message], None], progress: Callable[[int], None]) -> None:
        self._settings = settings
        self._send = send
        self._progress = progress
        self._switch = Switch()

    def work(self, tasks: Sequence[Task]) -> None:
        """In batches of as many places as there are descriptors for."""
        budget = _descriptor_limit() - _RESERVED
        commits: List[Commit] = []
        used = 0
        for number, task in enumerate(tasks, start=1):
            self._progress(number)
            try:
                commit = self._plan(number, task)
            except Exception as exc:
                problem = unexpected(task.display, exc)
                if problem.errno in UNREACHABLE and task.inode is not None and not task.files and self._settings.inspect is None:
                    self._send(Message(number, True, Result(task.name, display_text(task.display), listed=task.listed)))  # waits on root's list
                else:
                    self._fail(number, problem)
                continue
            if commit is not None:
                commits.append(commit)
                used += commit.place.descriptors + 2 * len(commit.plan.steps) + _DESCRIPTORS
            if used > budget or len(commits) >= _BATCH:
                self._commit(commits)
                used = 0
        self._commit(commits)

    def _commit(self, commits: List[Commit]) -> None:
        commit_batch(commits, self._switch, self._progress)
        for commit in commits:
            if commit.problem is not None:
                self._fail(commit.number, commit.problem, commit.done)
            else:
                self._send(Message(commit.number, True, warnings=commit.warnings))
            commit.place.close()
        commits.clear()

    def _plan(self, number: int, task: Task) -> Optional[Commit]:
        """Sends what will change; the commit, when there is something to write."""
        settings = self._settings
        place = open_place(task, settings, self._switch)
        writes = False
        try:
            if settings.inspect is not None:
                self._send(Message(number, True, settings.inspect(task, place, settings, self._switch)))
                return None
            if task.probe:
                self._send(Message(number, True, Result(task.name, display_text(task.display), listed=task.listed, inode=place.inode)))
                return None
            # A home on a new disk has another inode, and its manifest.
            is_same = place.inode != 0 and place.inode == task.inode
            with self._switch.to(place.state.tree.identity):
                records = read_records(place.state, task, settings.patterns, is_same)
            if task.files and task.inode and place.inode and not is_same and records.stored is None:
                raise another_home(task)
            with self._switch.to(place.tree.identity):
                plan = plan_place(place.tree, place.state, task.files, settings, records, task.accounts)
                residue = not task.files and has_residue(place.tree, settings.residue)
                result = plan.result(task.name, place.state)
            with self._switch.to(place.state.tree.identity):
                check_state(plan, place.state)
            writes = plan.changed and not settings.check
            warnings = records.warnings
            if task.files and is_same and records.stored is None:
                warnings = (*warnings, "was removed, and is written again")
            warnings = (*result.warnings, *(f"{place.state.tree.absolute(place.state.manifest)} {warning}" for warning in warnings))
            if settings.check and task.files and task.identity is not None and task.base and not place.inode:
                warnings = (*warnings, f"{result.path} does not exist: a real run fails unless the home directory exists by then")
            written = () if task.known is None else files_to_know(plan.manifest, settings.patterns)
            result = result._replace(
                warnings=warnings, residue=residue, listed=task.listed, recorded=records.stored is not None, inode=place.inode, written=written
            )
            self._send(Message(number, not writes, result))
            return Commit(number, place, plan, settings) if writes else None
        finally:
            if not writes:
                place.close()

    def _fail(self, number: int, problem: UnsafePath, changed: Sequence[str] = ()) -> None:
        self._send(Message(number, True, problem=Problem(problem.path, str(problem)), changed=changed))


def _descriptor_limit() -> int:
    """The limit of open files, raised as far as possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)

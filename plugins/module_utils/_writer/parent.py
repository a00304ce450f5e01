# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parent of the worker, which a user cannot stop.

It sees from a shared page of memory which place the worker is at. When one takes too long (a file system that hangs, or is made to
answer slowly), it kills the worker, reports that place, and starts another worker for the rest. What the killed one left is found
through the manifest, as after a crash.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import struct
import time
from typing import List, Optional, Sequence, Tuple

from .._wire import Problem, Result
from .errors import WriterError, display_text
from .open_place import Task
from .plan import Settings
from .worker import Message, load_message, serve

_AT = struct.Struct("@Q")  # the number of the task that the worker is at, 0 before the first
_KILL_TIMEOUT = 5.0


class _Outcome:
    """What the workers said about one task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.result = Result(task.name, display_text(task.display), listed=task.listed)
        self.is_done = False
        self.spent = 0.0  # seconds, in all workers: a slow place does not get its time again

    def take(self, message: Message) -> None:
        if message.plan is not None:
            self.result = _merged(self.result, message.plan)
        if message.problem is not None:
            # What was planned and not done is not reported as changed.
            changes = tuple(change for change in self.result.changes if change.path in message.changed)
            done = {change.path for change in changes}
            written = tuple(item for item in self.result.written if display_text(f"{self.task.display}/{item[0]}") in done)
            self.result = self.result._replace(problem=message.problem, changes=changes, written=written)
        self.result = self.result._replace(warnings=(*self.result.warnings, *message.warnings))
        self.is_done = message.is_done

    def give_up(self, reason: str) -> None:
        path = self.result.path
        # No changes: it is not known how much of the plan was done. Root's list has all that may have been written.
        self.result = self.result._replace(problem=Problem(path, f"{path} {reason}"), changes=())
        self.is_done = True

    def know_what_may_be_written(self) -> None:
        """For another worker, as root's list has it: the one that was killed may have begun what it planned."""
        if self.task.known is not None:
            self.task = self.task._replace(known={**dict.fromkeys(path for path, _backup in self.result.written), **self.task.known})


def _merged(earlier: Result, plan: Result) -> Result:
    """A place is planned again after its worker was killed: what the first one did stays reported."""
    known = {change.path for change in earlier.changes}
    return plan._replace(
        changes=(*earlier.changes, *(change for change in plan.changes if change.path not in known)),
        drifted=tuple(dict.fromkeys((*earlier.drifted, *plan.drifted))),
        notes=tuple(dict.fromkeys((*earlier.notes, *plan.notes))),
        unchanged=max(0, plan.unchanged - len(earlier.changes)),
        warnings=tuple(dict.fromkeys((*earlier.warnings, *plan.warnings))),
        recorded=earlier.recorded or plan.recorded,
    )


def run_tasks(tasks: Sequence[Task], settings: Settings) -> List[Result]:
    """Serves every place in turn; one that cannot be served has a ``problem`` in its result."""
    outcomes = [_Outcome(task) for task in tasks]
    pending = outcomes
    while pending:
        at, reason = _run_worker(pending, settings)
        if at is not None:
            at.give_up(reason)
        before, pending = len(pending), [outcome for outcome in pending if not outcome.is_done]
        if len(pending) == before:
            raise WriterError(f"the worker process ended before the first place ({reason}): look for a limit of memory or processes")
        for outcome in pending:
            outcome.know_what_may_be_written()
    return [outcome.result for outcome in outcomes]


def _run_worker(pending: Sequence[_Outcome], settings: Settings) -> Tuple[Optional[_Outcome], str]:
    """Until it ends: the task that it could not finish, if there is one, and the reason."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        serve([outcome.task for outcome in pending], settings, lambda number: _AT.pack_into(page, 0, number), writer)
    os.close(writer)
    try:
        hangs = _listen(reader, page, pending, settings.deadline)
    finally:
        os.close(reader)
    at = _at(page, pending)
    if at is not None and at.is_done:
        at = None
    if hangs:
        os.kill(pid, signal.SIGKILL)
        reap(pid, _KILL_TIMEOUT)
        stuck = at or next((outcome for outcome in pending if not outcome.is_done), None)
        return stuck, f"took more than {settings.deadline:g} seconds: look for a file system that hangs there (findmnt)"
    status = reap(pid, None)
    if status == 0:
        return None, "it reported nothing"
    return at, f"could not be finished: the worker process ended with status {status}"


def _at(page: mmap.mmap, pending: Sequence[_Outcome]) -> Optional[_Outcome]:
    (number,) = _AT.unpack_from(page)
    return pending[number - 1] if number else None


def _listen(reader: int, page: mmap.mmap, pending: Sequence[_Outcome], deadline: float) -> bool:
    """Takes the worker's messages until it ends or (True) has spent the time of one place. That counts over all phases: a file system
    that answers slowly every time must not delay the others for longer than one that never answers."""
    interval = min(0.2, deadline / 4)
    rest = b""
    before_the_first = 0.0
    while True:
        start = time.monotonic()
        ready, _w, _x = select.select([reader], [], [], interval)
        # Only waiting counts, not the time in which the whole machine was suspended.
        waited = min(time.monotonic() - start, 2 * interval)
        if ready:
            piece = os.read(reader, 1 << 16)
            if not piece:
                return False
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                message = load_message(line)
                pending[message.number - 1].take(message)
        # The place that it is at now gets all of the time: those that take little are met so rarely that they get no more than that.
        at = _at(page, pending)
        if at is None:
            before_the_first += waited
        else:
            at.spent += waited
        if (before_the_first if at is None else at.spent) > deadline:
            return True


def reap(pid: int, timeout: Optional[float]) -> int:
    """The exit status; -1 for a process that cannot even be killed (it waits in the kernel)."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found, status = os.waitpid(pid, 0 if end is None else os.WNOHANG)
        if found:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if end is not None and time.monotonic() > end:
            return -1
        time.sleep(0.02)

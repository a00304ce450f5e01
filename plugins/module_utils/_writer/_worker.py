# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that works in homes, and its parent, which a user cannot stop.

One forked process serves all users, because changing ids costs microseconds and a process for each milliseconds. Its parent sees
from a shared page of memory whom it is at; when one user takes too long (a file system that hangs, or is made to answer slowly), the
parent kills it, reports that user, and starts another for the rest. What the killed process left is found by the record, as after a crash.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import select
import signal
import struct
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set

from ansible_collections.mailops.profiles.plugins.module_utils._writer._base import Base, DestOptions, open_dest, open_home
from ansible_collections.mailops.profiles.plugins.module_utils._writer._commit import Commit, commit_batch
from ansible_collections.mailops.profiles.plugins.module_utils._writer._identity import Identity, Switch
from ansible_collections.mailops.profiles.plugins.module_utils._writer._leftovers import is_left_over
from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import STATE_DIRECTORY, manifest_path
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Plan, Settings, Wanted, plan_user
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import HostError, Refused, refused, unexpected
from ansible_collections.mailops.profiles.plugins.module_utils._writer._tree import Tree

_BATCH = 200
# Open descriptors of one user while a batch is committed, beside the directories and files known from the plan.
_DESCRIPTORS = 16
# What planning one more user may take.
_RESERVED = 500
_AT = struct.Struct("@Q")  # the number of the user whom the worker is at


class Task(NamedTuple):
    """One user. ``identity`` is None for a ``dest`` directory, whose owner decides as whom to write."""

    user: str
    base: str
    identity: Optional[Identity]
    wanted: Sequence[Wanted]


class Outcome:
    """What was found and done for one user; paths are absolute."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.error: Optional[Dict[str, str]] = None
        self.changes: List[Dict[str, str]] = []
        self.drifted: List[str] = []
        self.unchanged = 0
        self.diffs: List[Dict[str, str]] = []
        self.warnings: List[str] = []
        self.left_over = False  # whether a program still knows of accounts that are gone


class Run(NamedTuple):
    settings: Settings
    dest: DestOptions
    check: bool
    deadline: float
    state: str = STATE_DIRECTORY


# --- in the worker ---


class _Worker:
    def __init__(self, run: Run, send: Callable[[Dict[str, Any]], None], progress: Callable[[str], None]) -> None:
        self._run = run
        self._send = send
        self._progress = progress
        self._switch = Switch()

    def work(self, tasks: Sequence[Task]) -> None:
        """In batches of as many users as there are descriptors for."""
        budget = _descriptor_limit() - _RESERVED
        opened: List[Tree] = []
        commits: List[Commit] = []
        used = 0
        for task in tasks:
            self._progress(task.user)
            try:
                commit = self._plan(task, opened)
            except Refused as exc:
                self._fail(task.user, exc)
                commit = None
            if commit is None:
                while opened and len(opened) > len(commits):
                    opened.pop().close()
                continue
            commits.append(commit)
            used += opened[-1].descriptors + 2 * commit.size + _DESCRIPTORS
            if used > budget or len(commits) >= _BATCH:
                self._commit(commits, opened)
                used = 0
        self._commit(commits, opened)

    def _commit(self, commits: List[Commit], opened: List[Tree]) -> None:
        commit_batch(commits, self._switch, self._progress)
        for commit in commits:
            if commit.error is not None:
                self._fail(commit.user, commit.error, commit.done)
            else:
                self._send({"user": commit.user, "done": True, "warnings": commit.warnings})
        for tree in opened:
            tree.close()
        commits.clear()
        opened.clear()

    def _plan(self, task: Task, opened: List[Tree]) -> Optional[Commit]:
        """Sends what will change; the commit, when there is something to write."""
        base = self._open(task)
        mode = self._run.dest.directory_mode if task.identity is None else 0o700
        tree = Tree(base.fd, base.identity.uid, task.base, mode, self._run.state)
        opened.append(tree)
        try:
            with self._switch.to(base.identity):
                plan = plan_user(tree, task.wanted, self._run.settings)
                left_over = not task.wanted and is_left_over(tree, self._run.settings.leftovers)
        except OSError as exc:
            raise refused(task.base, exc) from None
        except Exception as exc:
            raise (exc if isinstance(exc, Refused) else unexpected(task.base, exc)) from None
        write = plan.changed and not self._run.check
        report = {**_report(tree, plan, self._run.settings.instance), "left_over": left_over}
        self._send({"user": task.user, "plan": report, "done": not write})
        return Commit(task.user, base.identity, tree, plan, self._run.settings) if write else None

    def _open(self, task: Task) -> Base:
        if task.identity is not None:
            return open_home(task.base, task.identity, self._switch, bool(task.wanted))
        return open_dest(task.base, self._run.dest, self._switch, bool(task.wanted), self._run.check)

    def _fail(self, user: str, exc: Refused, done: Sequence[str] = ()) -> None:
        self._send({"user": user, "done": True, "error": {"path": exc.path, "msg": str(exc)}, "really": list(done)})


def _descriptor_limit() -> int:
    """The limit of open files, raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def _report(tree: Tree, plan: Plan, instance: str) -> Dict[str, Any]:
    changes = [{"client": step.client, "path": tree.absolute(step.path), "action": step.action} for step in plan.steps]
    changes += [{"client": "", "path": tree.absolute(path), "action": "removed"} for path in plan.stale]
    if plan.repair:
        action = "updated" if plan.manifest.entries else "removed"
        changes.append({"client": "", "path": tree.absolute(manifest_path(tree.state, instance)), "action": action})
    return {
        "changes": changes,
        "drifted": [tree.absolute(path) for path in dict.fromkeys(plan.drifted)],
        "unchanged": plan.unchanged,
        "diffs": [step.diff for step in plan.steps if step.diff],
    }


# --- in the parent ---


def run_tasks(tasks: Sequence[Task], run: Run) -> List[Outcome]:
    """Serves every user in turn; who cannot be served has an ``error`` in the outcome."""
    outcomes = {task.user: Outcome(task.user) for task in tasks}
    pending = list(tasks)
    spent: Dict[str, float] = {}  # seconds, over all workers: one after the other, slow users must not get their time again
    while pending:
        spent.pop("", None)
        finished, stuck, reason = _one_worker(pending, run, spent, outcomes)
        if stuck is not None:
            # Nobody knows what came to pass of the plan.
            outcomes[stuck].changes, outcomes[stuck].diffs = [], []
            base = next(task.base for task in pending if task.user == stuck)
            outcomes[stuck].error = {"path": base, "msg": f"{base} {reason}"}
            finished.add(stuck)
        elif not finished:
            raise HostError(f"the worker process ended before the first user ({reason}): look for a limit of memory or processes")
        pending = [task for task in pending if task.user not in finished]
    return [outcomes[task.user] for task in tasks]


def _one_worker(tasks: Sequence[Task], run: Run, spent: Dict[str, float], outcomes: Dict[str, Outcome]) -> Any:
    """(users that are finished, the user at whom the worker stopped or None, why)."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(tasks, run, page, writer)
    os.close(writer)
    try:
        finished, hung = _listen(reader, page, tasks, run, spent, outcomes)
    finally:
        os.close(reader)
    (at,) = _AT.unpack_from(page)
    user = tasks[at - 1].user if at else None
    if hung:
        os.kill(pid, signal.SIGKILL)
    status = _reap(pid, wait=5.0 if hung else None)
    if hung:
        return finished, user or tasks[0].user, f"took more than {run.deadline:g} seconds: look for a file system that hangs there (findmnt)"
    if status != 0:
        return finished, None if user in finished else user, f"could not be finished: the worker process ended with status {status}"
    return finished, None, "it reported nothing"


def _child(tasks: Sequence[Task], run: Run, page: mmap.mmap, writer: int) -> None:
    """Never returns: the module's own code must not run on in a second process."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every password of the payload
        os.umask(0)  # every mode is given explicitly
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        numbers = {task.user: number for number, task in enumerate(tasks, start=1)}

        def progress(user: str) -> None:
            # Should the parent die, nobody else ends a worker that hangs, and it holds the lock of the host.
            signal.setitimer(signal.ITIMER_REAL, 2 * run.deadline)
            _AT.pack_into(page, 0, numbers[user])

        with os.fdopen(writer, "w", encoding="utf-8", errors="surrogateescape", buffering=1) as pipe:

            def send(message: Dict[str, Any]) -> None:
                pipe.write(json.dumps(message) + "\n")

            _Worker(run, send, progress).work(tasks)
        os._exit(0)
    finally:
        os._exit(70)


def _listen(
    reader: int, page: mmap.mmap, tasks: Sequence[Task], run: Run, spent: Dict[str, float], outcomes: Dict[str, Outcome]
) -> Any:
    """Takes the worker's messages until it ends or has spent a user's time, which counts over all phases: a file system that
    answers slowly every time must not hold up the others for longer than one that never does."""
    finished: Set[str] = set()
    interval = min(0.2, run.deadline / 4)
    rest = b""
    while True:
        start = time.monotonic()
        ready, _w, _x = select.select([reader], [], [], interval)
        # Only waiting counts, and not the time that the whole machine stood still.
        waited = min(time.monotonic() - start, 2 * interval)
        if ready:
            piece = os.read(reader, 1 << 16)
            if not piece:
                return finished, False
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                _take(json.loads(line), outcomes, finished)
        # Whoever it is at now gets all of it: those who take little are met so seldom that they get no more than they took.
        (at,) = _AT.unpack_from(page)
        user = tasks[at - 1].user if at else ""
        spent[user] = spent.get(user, 0.0) + waited
        if spent[user] > run.deadline:
            return finished, True


def _take(message: Dict[str, Any], outcomes: Dict[str, Outcome], finished: Set[str]) -> None:
    outcome = outcomes[message["user"]]
    if message.get("error"):
        outcome.error = message["error"]
        # What was planned and did not come to pass is not reported as changed.
        really = set(message["really"])
        outcome.changes = [change for change in outcome.changes if change["path"] in really]
        outcome.diffs = [diff for diff in outcome.diffs if diff["after_header"].split(" (mode ")[0] in really]
    plan = message.get("plan")
    if plan:
        # After a worker was killed a user may be planned again: what the first one did stays reported.
        known = {change["path"] for change in outcome.changes}
        outcome.changes += [change for change in plan["changes"] if change["path"] not in known]
        outcome.diffs += [diff for diff in plan["diffs"] if diff["after_header"] not in known]
        outcome.drifted += [path for path in plan["drifted"] if path not in outcome.drifted]
        outcome.unchanged = max(0, plan["unchanged"] - len(known))
        outcome.left_over = plan["left_over"]
    outcome.warnings += message.get("warnings", [])
    if message["done"]:
        finished.add(message["user"])


def _reap(pid: int, wait: Optional[float]) -> int:
    """The exit status; -1 for a process that cannot even be killed (it sits in the kernel)."""
    end = None if wait is None else time.monotonic() + wait
    while True:
        found, status = os.waitpid(pid, 0 if end is None else os.WNOHANG)
        if found:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if end is not None and time.monotonic() > end:
            return -1
        time.sleep(0.02)

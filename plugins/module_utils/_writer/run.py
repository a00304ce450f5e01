# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run on one host: one at a time, users who leave before users who stay, the shared files last."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator, List, Optional, Set, Tuple

from .._wire import Answer, Job, Place, Result, dump_answer, load_job
from .errors import WriterError
from .open_place import Task
from .parent import run_tasks
from .plan import Settings
from .served import ServedList, ServedPlace
from .users import ClaimedBy, claims, resolve

if TYPE_CHECKING:
    from .dest import Dest
    from .host_files import SharedFiles

_LOCK_TIMEOUT = 600
# Diffs have texts of manifests, which users can edit; the controller takes no answer that is larger than 64 MiB.
_MAX_ANSWER = 32 << 20


def run(encoded_job: str, check: bool, diff: bool, label: Optional[Callable[[str], str]] = None) -> Tuple[bool, str]:
    """The writer's entry: brings every place of the job to what it says. Whether anything changed, and the encoded answer. WriterError when
    it is not possible for the whole host.

    ``label`` gives the SELinux context that the policy has for a path; None where there is no SELinux.
    """
    job = load_job(encoded_job)
    if job.purge_except is not None and os.geteuid() != 0:
        raise WriterError("the removal of users who are not listed needs root, who keeps the list of the users served: run with become")
    warnings: List[str] = []
    dest = _dest(job, check, warnings)
    claimed_by = claims(job.earlier) if any(place.base is None for place in job.places) else {}
    tasks, ineligible, missing = resolve(job.places, claimed_by)
    with _lock(check):
        shared = _shared_files(job)
        settings = Settings(job.instance, job.patterns, job.mode, diff, label, shared.residue if shared else (), dest, check, job.deadline)
        if os.geteuid() == 0:
            results, served = _apply_as_root(job, tasks, claimed_by, settings, shared, warnings)
        else:
            results, served = run_tasks(tasks, settings) + _apply(shared, settings), set()
    users = tuple(sorted({place.user for place in served})) if job.list_served else ()
    answer = Answer((*ineligible, *results), tuple(missing), shared.probes if shared else (), tuple(warnings), users)
    text = dump_answer(answer)
    if len(text) > _MAX_ANSWER:
        text = dump_answer(_without_diffs(answer))
    return any(result.changes for result in answer.results), text


def _apply_as_root(
    job: Job, tasks: List[Task], claimed_by: ClaimedBy, settings: Settings, shared: Optional[SharedFiles], warnings: List[str]
) -> Tuple[List[Result], Set[ServedPlace]]:
    """The results, and the places served. A place is on root's list from before anything is written there until everything
    is removed."""
    served_list = ServedList(job.instance)
    try:
        served = set(served_list.read())
    except WriterError as exc:
        if job.purge_except is not None:
            raise
        # The list stays as it is, and the shared files are not removed: it is not known who is left.
        warnings.append(str(exc))
        return run_tasks(tasks, settings) + _apply(shared, settings), set()
    coming = {_served_place(task) for task in tasks if task.files}
    results: List[Result] = []
    leaving, found = _leaving(job, served, coming, claimed_by)
    warnings += found
    if not settings.check:
        try:
            served_list.write(served | coming)
        except WriterError as exc:
            if job.purge_except is not None:
                raise
            warnings.append(str(exc))
    # First the users who leave: their directory may be another user's by now, who then gets new files.
    for group in (leaving, tasks):
        for task, result in zip(group, run_tasks(group, settings)):
            results.append(result)
            if task.files:
                served.add(_served_place(task))
            elif not result.residue and result.problem is None:
                served.discard(_served_place(task))
    is_lost = served_list.is_missing and shared is not None and shared.is_recorded
    if shared and is_lost and shared.removes:
        warnings.append("the list of the users served is lost: their shared files stay on the host until all were served, and removed, once more")
    # Before the list: its directory goes when it is empty.
    results += _apply(shared, settings, is_serving=bool(served) or is_lost)
    if not settings.check:
        try:
            served_list.write(served)
        except WriterError as exc:  # a full disk must not hide what was done, and a place too many on the list does no harm
            warnings.append(str(exc))
    return results, served


# What most jobs do not need is imported where it is needed: a host compiles, twice, what it imports out of Ansible's archive.


def _dest(job: Job, check: bool, warnings: List[str]) -> Optional[Dest]:
    if job.purge_except is None and all(place.base is None for place in job.places):
        return None
    from .dest import dest_of

    return dest_of(job, check, warnings)


def _shared_files(job: Job) -> Optional[SharedFiles]:
    if job.host is None:
        return None
    from .host_files import SharedFiles

    return SharedFiles(job.host, job.instance)


def _apply(shared: Optional[SharedFiles], settings: Settings, is_serving: bool = True) -> List[Result]:
    return shared.apply(settings, is_serving) if shared else []


def _leaving(
    job: Job, served: Set[ServedPlace], coming: Set[ServedPlace], claimed_by: ClaimedBy
) -> Tuple[List[Task], List[str]]:
    """The work on places of users who are not listed any more, and warnings. Places that are of no concern any more are struck off
    ``served``."""
    if job.purge_except is None:
        return [], []
    listed = set(job.purge_except)
    in_use = {place.path for place in served | coming if place.user in listed}
    places = []
    for place in sorted(place for place in served if place.user not in listed):
        # It is another user's now, perhaps the same person under a new name; or it is gone.
        if place.path in in_use or not os.path.lexists(place.path):
            served.discard(place)
        else:
            places.append(Place(place.user, None if place.home else place.path))
    tasks, ineligible, missing = resolve(places, claimed_by, listed=False)
    warnings = [f"{result.problem.message}; the user was served before, and nothing was removed" for result in ineligible if result.problem]
    warnings += [
        f"{name} was served, but the host does not know this user (any more); nothing was removed: remove the home, or make the user known again"
        for name in missing
    ]
    return tasks, warnings


def _served_place(task: Task) -> ServedPlace:
    return ServedPlace(task.name, task.base, task.identity is not None)


@contextmanager
def _lock(check: bool) -> Iterator[None]:
    """One run at a time on a host. Root's lock is where no user can hold it; other users can only delay themselves."""
    directory = next((path for path in ("/run", "/var/run") if os.path.isdir(path)), None)
    if check or os.geteuid() != 0 or directory is None:
        yield
        return
    path = f"{directory}/mailops.profiles.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + _LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise WriterError(f"another run has held {path} for {_LOCK_TIMEOUT} seconds: let it end and try again") from None
                time.sleep(0.1)
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # a worker that cannot even be killed must not keep it
        os.close(fd)


def _without_diffs(answer: Answer) -> Answer:
    results = tuple(result._replace(changes=tuple(change._replace(diff=None) for change in result.changes)) for result in answer.results)
    warning = f"the diffs are larger than {_MAX_ANSWER >> 20} MiB and are left out"
    return answer._replace(results=results, warnings=(*answer.warnings, warning))

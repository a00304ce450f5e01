# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run on one host: one at a time, users who leave before users who stay, the shared files last."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from .._wire import OWNED, Answer, Job, Remaining, Result, dump_answer, load_job
from .confirmed import note_confirmed
from .errors import WriterError, display_text
from .open_place import Task
from .parent import run_tasks
from .plan import Settings
from .served import ServedList, ServedPlace, key_of, with_known_homes
from .trust import KnownFiles, is_named_as_ours
from .users import claims, resolve

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
    if job.inspect:
        from .inspection import inspect

        return False, dump_answer(inspect(job))
    if (job.purge or job.forget) and os.geteuid() != 0:
        what = "the removal of users who are not listed" if job.purge else "to forget users"
        raise WriterError(f"{what} needs root, who keeps the list of the users served: run with become")
    claimed_by = claims(job.earlier) if any(place.base is None for place in job.places) else {}
    present, ineligible, missing = resolve([place for place in job.places if not place.absent], claimed_by, check)
    with _lock(check):
        shared = _shared_files(job)
        served_list, warnings = _served_list(job, shared)
        forgotten = served_list.forget(job.forget, {key_of(task) for task in present if task.files}) if served_list else []
        leaving, failed, more = _leaving(job, served_list, present)
        warnings += [*more, *(shared.warnings if shared else ())]
        tasks = with_known_homes([*leaving, *present], job.instance, served_list.places if served_list else {})
        leaving, present = tasks[: len(leaving)], tasks[len(leaving) :]
        going = [*leaving, *(task for task in present if not task.files)]
        coming = [task for task in present if task.files]
        dest, more = _dest(job, check, (*going, *coming))
        warnings += more
        others = _directories(served_list, (*going, *coming))
        settings = Settings(job.instance, job.patterns, job.mode, diff, label, shared.residue if shared else (), dest, check, job.deadline, others)
        if served_list is None:
            # The list stays as it is, and the shared files are not removed: it is not known who is left.
            results, remaining = run_tasks([*going, *coming], settings) + _apply(shared, settings), []
        else:
            results, more = _apply_with_list(job, served_list, going, coming, settings, shared)
            warnings += more
            remaining = _remaining(job, served_list, leaving) + _earlier(job, served_list, leaving, present)
    answer = Answer(
        (*ineligible, *failed, *results),
        tuple(missing),
        shared.probes if shared else (),
        tuple(warnings),
        tuple(remaining),
        tuple(map(_displayed, forgotten)),
    )
    text = dump_answer(answer)
    if len(text) > _MAX_ANSWER:
        text = dump_answer(_without_diffs(answer))
    return bool(forgotten) or any(result.changes for result in answer.results), text


def _served_list(job: Job, shared: Optional[SharedFiles]) -> Tuple[Optional[ServedList], List[str]]:
    """None without root, and when it cannot be used."""
    if os.geteuid() != 0:
        return None, []
    try:
        return ServedList(job.instance, bool(shared and shared.is_recorded)), []
    except WriterError as exc:
        if job.purge or job.forget:
            raise
        return None, [str(exc)]


def _apply_with_list(
    job: Job, served_list: ServedList, going: Sequence[Task], coming: Sequence[Task], settings: Settings, shared: Optional[SharedFiles]
) -> Tuple[List[Result], List[str]]:
    """The results, and warnings. A place is on root's list from before anything is written there until everything is removed."""
    warnings: List[str] = []
    places = served_list.places
    if served_list.is_lost and job.purge:
        warnings.append("the list of the users served is lost, so nothing was purged: list those who left with state: absent")
    for task in coming:
        if task.base:
            place = _served_place(task, job)
            known = places.get(place.key)
            inode = known.inode if known and known.user == place.user else 0
            places[place.key] = place._replace(inode=inode, files=_files(task, job))
    if not settings.check:
        try:
            served_list.write()
        except WriterError as exc:
            if job.purge or job.forget:
                raise
            warnings.append(str(exc))
    # First the users who leave: their directory may be another user's by now, who then gets new files.
    results = run_tasks(going, settings)
    come = run_tasks(coming, settings)
    if going:
        from .leavers import strike_off

        moved = {result.name for result in come if result.recorded}
        warnings += strike_off(places, going, results, moved, served_list.is_lost)
    results += come
    for task, result in zip(coming, come):
        key = key_of(task)
        if key in places and task.known is not None:
            places[key] = _after(places[key], task, result)
    if shared and served_list.is_lost and shared.removes:
        warnings.append("the list of the users served is lost: their shared files stay on the host until all were served, and removed, once more")
    # Before the list: its directory goes when it is empty.
    results += _apply(shared, settings, is_serving=bool(places) or served_list.is_lost)
    if not settings.check:
        done = [key_of(task) for task, result in zip(coming, come) if result.problem is None]
        note_confirmed(job.instance, done, places)
        try:
            served_list.write()
        except WriterError as exc:  # a full disk must not hide what was done, and a place too many on the list does no harm
            warnings.append(str(exc))
    return results, warnings


def _directories(served_list: Optional[ServedList], tasks: Sequence[Task]) -> Dict[str, str]:
    """The places that are no homes, and what is displayed of them."""
    listed = {place.path: place.display for place in served_list.places.values() if place.pattern is not None} if served_list else {}
    return {**listed, **{task.base: task.display for task in tasks if task.identity is None}}


def _remaining(job: Job, served_list: ServedList, tried: Sequence[Task]) -> List[Remaining]:
    """Places of users who are absent or not listed at all, apart from those that the run tried."""
    if not job.is_last:
        return []
    present = {*job.earlier, *job.kept, *(place.name for place in job.places if not place.absent)}
    keys = served_list.places.keys() - {key_of(task) for task in tried}
    left = [served_list.places[key] for key in sorted(keys)]
    return [_displayed(place) for place in left if place.user not in present]


def _earlier(job: Job, served_list: ServedList, tried: Sequence[Task], present: Sequence[Task]) -> List[Remaining]:
    """Directories where users were served who have another one now: with another e-mail address, or another secret of links. The first job knows
    where the run serves every user. A home that has moved is not in two places."""
    if not job.is_first or job.dest_pattern is None or job.purge:
        return []
    current = {user.name: user.base for user in present}
    current.update(job.later)
    keys = served_list.places.keys() - {key_of(task) for task in tried}
    left = [served_list.places[key] for key in sorted(keys)]
    stamp = (job.dest_pattern, job.inventory_host)
    return [
        _displayed(place)._replace(is_earlier=True)
        for place in left
        if (place.pattern, place.inventory_host) == stamp and current.get(place.user, place.path) != place.path
    ]


def _displayed(place: ServedPlace) -> Remaining:
    return Remaining(place.user, display_text(place.display), place.inventory_host)


def _served_place(task: Task, job: Job) -> ServedPlace:
    pattern = None if task.identity is not None else job.dest_pattern or ""
    return ServedPlace(task.name, task.base, task.display, pattern, job.inventory_host)


def _files(task: Task, job: Job) -> KnownFiles:
    """What root's list has to know before anything is written: what it knew, and what may come."""
    wanted = [file for file in task.files if file.strategy == OWNED]
    coming = [path for file in wanted for path in (file.path, *file.alternatives) if not is_named_as_ours(path, job.patterns.get(file.producer))]
    return {} if task.known is None else {**dict.fromkeys(coming), **task.known}


def _after(place: ServedPlace, task: Task, result: Result) -> ServedPlace:
    """What root's list has to know of a home after the run."""
    if result.problem is None:
        return place._replace(inode=result.inode or place.inode, files=dict(result.written))
    # A user can make a run fail; what was not written by then must not count as ours.
    return place._replace(files={**dict.fromkeys(path for path, _backup in result.written), **(task.known or {})})


# What most jobs do not need is imported where it is needed: a host compiles, twice, what it imports out of Ansible's archive.


def _leaving(job: Job, served_list: Optional[ServedList], present: Sequence[Task]) -> Tuple[List[Task], List[Result], List[str]]:
    if not job.purge and not any(place.absent for place in job.places):
        return [], [], []
    from .leavers import leavers

    return leavers(job, None if served_list is None or served_list.is_lost else served_list.places, present)


def _dest(job: Job, check: bool, tasks: Sequence[Task]) -> Tuple[Optional[Dest], List[str]]:
    if all(task.identity is not None for task in tasks):
        return None, []
    from .dest import dest_of

    return dest_of(job, check)


def _shared_files(job: Job) -> Optional[SharedFiles]:
    if job.host is None:
        return None
    from .host_files import SharedFiles

    return SharedFiles(job.host, job.instance)


def _apply(shared: Optional[SharedFiles], settings: Settings, is_serving: bool = True) -> List[Result]:
    return shared.apply(settings, is_serving) if shared else []


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

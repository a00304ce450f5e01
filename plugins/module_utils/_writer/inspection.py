# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance has on this host, by user. Reads only, as a dry run does, and waits for no lock."""

from __future__ import annotations

import os
import pwd
from typing import Dict, List, Mapping, Sequence, Tuple

from .._wire import Answer, Found, Job, Problem, Remaining, Result
from . import state
from .confirmed import read_confirmed
from .dest import Dest
from .errors import display_text
from .identity import Identity
from .inspect_place import inspect_place
from .open_place import Task
from .parent import run_tasks
from .plan import Settings
from .served import Key, ServedList, ServedPlace, key_of, with_known_homes
from .state import HOME, location_of
from .users import home_of, known_users

_MAX_PLACES = 2500  # of one job that names nobody, as of one that names users


def inspect(job: Job) -> Answer:
    """WriterError when root's list cannot be used."""
    warnings: List[str] = []
    served: Mapping[Key, ServedPlace] = {}
    names = [place.name for place in job.places]
    if os.geteuid() == 0:
        served_list = ServedList(job.instance)
        served = served_list.places
        if served_list.is_lost:
            warnings.append("the list of the users served is lost, so only users who are named are looked for, and only in their homes")
    elif not names:
        names = [_own_name()]
    here = [place for _key, place in sorted(served.items()) if place.inventory_host == job.inventory_host]
    others = [place for place in served.values() if place.inventory_host != job.inventory_host and (not names or place.user in names)]
    chosen = [place for place in here if place.user in names] if names else here[:_MAX_PLACES]
    passwd = known_users([*names, *(place.user for place in chosen)])
    tasks, failed = _listed(chosen, passwd)
    listed = {place.user for place in served.values() if place.pattern is None}
    more, refused = _unlisted([name for name in names if name not in listed], passwd)
    tasks = with_known_homes([*tasks, *more], job.instance, served)
    # That of a dest has no inode to compare; whether it is listed is all that counts.
    tasks = [task._replace(inode=0) if task.identity is None else task for task in tasks]
    settings = Settings(job.instance, job.patterns, dest=Dest(), check=True, deadline=job.deadline, inspect=inspect_place)
    results = run_tasks(tasks, settings) if tasks else []
    confirmed = read_confirmed(job.instance) if served else {}
    results = [_with_time(result, confirmed.get(key_of(task), 0)) for task, result in zip(tasks, results)]
    results = [*failed, *refused, *results, *_host_files(job, settings)]
    missing = [name for name in names if name not in passwd and not any(place.user == name for place in chosen)]
    left = [] if names else here[_MAX_PLACES:]
    return Answer(tuple(results), tuple(missing), warnings=tuple(warnings), remaining=tuple(map(_displayed, (*left, *others))))


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _listed(places: Sequence[ServedPlace], passwd: Mapping[str, pwd.struct_passwd]) -> Tuple[List[Task], List[Result]]:
    """The work on places of root's list, and what nobody can be sent to."""
    tasks: Dict[Tuple[str, Key], Task] = {}
    failed = []
    for place in places:
        entry = passwd.get(place.user)
        home = home_of(entry)
        if place.pattern is not None:
            task = Task(place.user, place.path, None, (), location_of(place.path), place.display)
        elif entry is None or entry.pw_uid == 0 or not home:
            reason = "is not a user of the host any more, and what was written there is left" if entry is None else "has uid 0, or no home directory"
            failed.append(_failure(place.user, place.display, reason))
            continue
        else:  # where the home is now
            task = Task(place.user, home, Identity(entry.pw_uid, entry.pw_gid), (), HOME, place.display if home == place.path else home)
        tasks.setdefault((place.user, key_of(task)), task)
    return list(tasks.values()), failed


def _unlisted(names: Sequence[str], passwd: Mapping[str, pwd.struct_passwd]) -> Tuple[List[Task], List[Result]]:
    """The same for homes that no list has: the list was lost, or who runs this is not root."""
    tasks, failed = [], []
    for name in names:
        entry = passwd.get(name)
        home = home_of(entry)
        if entry is None or not home or entry.pw_uid == 0:
            continue  # never served
        if os.geteuid() not in (0, entry.pw_uid):
            failed.append(_failure(name, home, "is another user, for whom only root can read: run with become"))
        else:
            tasks.append(Task(name, home, Identity(entry.pw_uid, entry.pw_gid), (), HOME, home))
    return tasks, failed


def _failure(user: str, path: str, reason: str) -> Result:
    path = display_text(path)
    return Result(user, path, problem=Problem(path, display_text(f"{path}: user {user} {reason}")))


def _with_time(result: Result, confirmed: int) -> Result:
    return result._replace(found=(result.found or Found())._replace(confirmed=confirmed))


def _host_files(job: Job, settings: Settings) -> List[Result]:
    """Of the files that all users share; where there are none, nothing is found."""
    if job.host is None or os.geteuid() != 0:
        return []
    task = Task("", state.ROOT, None, (), state.HOST, state.ROOT)
    return run_tasks([task], settings._replace(patterns=job.host.patterns, mode=0o644))


def _displayed(place: ServedPlace) -> Remaining:
    return Remaining(place.user, display_text(place.display), place.inventory_host)

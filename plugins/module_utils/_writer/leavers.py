# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that are cleared: those of absent users, and with a purge those that the run does not serve any more."""

from __future__ import annotations

import os
from pwd import struct_passwd
from typing import Dict, List, Optional, Sequence, Set, Tuple

from .._wire import Job, Problem, Result
from .errors import NOT_THERE, display_text
from .identity import Identity
from .open_place import Task
from .served import Key, ServedPlace, key_of
from .state import HOME, location_of
from .users import home_of, known_users

Served = Dict[Key, ServedPlace]
_MAX_NAMED, _MAX_TEXT = 10, 120  # the controller takes no longer warnings than 2,000 characters


def leavers(job: Job, served: Optional[Served], present: Sequence[Task]) -> Tuple[List[Task], List[Result], List[str]]:
    """The work, places that only root can clear, and warnings about places that are not even tried. ``served`` None: root's list is not known,
    and absent users lose what the job itself can name. ``present``: the work on places of users who stay."""
    listed = served or {}
    absent = {place.name: place for place in job.places if place.absent}
    current = _current(job, present)
    # A present user whose place is not known, because the host does not know the user today, keeps everything.
    keeping = {place.name for place in job.places if not place.absent} | {name for name, _base in job.later}
    keeping -= set(current)
    chosen: Served = {}
    for place in listed.values():
        is_purged = job.purge and place.pattern == job.dest_pattern and place.user not in keeping
        if place.inventory_host == job.inventory_host and (is_purged or place.user in absent):
            chosen[place.key] = place
    passwd = known_users([*absent, *(place.user for place in chosen.values())])
    unlocated = []
    for name, named in absent.items():
        path = named.base if named.base is not None else home_of(passwd.get(name))
        if path:
            place = ServedPlace(name, path, named.display or path, None if named.base is None else "", "")
            place = listed.get(place.key, place)
            if place.user == name:  # else it is another user's by now
                chosen.setdefault(place.key, place)
        elif served is None:
            unlocated.append(name)
    for place in list(chosen.values()):
        home = home_of(passwd.get(place.user))
        if place.pattern is None and home:  # after a move the files may be in both, or in one of them
            chosen.setdefault((home, True), place._replace(path=home, display=home, inode=0))
    tasks: List[Task] = []
    failed: List[Result] = []
    warnings: List[str] = []
    for key in sorted(chosen.keys() - set(current.values())):
        place = chosen[key]
        entry = passwd.get(place.user)
        path = display_text(place.display)
        if key[1] and entry is not None and entry.pw_uid == 0:
            warnings.append(f"{path}: user {place.user} has uid 0, and nothing is removed as root in a home")
        elif key[1] and entry is not None and os.geteuid() not in (0, entry.pw_uid):
            problem = Problem(path, f"{path}: user {place.user} is another user, for whom only root can write: run with become")
            failed.append(Result(place.user, path, problem=problem))
        else:
            tasks.append(_task(place, entry, place.user in absent))
    if unlocated:
        names = ", ".join(unlocated)
        warnings.append(
            f"it is not known whether earlier runs left files of {names}: root's list of places, which says where, is needed (run as root), "
            "or what the dest is made of, such as the e-mail address"
        )
    return tasks, failed, warnings


def _current(job: Job, present: Sequence[Task]) -> Dict[str, Key]:
    """User -> the place where the run serves the user, as far as it is known."""
    current = {task.name: key_of(task) for task in present if task.base}
    current.update((name, (base, False)) for name, base in job.later if base is not None)
    later = known_users([name for name, base in job.later if base is None])
    current.update((name, (home_of(entry), True)) for name, entry in later.items())
    return current


def _task(place: ServedPlace, entry: Optional[struct_passwd], listed: bool) -> Task:
    location, identity = location_of(place.path), None
    if place.pattern is None:
        location, identity = HOME, entry and Identity(entry.pw_uid, entry.pw_gid)
    is_gone = place.pattern is None and entry is None
    return Task(place.user, place.path, identity, (), location, place.display, listed, is_gone)


def strike_off(served: Served, tasks: Sequence[Task], results: Sequence[Result], moved: Set[str], is_lost: bool) -> List[str]:
    """Takes the places that were cleared off ``served``; warnings about the others. ``moved``: users whose manifest was found in another home.
    ``is_lost``: earlier runs had a list that is gone."""
    warnings = []
    waiting = []
    unknown = []
    moved = moved | {result.name for task, result in zip(tasks, results) if task.identity is not None and result.recorded}
    for task, result in zip(tasks, results):
        place = served.get(key_of(task))
        if place is None and is_lost and task.identity is not None and not (task.probe or result.inode or result.problem):
            unknown.append(f"{task.name} in {result.path}")
        if place is None or place.user != task.name or result.problem is not None or result.residue:
            continue
        is_same = result.inode != 0 and place.inode in (0, result.inode)
        path = display_text(place.display)
        if task.probe:  # the host does not know the user any more
            is_cleared = not is_same  # the home was removed, and perhaps made again for another user
        else:
            is_cleared = place.pattern is not None or result.recorded or is_same or (not result.inode and place.user in moved)
        if is_cleared:
            del served[place.key]
        elif task.probe:
            warnings.append(f"{place.user} is not a user of the host any more, and {path} is left with what was written there: remove it")
        else:
            waiting.append(f"{place.user} in {path}")
    if waiting:
        warnings.append(
            f"accounts wait to be removed, because the home is not the directory where they were written, or cannot be reached ({NOT_THERE}): "
            f"{_some(waiting)}. The next run that finds the home removes them; if it is gone for good, name the user in the option forget"
        )
    if unknown:
        warnings.append(
            f"the list of the users served is lost, so it is not known whether accounts are left in homes that do not exist or cannot be reached "
            f"({NOT_THERE}): {_some(unknown)}"
        )
    return warnings


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _MAX_NAMED} more" if len(texts) > _MAX_NAMED else ""
    return ", ".join(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..." for text in texts[:_MAX_NAMED]) + more

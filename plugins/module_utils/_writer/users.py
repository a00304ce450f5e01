# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system users whose homes are places, as the host knows them."""

from __future__ import annotations

import os
import pwd
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from .._wire import Place, Problem, Result
from .errors import display_text
from .identity import Identity
from .open_place import Task
from .state import HOME, location_of

_MAX_SINGLE_LOOKUPS = 50
# uid or home -> the user who has it.
ClaimedBy = Dict[Union[int, str], str]


class Resolved(NamedTuple):
    """``ineligible``: users whose homes are not written to, with the reason. ``missing``: users whom the host does not know."""

    tasks: List[Task]
    ineligible: List[Result]
    missing: List[str]


def claims(names: Sequence[str]) -> ClaimedBy:
    """What these users have."""
    claimed_by: ClaimedBy = {}
    for name, entry in known_users(names).items():
        claimed_by[entry.pw_uid] = claimed_by[entry.pw_dir] = name
    return claimed_by


def resolve(places: Sequence[Place], claimed_by: ClaimedBy, check: bool) -> Resolved:
    """``claimed_by`` grows by the users who are found. ``check``: users whom an earlier task of a real run may create have tasks, too."""
    known = known_users([place.name for place in places if place.base is None])
    found = Resolved([], [], [])
    for place in places:
        name = place.name
        if place.base is not None:
            base = place.base
            found.tasks.append(Task(name, base, None, place.files, location_of(base), place.display or base, accounts=place.accounts))
            continue
        entry = known.get(name)
        if entry is None:
            found.missing.append(name)
            if check and os.geteuid() == 0:
                found.tasks.append(Task(name, "", Identity(0, os.getegid()), place.files, HOME, f"~{name}", accounts=place.accounts))
            continue
        reason = ineligible_reason(entry, claimed_by)
        if reason:
            path = display_text(entry.pw_dir)
            problem = Problem(path, display_text(f"{path or '(no home)'}: user {name} {reason}"))
            found.ineligible.append(Result(name, path, problem=problem))
            continue
        claimed_by[entry.pw_uid] = claimed_by[entry.pw_dir] = name
        home = entry.pw_dir.rstrip("/")
        found.tasks.append(Task(name, home, Identity(entry.pw_uid, entry.pw_gid), place.files, HOME, place.display or home, accounts=place.accounts))
    return found


def home_of(entry: Optional[pwd.struct_passwd]) -> str:
    """The home directory; "" where there is none."""
    return entry.pw_dir.rstrip("/") if entry is not None and entry.pw_dir.startswith("/") else ""


def ineligible_reason(entry: pwd.struct_passwd, claimed_by: Mapping[Union[int, str], str]) -> Optional[str]:
    """Why nothing is written to this user's home, or None."""
    if entry.pw_uid == 0:
        return "has uid 0, and nothing is written as root in a home"
    if os.geteuid() not in (0, entry.pw_uid):
        return "is another user, for whom only root can write: run with become"
    if not home_of(entry):
        return f"has no home directory (passwd says '{entry.pw_dir}')"
    if entry.pw_uid in claimed_by:
        return f"has the same uid as {claimed_by[entry.pw_uid]}: list one of them"
    if entry.pw_dir in claimed_by:
        return f"has the same home directory as {claimed_by[entry.pw_dir]}: list one of them"
    return None


def known_users(names: Sequence[str]) -> Dict[str, pwd.struct_passwd]:
    """Those of the names that the host knows."""
    wanted, known = set(names), {}
    if len(wanted) > _MAX_SINGLE_LOOKUPS:
        for entry in pwd.getpwall():
            if entry.pw_name in wanted:
                known.setdefault(entry.pw_name, entry)
    for name in wanted - set(known):  # not every directory service lists the users whom it knows
        try:
            known[name] = pwd.getpwnam(name)
        except KeyError:
            pass
    return known

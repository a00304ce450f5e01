# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run on one host: whom the host knows, one run at a time, and the report."""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._writer._diff import limited
from ansible_collections.mailops.profiles.plugins.module_utils._writer._identity import Identity
from ansible_collections.mailops.profiles.plugins.module_utils._writer._index import Index, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer._machine import Machine
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Settings, Wanted
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import HostError
from ansible_collections.mailops.profiles.plugins.module_utils._writer._worker import Outcome, Run, Task, run_tasks

# From this number of users on, one pass over the passwd database is cheaper than a look-up each.
_MANY = 50
_LOCK_TIMEOUT = 600
_MOST_LISTED = 100


def deploy(payload: Mapping[str, Any], check: bool, diff: bool, label: Optional[Callable[[str], str]] = None) -> Dict[str, Any]:
    """Brings every user of the payload to what it says. The payload's form is that of the ``mail_account`` action.

    ``label`` gives the SELinux context that the policy wants for a path; None where there is no SELinux.
    """
    if payload["listed"] is not None and os.geteuid() != 0:
        raise HostError("purge_users needs root, who keeps the list of the users served: run with become")
    dest = _dest_options(payload)
    taken = _taken(payload["earlier"]) if any(user["dest"] is None for user in payload["users"]) else {}
    tasks, failed, missing = _tasks(payload["users"], taken)
    with _lock(check):
        machine = Machine(payload["host"], payload["instance"])
        settings = Settings(payload["instance"], payload["patterns"], payload["mode"], diff, label, machine.leftovers)
        run = Run(settings, dest, check, payload["deadline"])
        if os.geteuid() == 0:
            outcomes, notices = _serve(payload, tasks, taken, run, machine)
        else:
            outcomes, notices = [*run_tasks(tasks, run), *machine.deploy(run, anybody=True)], []
    accounts = {user["name"]: user["accounts"] for user in payload["users"]}
    report = _report(outcomes, failed, missing, accounts, payload["details"], notices)
    return {**report, "elsewhere": machine.skipped}


def _serve(
    payload: Mapping[str, Any], tasks: List[Task], taken: Dict[Any, str], run: Run, machine: Machine
) -> Tuple[List[Outcome], List[str]]:
    """The outcomes of those to purge and of the listed users, and notices. A place is on root's list from before anything is written
    there until everything is removed."""
    index = Index(payload["instance"])
    try:
        served = set(index.read())
    except HostError as exc:
        if payload["listed"] is not None:
            raise
        # The list stays as it is, and what all share is not removed: nobody knows who is left.
        return [*run_tasks(tasks, run), *machine.deploy(run, anybody=True)], [str(exc)]
    coming = {_place(task) for task in tasks if task.wanted}
    purges: List[Task] = []
    notices: List[str] = []
    if payload["listed"] is not None:
        purges, notices = _purges(served, set(payload["listed"]), coming, taken)
    if not run.check:
        try:
            index.write(served | coming)
        except HostError as exc:
            if payload["listed"] is not None:
                raise
            notices.append(str(exc))
    outcomes: List[Outcome] = []
    # Who leaves goes first: a directory may be somebody else's by now, who then gets what is his.
    for layer in (*_layers(purges), tasks):
        for task, outcome in zip(layer, run_tasks(layer, run)):
            outcomes.append(outcome)
            if task.wanted:
                served.add(_place(task))
            elif outcome.left_over:
                reason = "a program still has to forget the accounts, and what it needs on the host stays for that"
                notices.append(f"{outcome.user}: {reason}: start it, and run again")
            elif outcome.error is None:
                served.discard(_place(task))
    lost = index.missing and machine.is_recorded
    if lost and machine.removes:
        notices.append("the list of the users served is lost; what they share on the host stays until all were served once more, and removed")
    # Before the list: its directory goes when it is empty.
    outcomes.extend(machine.deploy(run, anybody=bool(served) or lost))
    if not run.check:
        try:
            index.write(served)
        except HostError as exc:  # a full disk must not hide what was done, and a place too many on the list does no harm
            notices.append(str(exc))
    return outcomes, notices


def _purges(served: Set[Place], listed: Set[str], coming: Set[Place], taken: Dict[Any, str]) -> Tuple[List[Task], List[str]]:
    """What there is to do for places of people who are not ``listed``, and notices. What concerns nobody any more is struck off
    ``served``."""
    held = {place.path for place in served | coming if place.user in listed}
    gone = sorted(place for place in served if place.user not in listed)
    for place in gone:
        # Somebody else lives there, under a new name perhaps; or nobody does.
        if place.path in held or not os.path.lexists(place.path):
            served.discard(place)
    gone = [place for place in gone if place in served]
    users = [{"name": place.user, "dest": None if place.home else place.path, "files": []} for place in gone]
    tasks, unfit, missing = _tasks(users, taken)
    notices = [f"{item['msg']}; it was served before, and nothing was removed" for item in unfit]
    notices += [
        f"{name} was served, but the host has no such user (any more); nothing was removed: remove the home, or let the user be found again"
        for name in missing
    ]
    return tasks, notices


def _place(task: Task) -> Place:
    return Place(task.user, task.base, task.identity is not None)


def _layers(tasks: List[Task]) -> Iterator[List[Task]]:
    """No user twice in a run of the worker."""
    while tasks:
        layer = {task.user: task for task in tasks}
        yield list(layer.values())
        tasks = [task for task in tasks if task is not layer[task.user]]


def _dest_options(payload: Mapping[str, Any]) -> DestOptions:
    owner, group = payload["owner"], payload["group"]
    if (owner is not None or group is not None) and os.geteuid() != 0:
        raise HostError("owner and group need root: run with become")
    uid = gid = None
    try:
        if owner is not None:
            account = pwd.getpwnam(owner)
            uid, gid = account.pw_uid, account.pw_gid
    except KeyError:
        raise HostError(f"owner: the host has no user '{owner}'") from None
    try:
        gid = gid if group is None else grp.getgrnam(group).gr_gid
    except KeyError:
        raise HostError(f"group: the host has no group '{group}'") from None
    return DestOptions(uid, gid, payload["directory_mode"])


def _tasks(users: List[Dict[str, Any]], taken: Dict[Any, str]) -> Tuple[List[Task], List[Dict[str, str]], List[str]]:
    """(who can be served, who cannot and why, whom the host does not know). ``taken``: uid or home -> whose it is."""
    known = _known([user["name"] for user in users if user["dest"] is None])
    tasks: List[Task] = []
    failed: List[Dict[str, str]] = []
    missing: List[str] = []
    for user in users:
        name = user["name"]
        wanted = [Wanted(**item) for item in user["files"]]
        if user["dest"] is not None:
            tasks.append(Task(name, user["dest"], None, wanted))
            continue
        entry = known.get(name)
        if entry is None:
            missing.append(name)
            continue
        problem = _unfit(entry, taken)
        if problem:
            failed.append({"user": name, "path": entry.pw_dir, "msg": f"{name}: {problem}"})
            continue
        taken[entry.pw_uid] = taken[entry.pw_dir] = name
        tasks.append(Task(name, entry.pw_dir.rstrip("/"), Identity(entry.pw_uid, entry.pw_gid), wanted))
    return tasks, failed, missing


def _known(names: Sequence[str]) -> Dict[str, pwd.struct_passwd]:
    """Those of the names that the host knows."""
    wanted, known = set(names), {}
    if len(wanted) > _MANY:
        for entry in pwd.getpwall():
            if entry.pw_name in wanted:
                known.setdefault(entry.pw_name, entry)
    for name in wanted - set(known):  # not every directory service lists whom it knows
        try:
            known[name] = pwd.getpwnam(name)
        except KeyError:
            pass
    return known


def _taken(names: Sequence[str]) -> Dict[Any, str]:
    """uid and home -> whose they are."""
    taken: Dict[Any, str] = {}
    for name, entry in _known(names).items():
        taken[entry.pw_uid] = taken[entry.pw_dir] = name
    return taken


def _unfit(entry: pwd.struct_passwd, taken: Mapping[Any, str]) -> Optional[str]:
    if entry.pw_uid == 0:
        return "has uid 0, and accounts are never written as root"
    if os.geteuid() not in (0, entry.pw_uid):
        return "only root can write for another user: run with become"
    if not entry.pw_dir.startswith("/") or not entry.pw_dir.strip("/"):
        return f"has no home directory (passwd says '{entry.pw_dir}')"
    for value, what in ((entry.pw_uid, "uid"), (entry.pw_dir, "home directory")):
        if value in taken:
            return f"has the same {what} as {taken[value]}: list one of them"
    return None


@contextmanager
def _lock(check: bool) -> Iterator[None]:
    """One run at a time on a host. Root's lock lies where no user can hold it; others can only be in each other's own way."""
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
                    raise HostError(f"another run has held {path} for {_LOCK_TIMEOUT} seconds: let it end and try again") from None
                time.sleep(0.1)
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # a worker that cannot even be killed must not keep it
        os.close(fd)


def _report(
    outcomes: List[Outcome],
    failed: List[Dict[str, str]],
    missing: List[str],
    accounts: Mapping[str, int],
    details: bool,
    notices: List[str],
) -> Dict[str, Any]:
    """What goes back. Small, whatever the number of users, unless ``details`` (for a report file) are asked for."""
    changes = [{"user": outcome.user, **change} for outcome in outcomes for change in outcome.changes]
    drifted = [{"user": outcome.user, "path": path} for outcome in outcomes for path in outcome.drifted]
    failed = failed + [{"user": outcome.user, **outcome.error} for outcome in outcomes if outcome.error]
    counts = {action: sum(change["action"] == action for change in changes) for action in ("created", "updated", "removed")}
    counts["unchanged"] = sum(outcome.unchanged for outcome in outcomes)
    most = None if details else _MOST_LISTED
    diffs, left_out = limited([diff for outcome in outcomes for diff in outcome.diffs])
    return {
        "changed": bool(changes),
        "files": counts,
        "changes": changes[:most],
        "drifted": drifted[:most],
        "failed_users": failed[:most],
        "failed_count": len(failed),
        "missing_users": missing,
        "changed_accounts": sum(accounts.get(outcome.user, 0) for outcome in outcomes if outcome.changes),
        "diffs": diffs,
        "diffs_left_out": left_out,
        # Not "warnings", which ansible-core gives a meaning of its own.
        "notices": [*notices, *(warning for outcome in outcomes for warning in outcome.warnings)][:_MOST_LISTED],
    }

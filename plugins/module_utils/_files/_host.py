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
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._files._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._files._identity import Identity
from ansible_collections.mailops.profiles.plugins.module_utils._files._plan import Settings, Wanted
from ansible_collections.mailops.profiles.plugins.module_utils._files._worker import Outcome, Run, Task, run_tasks

# From this number of users on, one pass over the passwd database is cheaper than a look-up each.
_MANY = 50
_LOCK_TIMEOUT = 600
_MOST_LISTED = 100
_DIFF_LIMIT = 200_000


class HostError(Exception):
    """The run cannot begin; nothing was changed."""


def deploy(payload: Mapping[str, Any], check: bool, diff: bool, label: Optional[Callable[[str], str]] = None) -> Dict[str, Any]:
    """Brings every user of the payload to what it says. The payload's form is that of the ``mail_account`` action.

    ``label`` gives the SELinux context that the policy wants for a path; None where there is no SELinux.
    """
    run = Run(
        settings=Settings(payload["instance"], payload["patterns"], payload["mode"], diff, label),
        dest=_dest_options(payload),
        check=check,
        deadline=payload["deadline"],
    )
    tasks, failed, missing = _tasks(payload["users"])
    with _lock(check):
        outcomes = run_tasks(tasks, run)
    accounts = {user["name"]: user["accounts"] for user in payload["users"]}
    return _report(outcomes, failed, missing, accounts, payload["details"])


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


def _tasks(users: List[Dict[str, Any]]) -> Tuple[List[Task], List[Dict[str, str]], List[str]]:
    known: Dict[str, pwd.struct_passwd] = {}
    if sum(user["dest"] is None for user in users) > _MANY:
        for entry in pwd.getpwall():
            known.setdefault(entry.pw_name, entry)
    tasks: List[Task] = []
    failed: List[Dict[str, str]] = []
    missing: List[str] = []
    taken: Dict[Any, str] = {}
    for user in users:
        name = user["name"]
        wanted = [Wanted(**item) for item in user["files"]]
        if user["dest"] is not None:
            tasks.append(Task(name, user["dest"], None, wanted))
            continue
        entry = known.get(name) or _look_up(name)
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


def _look_up(name: str) -> Optional[pwd.struct_passwd]:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


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
    outcomes: List[Outcome], failed: List[Dict[str, str]], missing: List[str], accounts: Mapping[str, int], details: bool
) -> Dict[str, Any]:
    """What goes back. Small, whatever the number of users, unless ``details`` (for a report file) are asked for."""
    changes = [{"user": outcome.user, **change} for outcome in outcomes for change in outcome.changes]
    drifted = [{"user": outcome.user, "path": path} for outcome in outcomes for path in outcome.drifted]
    failed = failed + [{"user": outcome.user, **outcome.error} for outcome in outcomes if outcome.error]
    counts = {action: sum(change["action"] == action for change in changes) for action in ("created", "updated", "removed")}
    counts["unchanged"] = sum(outcome.unchanged for outcome in outcomes)
    most = None if details else _MOST_LISTED
    diffs, left_out = _limited([diff for outcome in outcomes for diff in outcome.diffs])
    return {
        "changed": bool(changes),
        "files": counts,
        "changes": changes[:most],
        "drifted": drifted[:most],
        "failed_users": failed[:most],
        "failed_count": len(failed),
        "missing_users": missing,
        "changed_accounts": sum(accounts[outcome.user] for outcome in outcomes if outcome.changes),
        "diffs": diffs,
        "diffs_left_out": left_out,
        # Not "warnings", which ansible-core gives a meaning of its own.
        "notices": [warning for outcome in outcomes for warning in outcome.warnings][:_MOST_LISTED],
    }


def _limited(diffs: List[Dict[str, str]]) -> Tuple[List[Dict[str, str]], int]:
    size = 0
    kept = []
    for diff in diffs:
        more = len(diff["before"]) + len(diff["after"])
        if size + more <= _DIFF_LIMIT:
            kept.append(diff)
            size += more
    return kept, len(diffs) - len(kept)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program reads for all users of a host: blocks in files below /etc, by the same writer as those in homes."""

from __future__ import annotations

import glob
import os
import re
import stat
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.mailops.profiles.plugins.module_utils._files._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._files._block import Block
from ansible_collections.mailops.profiles.plugins.module_utils._files._manifest import manifest_path
from ansible_collections.mailops.profiles.plugins.module_utils._files._plan import Wanted
from ansible_collections.mailops.profiles.plugins.module_utils._files._worker import Outcome, Run, Task, run_tasks

ROOT = "/"
# Where the records are; relative to the root, like the paths of the files.
STATE = "var/lib/mailops.profiles/host"
_MOST_BYTES = 1 << 20


def is_recorded(instance: str) -> bool:
    return os.path.lexists(os.path.join(ROOT, manifest_path(STATE, instance)))


def deploy_machine(part: Optional[Mapping[str, Any]], run: Run, anybody: bool) -> Optional[Outcome]:
    """``part``: what the payload says of the host, if anything; ``anybody``: whether the instance still serves somebody here.
    None: there is nothing to do."""
    if part is None or not (part["files"] or (part["remove"] and not anybody)):
        return None
    blocked = {client for client, _pattern, _matching, _reason, blocks in _found(part) if blocks}
    wanted = [Wanted(**item) for item in part["files"] if item["client"] not in blocked]
    if os.geteuid() != 0:
        return _as_somebody(wanted, run.settings.instance)
    settings = run.settings._replace(patterns=part["patterns"], mode=0o644)
    (outcome,) = run_tasks(
        [Task("host", ROOT, None, wanted)], run._replace(settings=settings, dest=DestOptions(directory_mode=0o755), state=STATE)
    )
    outcome.user = ""
    return outcome


def _as_somebody(wanted: List[Wanted], instance: str) -> Outcome:
    """Who is not root can use what root has put there, and can put nothing there."""
    outcome = Outcome("")
    missing = [file for file in wanted if not _stands(file, instance)]
    outcome.unchanged = len(wanted) - len(missing)
    if missing:
        path = os.path.join(ROOT, missing[0].path)
        outcome.error = {"path": path, "msg": f"{path}, which {missing[0].client} needs, is root's to write: run with become once"}
    return outcome


def _stands(file: Wanted, instance: str) -> bool:
    try:
        with open(os.path.join(ROOT, file.path), "rb") as found:
            return Block(instance).split(found.read(_MOST_BYTES)).body == file.text.encode()
    except (OSError, ValueError):
        return False


def found_elsewhere(part: Optional[Mapping[str, Any]]) -> List[Dict[str, str]]:
    """Programs of this host that read other places than those that are written, in the form of ``skipped_accounts``."""
    found = _found(part) if part else []
    return [{"user": "", "client": client, "profile": "", "reason": reason} for client, _pattern, _matching, reason, _blocks in found]


def _found(part: Mapping[str, Any]) -> List[Any]:
    return [
        sign for sign in part["elsewhere"]
        if any(sign[2] is None or _matches(path, sign[2]) for path in glob.glob(sign[1]))
    ]  # fmt: skip


def _matches(path: str, matching: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False  # before the open: a device may do something when it is opened
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY), "rb") as file:
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and bool(
                re.search(matching.encode(), file.read(_MOST_BYTES), re.MULTILINE)
            )
    except OSError:
        return False

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program reads for all users of a host: blocks in files below /etc, by the same writer as those in homes."""

from __future__ import annotations

import glob
import os
import re
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


def deploy_machine(part: Optional[Mapping[str, Any]], run: Run, anybody: bool) -> Optional[Outcome]:
    """``part``: what the payload says of the host, if anything; ``anybody``: whether the instance still serves somebody here. None: nothing to do."""
    if part is None:
        return None
    record = manifest_path(STATE, run.settings.instance)
    if not part["files"] and (anybody or not part["remove"] or not os.path.lexists(os.path.join(ROOT, record))):
        return None
    wanted = [Wanted(**item) for item in part["files"]]
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
    return [
        {"user": "", "client": client, "profile": "", "reason": reason}
        for client, pattern, matching, reason in (part or {"elsewhere": ()})["elsewhere"]
        if any(matching is None or _matches(path, matching) for path in glob.glob(pattern))
    ]


def _matches(path: str, matching: str) -> bool:
    try:
        with open(path, "rb") as file:
            return bool(re.search(matching.encode(), file.read(_MOST_BYTES), re.MULTILINE))
    except OSError:
        return False

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program reads for all users of a host: blocks in files below /etc, by the same writer as those in homes."""

from __future__ import annotations

import glob
import os
import re
import stat
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.mailops.profiles.plugins.module_utils._writer._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._writer._block import Block
from ansible_collections.mailops.profiles.plugins.module_utils._writer._manifest import manifest_path
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Wanted
from ansible_collections.mailops.profiles.plugins.module_utils._writer._worker import Outcome, Run, Task, run_tasks

ROOT = "/"
# Where the records are; relative to the root, like the paths of the files.
STATE = "var/lib/mailops.profiles/host"
_MOST_BYTES = 1 << 20


class Machine:
    """The host's part of a payload, or of one without (None). ``skipped``: programs of this host that read other places than those
    that are written, in the form of ``skipped_accounts``."""

    def __init__(self, part: Optional[Mapping[str, Any]], instance: str) -> None:
        part = part or {"files": (), "patterns": {}, "elsewhere": (), "remove": False, "leftovers": ()}
        signs = [sign for sign in part["elsewhere"] if _is_there(sign["pattern"], sign["matching"])]
        blocked = {sign["client"] for sign in signs if sign["blocks"]}
        self.skipped = [{"user": "", "client": sign["client"], "profile": "", "reason": sign["reason"]} for sign in signs]
        self.removes = part["remove"]
        self.is_recorded = os.path.lexists(os.path.join(ROOT, manifest_path(STATE, instance)))
        # Nothing has to stay for a program to forget where nothing is.
        self.leftovers: Sequence[Tuple[str, str]] = part["leftovers"] if self.removes and self.is_recorded else ()
        self._patterns = part["patterns"]
        self._concerned = bool(part["files"])
        self._wanted = [Wanted(**item) for item in part["files"] if item["client"] not in blocked]

    def deploy(self, run: Run, anybody: bool) -> List[Outcome]:
        """At most one outcome, of no user. ``anybody``: whether the instance still serves somebody here."""
        if not self._concerned and (anybody or not self.removes):
            return []
        if os.geteuid() != 0:
            return [self._as_somebody(run.settings.instance)]
        settings = run.settings._replace(patterns=self._patterns, mode=0o644)
        task = Task("host", ROOT, None, self._wanted)
        (outcome,) = run_tasks([task], run._replace(settings=settings, dest=DestOptions(directory_mode=0o755), state=STATE))
        outcome.user = ""
        return [outcome]

    def _as_somebody(self, instance: str) -> Outcome:
        """Who is not root can use what root has put there, and can put nothing there."""
        outcome = Outcome("")
        missing = [file for file in self._wanted if not _stands(file, instance)]
        outcome.unchanged = len(self._wanted) - len(missing)
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


def _is_there(pattern: str, matching: Optional[str]) -> bool:
    return any(matching is None or _matches(path, matching) for path in glob.glob(pattern))


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

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks in files of root's that all users of the host share: a place like any other, whose base is ``/``."""

from __future__ import annotations

import os
from typing import List

from .._wire import File, HostFiles, Problem, Result
from . import state
from .block import Block
from .dest import Dest
from .errors import WriterError
from .open_place import Task
from .parent import run_tasks
from .plan import Settings
from .probes import found_probes

_MAX_BYTES = 1 << 20


class SharedFiles:
    """``probes``: identifiers of those that were found. ``warnings``: where none could be searched. ``residue``: what programs have to forget
    before the blocks can go."""

    def __init__(self, part: HostFiles, instance: str) -> None:
        found, self.warnings = found_probes(part.probes)
        blocked = {probe.producer for probe in found if probe.blocks}
        self.probes = tuple(probe.note for probe in found)
        self.removes = part.remove
        self.is_recorded = os.path.lexists(os.path.join(state.ROOT, state.HOST.directory, f"{instance}.json"))
        # Where there are no blocks, none has to stay for a program.
        self.residue = part.residue if self.removes and self.is_recorded else ()
        self._patterns = part.patterns
        self._is_concerned = bool(part.files)
        self._files = tuple(file for file in part.files if file.producer not in blocked)

    def apply(self, settings: Settings, is_serving: bool) -> List[Result]:
        """At most one result. ``is_serving``: whether the instance still serves a user here."""
        if not self._is_concerned and (is_serving or not self.removes):
            return []
        if os.geteuid() != 0:
            return [self._checked(settings.instance)]
        settings = settings._replace(patterns=self._patterns, mode=0o644, dest=Dest(directory_mode=0o755))
        task = Task("", state.ROOT, None, self._files, state.HOST, state.ROOT)
        return run_tasks([task], settings)

    def _checked(self, instance: str) -> Result:
        """Without root, only checks that the files are in place."""
        absent = [file for file in self._files if not _is_in_place(file, instance)]
        problem = None
        if absent:
            path = os.path.join(state.ROOT, absent[0].path)
            problem = Problem(path, f"{path} is needed by {absent[0].producer}, and only root can write it: run with become once")
        return Result("", state.ROOT, unchanged=len(self._files) - len(absent), problem=problem)


def _is_in_place(file: File, instance: str) -> bool:
    path = os.path.join(state.ROOT, file.path)
    try:
        with open(path, "rb") as found:
            return Block(instance).split(found.read(_MAX_BYTES), path).body == file.content
    except (OSError, WriterError):
        return False

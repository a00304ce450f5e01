# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a client in a home, over the wire and written by the writer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File, Job, Place, load_job
from ansible_collections.mailops.profiles.plugins.module_utils._writer import state
from ansible_collections.mailops.profiles.plugins.module_utils._writer.identity import Identity
from ansible_collections.mailops.profiles.plugins.module_utils._writer.open_place import Task
from ansible_collections.mailops.profiles.plugins.module_utils._writer.parent import run_tasks
from ansible_collections.mailops.profiles.plugins.module_utils._writer.plan import Settings
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job


def materialise(files: Iterable[File], home: Path, instance: str = "default") -> set[str]:
    """Writes the files below ``home``, for the user who runs the test and is in no job of an administrator. The notes of variants."""
    place = Place("somebody", files=tuple(files))
    patterns = {name: clients.get(name).paths for name in {file.producer for file in place.files}}
    job = load_job(dump_job(Job(instance, (place,), patterns)))
    task = Task(place.name, str(home), Identity(os.geteuid(), os.getegid()), job.places[0].files, state.HOME, str(home))
    (result,) = run_tasks([task], Settings(job.instance, job.patterns))
    assert (result.problem, result.warnings) == (None, ()), result
    return {note for _path, note in result.notes}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs on the host that a program reads other files than ours."""

from __future__ import annotations

import glob
import os
import re
import stat
from typing import List, Sequence

from .._wire import Probe

_MAX_BYTES = 1 << 20


def found_probes(probes: Sequence[Probe]) -> List[Probe]:
    return [probe for probe in probes if any(_matches(path, probe) for path in glob.glob(probe.pattern))]


def _matches(path: str, probe: Probe) -> bool:
    if probe.matching is None:
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False  # before the open: opening a device may have an effect
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return is_file and bool(re.search(probe.matching.encode(), file.read(_MAX_BYTES), re.MULTILINE))
    except OSError:
        return False

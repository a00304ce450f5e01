# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps at which the worker is killed."""

from __future__ import annotations

import os

from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases


def deadly(number: int) -> tuple[phases.Phase, ...]:
    """The phases up to this one, after which the worker is killed."""

    def work(commit):
        if last.needed(commit):
            last.work(commit)
        os.kill(os.getpid(), 9)

    *before, last = phases.PHASES[: number + 1]
    return (*before, last._replace(work=work, needed=lambda commit: True))

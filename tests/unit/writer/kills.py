# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps at which the worker is killed. No signal from outside meets one of them for sure: the phases are the only place to stand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases
from ansible_collections.mailops.profiles.plugins.module_utils._writer.commit import Commit

EVERY_PHASE = pytest.mark.parametrize(
    "number", range(len(phases.PHASES)), ids=lambda number: f"{number} {phases.PHASES[number].purpose}"
)


def phase_of(work: Callable[[Commit], None]) -> int:
    return next(number for number, phase in enumerate(phases.PHASES) if phase.work is work)


@contextmanager
def killed(number: int, after: bool = False, whom: str = "worker", at: str = "") -> Iterator[None]:
    """In the phase with this number, or after it, and with it the run when ``whom`` is both; ``at``: only at the place with this path."""
    phase = phases.PHASES[number]

    def work(commit: Commit) -> None:
        if at and commit.place.tree.base != at:
            phase.work(commit)
            return
        if after and phase.needed(commit):
            phase.work(commit)
        if whom == "both":
            os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)

    deadly = phase._replace(work=work, needed=phase.needed if at else lambda commit: True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(phases, "PHASES", (*phases.PHASES[:number], deadly, *phases.PHASES[number + 1 :]))
        yield

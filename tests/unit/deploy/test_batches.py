# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job ends when its files would fill the memory, whatever the number of users."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy import deployment as module

from .deployments import JOANNA, deployment

NAMES = [f"u{number}" for number in range(7)]


@pytest.mark.parametrize(("users", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (8, [7])])
def test_a_job_ends_behind_the_user_with_whom_it_is_full(users: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    found = deployment([{**JOANNA, "name": name} for name in NAMES], dest="/srv/{UserName}")
    of_one = sum(len(file.content or b"") + len(file.redacted) for file in found.files(found.request.users[0]))
    monkeypatch.setattr(module, "MAX_CONTENT", users * of_one)
    jobs = list(found.jobs())
    assert [len(job.places) for job in jobs] == sizes
    assert [place.name for job in jobs for place in job.places] == NAMES
    assert [job.is_last for job in jobs] == [False] * (len(jobs) - 1) + [True]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    assert [list(job.earlier) for job in jobs] == [NAMES[:start] for start in starts]
    assert [name for name, _base in jobs[0].later] == NAMES[sizes[0] :] and not any(job.later for job in jobs[1:])

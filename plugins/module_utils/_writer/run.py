# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writer's entry."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from .._wire import Answer, dump_answer, load_job
from .host import apply

# Diffs have texts of manifests, which users can edit; the controller takes no answer that is larger than 64 MiB.
_MAX_ANSWER = 32 << 20


class Done(NamedTuple):
    """``answer``: for ``load_answer``."""

    changed: bool
    answer: str


def run(job: str, check: bool, diff: bool, label: Optional[Callable[[str], str]] = None) -> Done:
    """Does what the job says (``dump_job``). WriterError when the whole host cannot be served.

    ``label`` gives the SELinux context that the policy has for a path; None where there is no SELinux.
    """
    answer = apply(load_job(job), check, diff, label)
    text = dump_answer(answer)
    if len(text) > _MAX_ANSWER:
        text = dump_answer(_without_diffs(answer))
    return Done(any(result.changes for result in answer.results), text)


def _without_diffs(answer: Answer) -> Answer:
    results = tuple(result._replace(changes=tuple(change._replace(diff=None) for change in result.changes)) for result in answer.results)
    warning = f"the diffs are larger than {_MAX_ANSWER >> 20} MiB and are left out"
    return answer._replace(results=results, warnings=(*answer.warnings, warning))

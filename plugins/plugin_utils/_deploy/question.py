# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_info`` asks a host: its options, checked, and the jobs that only look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from ...module_utils._wire import HostFiles, Job, Place
from .._model.user import user_names
from .deployment import BATCH, DEADLINE, all_patterns, host_patterns
from .request import OptionReader, instance_name, report_file

OPTIONS = ("instance", "report_path", "users")


@dataclass(frozen=True)
class Question:
    """``users``: log-in names; None: everybody on root's list."""

    users: tuple[str, ...] | None
    instance: str
    report_path: str | None
    warnings: tuple[str, ...]

    def first_jobs(self, host: str | None) -> Iterator[Job]:
        """Without users one job, whose answer names those who did not fit in, and who are asked for by name."""
        if self.users is None:
            yield self._job((), host, HostFiles((), host_patterns(), (), (), False))
        else:
            yield from self.more_jobs(self.users, host)

    def more_jobs(self, users: Sequence[str], host: str | None) -> Iterator[Job]:
        for start in range(0, len(users), BATCH):
            yield self._job(users[start : start + BATCH], host)

    def _job(self, users: Sequence[str], host: str | None, shared: HostFiles | None = None) -> Job:
        places = tuple(Place(name) for name in users)
        return Job(self.instance, places, all_patterns(), deadline=DEADLINE, inventory_host=host or "", host=shared, inspect=True)


def read_question(options: Mapping[str, Any], check_mode: bool) -> Question:
    """MailopsError lists everything that is wrong with the options (None: not given)."""
    reader = OptionReader(options)
    report_path, warnings = reader.read("report_path", lambda value: report_file(value, check_mode), (None, ()))
    question = Question(
        users=reader.read("users", user_names, None),
        instance=reader.read("instance", instance_name, "default"),
        report_path=report_path,
        warnings=warnings,
    )
    reader.problems.raise_all()
    return question

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._deploy.inventory import SCHEMA_VERSION, inventory, small_result
from ..plugin_utils._deploy.question import OPTIONS, read_question
from ..plugin_utils._deploy.report_file import write_report
from ..plugin_utils._deploy.target import refuse_other_systems, run_job


class ActionModule(MailopsAction):
    """Looks at what was deployed on a host, and how much of it is as it was."""

    OPTIONS = OPTIONS
    _requires_connection = True

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        refuse_other_systems(self)
        question = read_question(options, bool(self._task.check_mode))
        host = task_vars.get("inventory_hostname")
        answers = [run_job(self, job, task_vars) for job in question.first_jobs(host)]
        if question.users is None:
            seen = {result.name for answer in answers for result in answer.results}
            left = {place.user for answer in answers for place in answer.remaining if place.inventory_host == (host or "")} - seen
            answers += [run_job(self, job, task_vars) for job in question.more_jobs(sorted(left), host)]
        report = inventory(question, answers, host)
        if question.report_path is not None:
            write_report(question.report_path, {"schema_version": SCHEMA_VERSION, **report})
        return {**small_result(report), **self.discovered()}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

from ..module_utils._login_wire import CheckAnswer
from ..plugin_utils._action import MailopsAction
from ..plugin_utils._deploy.check_exchange import dump_check_job, load_check_answer
from ..plugin_utils._deploy.check_report import make_check_report
from ..plugin_utils._deploy.check_request import OPTIONS, read_check_request
from ..plugin_utils._deploy.checks import plan_checks
from ..plugin_utils._deploy.deployment import plan_deployment
from ..plugin_utils._deploy.facts import spoofed_options
from ..plugin_utils._deploy.role import role_of
from ..plugin_utils._deploy.target import refuse_exposure, refuse_other_systems, run_module
from ..plugin_utils._model.errors import MailopsError
from ..plugin_utils._store import preload

preload(os.environ)  # once, and not again in each process that Ansible forks for a host

_MODULE = "mailops.profiles.mail_account_login"


class ActionModule(MailopsAction):
    """Log-ins of a host's accounts, tried from the host in one round trip."""

    OPTIONS = OPTIONS
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        role = role_of(self._task)
        if result.get("failed") and role:
            result["msg"] = role.with_variables(result["msg"])
        return result

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        role = role_of(self._task)
        if role:
            for warning in role.misspelled(task_vars):
                self._display.warning(warning)
        spoofed = spoofed_options(task_vars)
        if spoofed:
            raise MailopsError(spoofed)
        refuse_other_systems(self)
        check_mode = bool(self._task.check_mode)
        request = read_check_request(options, self.environ, check_mode, self.dry_run)
        deployment = plan_deployment(request.request, task_vars.get("inventory_hostname"))
        refuse_exposure(self, deployment)
        plan = plan_checks(deployment, request, round_trips=request.round_trip and not check_mode)
        answer = CheckAnswer(())
        if plan.job.checks:
            answer = run_module(self, _MODULE, dump_check_job(plan.job), lambda text: load_check_answer(text, plan.job), task_vars)
        report = make_check_report(deployment, request, plan, answer, check_mode)
        if deployment.request.report_path is not None:
            report.write(deployment.request.report_path)
        if not report.fails and not self._task.no_log:
            # A callback displays that a task is ok, and not what. On stderr, beside the task's result on stdout.
            self._display.display(report.summary, stderr=True)
        return {**report.result(), **self.discovered()}

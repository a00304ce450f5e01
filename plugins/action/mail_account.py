# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ..module_utils._text import printable
from ..plugin_utils._action import MailopsAction
from ..plugin_utils._deploy.deployment import plan_deployment
from ..plugin_utils._deploy.facts import spoofed_options
from ..plugin_utils._deploy.report import make_report
from ..plugin_utils._deploy.request import OPTIONS, read_request
from ..plugin_utils._deploy.role import role_of
from ..plugin_utils._deploy.target import Delivery, deliver, refuse_exposure, refuse_other_systems
from ..plugin_utils._deploy.template_files import load_template, managed_line
from ..plugin_utils._model import values
from ..plugin_utils._model.errors import MailopsError
from ..plugin_utils._store import preload

# Ansible loads a plugin once, in its own process, and forks it for each host: what is imported here is imported once.
preload(os.environ)


class ActionModule(MailopsAction):
    """Accounts of a host's users: filled in and rendered on the controller, written on the host in one round trip."""

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
            if values.boolean(options["validate_only"] or False):  # this is the check of all hosts, and one must not stop the others
                return {"changed": False, "warnings": [spoofed]}
            raise MailopsError(spoofed)
        refuse_other_systems(self)
        check_mode = bool(self._task.check_mode)
        managed = managed_line(self, task_vars)
        request = read_request(options, self.environ, lambda src: load_template(self, src), managed, check_mode, self.dry_run)
        deployment = plan_deployment(request, task_vars.get("inventory_hostname"))
        refuse_exposure(self, deployment)
        if request.validate_only:
            for user in request.users:
                deployment.files(user)
            return {**make_report(deployment, None, check_mode=True).result(), "validated": True}
        try:
            delivery = deliver(self, deployment, task_vars)
        except (MailopsError, AnsibleError) as exc:  # nothing was done; the report of an earlier run must not stay
            if request.report_path is not None:
                failed = make_report(deployment, Delivery(stopped=printable(str(exc), lines=True)), check_mode)
                failed.write(request.report_path, unreachable=isinstance(exc, AnsibleConnectionFailure))
            raise
        report = make_report(deployment, delivery, check_mode)
        if request.report_path is not None:
            report.write(request.report_path)
        if report.summary and not self._task.no_log:
            # A callback displays that a host changed, and not what. On stderr, beside the task's result on stdout.
            self._display.display(report.summary, stderr=True)
        return {**report.result(), **self.discovered()}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleError

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._deploy.deployment import plan_deployment
from ..plugin_utils._deploy.report import make_report
from ..plugin_utils._deploy.request import OPTIONS, read_request
from ..plugin_utils._deploy.target import deliver, refuse_exposure
from ..plugin_utils._store import preload

# Ansible loads a plugin once, in its own process, and forks it for each host: what is imported here is imported once.
preload(os.environ)


class ActionModule(MailopsAction):
    """Accounts of a host's users: filled in and rendered on the controller, written on the host in one round trip."""

    OPTIONS = OPTIONS
    _requires_connection = True

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        check_mode = bool(self._task.check_mode)
        request = read_request(options, os.environ, lambda src: self._template(src, task_vars.get("inventory_dir")), check_mode)
        deployment = plan_deployment(request, task_vars.get("inventory_hostname"))
        refuse_exposure(self, deployment)
        if request.validate_only:
            for user in request.users:
                deployment.files(user)
            return make_report(deployment, None, check_mode=True).result()
        delivery = deliver(self, deployment, task_vars)
        report = make_report(deployment, delivery, check_mode)
        if request.report_path is not None and (request.can_report or not check_mode):
            report.write(request.report_path)
        return {**report.result(), **self._discovered()}

    def _discovered(self) -> dict[str, Any]:
        """Which Python the host has, so that the next task need not look for it. No other fact of the host's is passed on."""
        if not self._discovered_interpreter_key:
            return {}
        return {"ansible_facts": {self._discovered_interpreter_key: self._discovered_interpreter}}

    def _template(self, src: str, inventory: str | None) -> tuple[str, bool]:
        """The text of one of the administrator's templates, and whether it is vaulted. OSError when there is none."""
        try:
            path = self._find_needle("templates", src)
        except AnsibleError:
            # The rollout playbook is part of this collection, and its user's files are beside the inventory.
            path = os.path.join(inventory or "", "templates", src)
            if not inventory or not os.path.isfile(path):
                raise FileNotFoundError(0, "it is not in the templates folder of the role, the playbook or the inventory") from None
        real = self._loader.get_real_file(path)  # of a vaulted one a copy in clear
        try:
            with open(real, encoding="utf-8") as file:
                return file.read(), real != path
        finally:
            self._loader.cleanup_tmp_file(real)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes what each task said to the file in HOSTILE_STORES_TOLD, one line of JSON a task."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: told
type: notification
short_description: what each task said
description: For the batteries of hostile stores.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "told"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, given: Any, failed: bool) -> None:
        said = given.result if hasattr(given, "result") else given._result  # before ansible-core 2.19
        host, task = (given.host, given.task) if hasattr(given, "host") else (given._host, given._task)
        names = [profile.get("name") for profile in said.get("profiles") or ()]
        line = {"host": host.get_name(), "task": task.get_name(), "failed": failed, "msg": str(said.get("msg", "")), "profiles": names}
        with open(os.environ["HOSTILE_STORES_TOLD"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write(result, True)

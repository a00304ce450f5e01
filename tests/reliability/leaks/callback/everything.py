# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes everything that callbacks get to the file in LEAKS_DUMP, as the json callback and many others do."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: everything
type: notification
short_description: everything that callbacks get
description: For the leak hunt.
"""


def _result(result: Any) -> Any:
    return result.result if hasattr(result, "result") else result._result  # before ansible-core 2.19


def _recorder(event: str) -> Any:
    def record(self: Any, result: Any, **_other: Any) -> None:
        data = _result(result)
        task = (result.task if hasattr(result, "task") else result._task).get_name()
        shown = self._dump_results(data, indent=2)
        self._write(event, task=task, result=shown, all=repr(data), msg=str(data.get("msg")))

    return record


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "everything"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, event: str, **data: Any) -> None:
        with open(os.environ["LEAKS_DUMP"], "a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **data}, default=repr) + "\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._write("start", task=task.get_name(), args=repr(task.args))

    def v2_on_file_diff(self, result: Any) -> None:
        data = _result(result)
        if data.get("diff"):
            self._write("diff", diff=self._get_diff(data["diff"]))

    v2_runner_on_ok = _recorder("ok")
    v2_runner_on_failed = _recorder("failed")
    v2_runner_on_unreachable = _recorder("unreachable")
    v2_runner_on_skipped = _recorder("skipped")
    v2_runner_retry = _recorder("retry")
    v2_runner_item_on_ok = _recorder("item ok")
    v2_runner_item_on_failed = _recorder("item failed")

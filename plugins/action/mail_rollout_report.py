# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
from typing import Any

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._model import values
from ..plugin_utils._model.errors import Invalid, MailopsError, Problems
from ..plugin_utils._model.given import text_list
from ..plugin_utils._model.limits import MAX_LISTED
from ..plugin_utils._rollout.document import FINISHED
from ..plugin_utils._rollout.files import check_path, json_path, write_document
from ..plugin_utils._rollout.merge import merge, report_files
from ..plugin_utils._rollout.run import arguments, this_run
from ..plugin_utils._rollout.summary import summary
from ..plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS

_BAD = ("failed", "unreachable", "not_tried", "stale")
_MAX_HOURS = 24 * 366


class ActionModule(MailopsAction):
    """Merges report files into one page, on the controller."""

    # Those of the store come from module_defaults of the action group.
    OPTIONS = ("dest", "hosts", "max_age", "reports", "store", *KEY_OPTIONS)

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        problems = Problems(f"{name}: is required" for name in ("dest", "reports") if options[name] is None)
        missing = Problems()  # what an earlier task of a real run may make
        dest, files, hosts, hours = None, [], [], None
        if options["dest"] is not None:
            dest = _dest(options["dest"], problems, missing)
        if options["reports"] is not None:
            with problems.at("reports"):
                files = report_files(text_list(options["reports"]), missing)
        if options["hosts"] is not None:
            with problems.at("hosts"):
                hosts = _hosts(options["hosts"])
        if options["max_age"] is not None:
            with problems.at("max_age"):
                hours = values.whole_number(options["max_age"], 1, _MAX_HOURS)
        if not self._task.check_mode:
            problems.extend(missing)
        problems.raise_all()
        now = time.time()
        rollout, warnings = merge(files, hosts, None if hours is None else now - hours * 3600)
        rollout.head, rollout.arguments = this_run(os.environ), arguments()
        document = rollout.document(FINISHED, now)
        if dest is not None:
            write_document(dest, document)
        return _result(document, dest, [*missing, *warnings])


def _dest(value: Any, problems: Problems, missing: Problems) -> str | None:
    with problems.at("dest"):
        path = values.absolute_path(value)
        if not os.path.isdir(os.path.dirname(path)):
            missing.append(f"dest: there is no directory {os.path.dirname(path)} on the controller: create it")
            return None
        try:
            return check_path(path)
        except MailopsError as exc:
            raise Invalid(*exc.problems) from None
    return None


def _hosts(value: Any) -> list[str]:
    """Names of an inventory may hold what separates names elsewhere, so a list is taken as it is."""
    if isinstance(value, str):
        return text_list(value)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Invalid("must be a list of the inventory's names of hosts")
    return list(dict.fromkeys(value))


def _result(document: dict[str, Any], dest: str | None, warnings: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        # Like report_path, the page says when it was written; it is no state of anything.
        "changed": False,
        "msg": "\n".join(summary(document)),
        "counts": document["counts"],
        "failed_hosts": [entry["host"] for entry in document["hosts"] if entry["state"] in _BAD][:MAX_LISTED],
        "command": document["rerun"]["command"],
    }
    if dest is not None:
        result.update(path=dest, json_path=json_path(dest))
    if warnings:
        result["warnings"] = warnings[:MAX_LISTED]
    return result

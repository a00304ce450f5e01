# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._edits.edit import name_option
from ..plugin_utils._edits.report import record
from ..plugin_utils._model import variables
from ..plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS
from ..plugin_utils._store import open_store


class ActionModule(MailopsAction):
    """Returns profiles, and the variables that their texts may hold."""

    OPTIONS = ("name", "store", *KEY_OPTIONS)

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        store = open_store(options["store"], self.environ, self.dry_run)
        names = None if options["name"] is None else [name_option(options["name"], "name")]
        found = store.read(names)
        result: dict[str, Any] = {
            "changed": False,
            "profiles": [record(stored) for stored in found.values()],
            "variables": [{"name": name, "description": text} for name, text in variables.BUILT_IN.items()],
        }
        warnings = list(store.warnings)
        if not found and not store.exists:
            warnings.append(f"store {store.location}: does not exist yet; mail_profile creates it")
        if warnings:
            result["warnings"] = warnings
        return result

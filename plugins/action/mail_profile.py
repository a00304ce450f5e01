# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._edits.edit import COMMANDS, Edit, changes, edit_profile
from ..plugin_utils._edits.report import diff, planned
from ..plugin_utils._model.profile import FIELDS
from ..plugin_utils._model.stored import Changes, Snapshot
from ..plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS
from ..plugin_utils._secrets.keys import store_key
from ..plugin_utils._store import open_store


class ActionModule(MailopsAction):
    """Creates, edits, copies, renames or removes one profile."""

    OPTIONS = (*FIELDS, *COMMANDS, "store", *KEY_OPTIONS)

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        store = open_store(options["store"], self.environ, self.dry_run)
        key = store_key(options, self.environ)
        request = {name: options[name] for name in (*FIELDS, *COMMANDS)}
        check_mode = self._task.check_mode

        def change(snapshot: Snapshot) -> tuple[Changes, Edit]:
            edit = edit_profile(request, snapshot, key)
            return changes([edit]), edit

        edit = (store.preview if check_mode else store.update)(change)
        result: dict[str, Any] = {"changed": edit.changed, "profile": planned(edit, forgets=check_mode and self.dry_run is None)}
        if store.warnings or edit.warnings:
            result["warnings"] = [*store.warnings, *edit.warnings]
        if self._task.diff:
            result["diff"] = diff(edit)
        return result

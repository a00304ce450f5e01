# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._edits.edit import Edit, changes
from ..plugin_utils._edits.edit_list import change_key, replace_all
from ..plugin_utils._edits.report import diffs, report
from ..plugin_utils._model.errors import MailopsError
from ..plugin_utils._model.stored import Changes, Snapshot
from ..plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS
from ..plugin_utils._secrets.keys import new_store_key, store_key
from ..plugin_utils._store import open_store


class ActionModule(MailopsAction):
    """Makes the listed profiles exactly what is listed, or encrypts all passwords with another key, in one transaction."""

    OPTIONS = ("profiles", "purge", "allow_empty", "store", *KEY_OPTIONS, "store_key_new")

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        store = open_store(options["store"], self.environ, self.dry_run)
        key, new_key = store_key(options, self.environ), new_store_key(options)
        if new_key and any(options[name] is not None for name in ("profiles", "purge", "allow_empty")):
            raise MailopsError("store_key_new: is for all profiles of the store as they are; change profiles in a task of its own")

        def change(snapshot: Snapshot) -> tuple[Changes, list[Edit]]:
            if new_key:
                edits = change_key(snapshot, key, new_key)
            else:
                edits = replace_all(options["profiles"], snapshot, options["purge"], options["allow_empty"], key)
            return changes(edits), edits

        edits = (store.preview if self._task.check_mode else store.update)(change)
        result = report(edits, store.warnings)
        if self._task.diff:
            result["diff"] = diffs(edits)
        return result

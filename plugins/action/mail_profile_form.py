# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

from ..plugin_utils._action import MailopsAction
from ..plugin_utils._edits.edit import Edit, changes, name_option
from ..plugin_utils._edits.form import OPTIONS, READING, Form, edit_form, misspelled, read_form, unused, with_variables
from ..plugin_utils._edits.report import diff, planned
from ..plugin_utils._edits.sheet import sheet, table
from ..plugin_utils._model.errors import MailopsError, nearest
from ..plugin_utils._model.given import is_blank
from ..plugin_utils._model.stored import Changes, Snapshot
from ..plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS
from ..plugin_utils._secrets.keys import store_key
from ..plugin_utils._store import ENVIRONMENT, Store, open_store

# What AWX and Automation Controller give every job.
_JOBS = ("awx_job_id", "tower_job_id")


class ActionModule(MailopsAction):
    """The form of the playbook ``profile``: one profile listed, displayed, created, edited, copied, renamed or removed."""

    OPTIONS = (*OPTIONS, "store", *KEY_OPTIONS)

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        try:
            form = read_form(options)
            _refuse_vanishing_store(options["store"], self.environ, task_vars)
            store = open_store(options["store"], self.environ, self.dry_run)
            result = self._read(form, store) if form.operation in READING else self._write(form, store, options)
        except MailopsError as exc:
            raise MailopsError(*map(with_variables, exc.problems)) from None
        text = result.pop("text")
        if text and not self._task.no_log:
            self._display.display(text)
        warnings = [*misspelled(task_vars), *unused(form), *store.warnings, *result.pop("warnings")]
        return {**result, **({"warnings": list(map(with_variables, warnings))} if warnings else {})}

    def _read(self, form: Form, store: Store) -> dict[str, Any]:
        found = store.read(None)
        warnings = [] if found or store.exists else [f"store {store.location}: does not exist yet; create makes it"]
        if form.operation == "list":
            text = table(list(found.values()), f"store {store.location}")
            return {"changed": False, "msg": text.partition("\n")[0], "text": text, "warnings": warnings}
        name = name_option(form.name, "name")
        if name not in found:
            raise MailopsError(f"name: there is no profile '{name}' in store {store.location}{nearest(name, found)}")
        return {"changed": False, "msg": f"profile '{name}'", "text": sheet(found[name]), "warnings": warnings}

    def _write(self, form: Form, store: Store, options: Mapping[str, Any]) -> dict[str, Any]:
        key = store_key(options, self.environ)
        check_mode = self._task.check_mode

        def change(snapshot: Snapshot) -> tuple[Changes, Edit]:
            edit = edit_form(form, snapshot, key)
            return changes([edit]), edit

        edit = (store.preview if check_mode else store.update)(change)
        line = _outcome(form, edit, check_mode)
        result: dict[str, Any] = {
            "changed": edit.changed,
            "msg": line,
            "profile": planned(edit, forgets=check_mode and self.dry_run is None),
            "text": f"{line}\n\n{sheet(edit.after)}" if edit.after else line,
            "warnings": edit.warnings,
        }
        if self._task.diff:
            result["diff"] = diff(edit)
        return result


def _refuse_vanishing_store(store: Any, environ: Mapping[str, str], task_vars: Mapping[str, Any]) -> None:
    """A job's container keeps nothing, so what is written to the default store there would be gone with the job."""
    if store is None and is_blank(environ.get(ENVIRONMENT)) and any(name in task_vars for name in _JOBS):
        raise MailopsError(
            "store: this job has none, and its container keeps nothing: give the job template a credential that sets MAILOPS_STORE, or give profile_store"
        )


def _outcome(form: Form, edit: Edit, check_mode: bool) -> str:
    if not edit.changed:
        name = edit.name or form.name
        if edit.after is None:
            return f"profile '{name}' does not exist; nothing was removed"
        nothing = form.operation == "edit" and not form.fields and not form.clear
        hint = "; nothing was filled in that would change it" if nothing else ""
        return f"profile '{name}' is as it should be{hint}"
    done = f"{'would be ' if check_mode else ''}{'copied' if form.operation == 'copy' else edit.action}"
    if form.operation == "copy":
        return f"profile '{form.name}' {done} to '{edit.name}'"
    renamed = f" to '{edit.after.name}'" if edit.before and edit.after and edit.before.name != edit.after.name else ""
    return f"profile '{(edit.before or edit.after).name}' {done}{renamed}"

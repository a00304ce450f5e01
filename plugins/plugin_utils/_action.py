# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's action plugins share: plain arguments in, one clear failure out, never a secret in either."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._text import internal_error, printable
from ._model.errors import MailopsError, Problems, nearest
from ._model.given import given

# What of `environment:` is for the store and its key, so for the controller.
_OURS = ("MAILOPS_", "PG")
_TAKEN = "_mailops_environment"
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NOT_SHOWN = "not shown, because they may hold passwords"
_NO_ASYNC = "async is not supported, because the controller does the work: take async and poll off the task"
_REST = "_raw_params"
_UNQUOTED = "holds the rest of a key=value text in which a value with spaces is not quoted, so that only its first word is used"


class MailopsAction(ActionBase):
    """An action that works on the controller. A subclass names its ``OPTIONS`` and does its work in ``work``.

    ``environ``: the controller's environment, and over it the MAILOPS_* and PG* of the task's ``environment``.
    """

    environ: Mapping[str, str] = {}

    OPTIONS: tuple[str, ...] = ()
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the task. An option that is not given, or blank, is None. MailopsError says what to correct."""
        raise NotImplementedError

    @property
    def dry_run(self) -> str | None:
        """The directory of this run, for what its tasks would have stored; None unless the run, and this task, are a dry run.

        A task with ``check_mode: true`` in a real run is not: what it would have stored, no later task will find.
        """
        # One directory for all processes of the run, removed when it ends. The option's value by any other way is a new one each time.
        return constants.DEFAULT_LOCAL_TMP if self._task.check_mode and context.CLIARGS.get("check") else None

    def discovered(self) -> dict[str, Any]:
        """Which Python the host has, so that the next task need not look for it. No other fact of the host's is passed on."""
        if not self._discovered_interpreter_key:
            return {}
        return {"ansible_facts": {self._discovered_interpreter_key: self._discovered_interpreter}}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._redact_reports()
        environment = self._take_environment()
        self.environ = {**os.environ, **{name: str(plain(value)) for name, value in environment.items()}}
        if self._task.async_val:
            return {"failed": True, "msg": f"{self._module_name()}: {_NO_ASYNC}"}
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        # Ansible would display them at -vvv.
        result["invocation"] = {"module_args": _NOT_SHOWN}
        try:
            options = plain(self._task.args, task_vars.get("omit"))
            _refuse_rest(options, task_vars)
            unknown = [name for name in options if name not in self.OPTIONS]
            problems = Problems(f"there is no option '{str(name)[:60]}'{nearest(name, self.OPTIONS)}" for name in unknown)
            if not getattr(self._templar, "_fail_on_undefined_errors", True):  # until ansible-core 2.18
                problems.extend(_undefined({**self._task.args, "environment": environment}))
            problems.raise_all()
            known = given(options)
            result.update(self.work({name: known.get(name) for name in self.OPTIONS}, task_vars))
        except MailopsError as exc:
            result.update(failed=True, msg=printable(f"{self._module_name()}: {exc}", lines=True))
        except AnsibleError:  # Ansible's own, such as a host that is unreachable
            raise
        except Exception as exc:  # the text of an unexpected exception may quote a password
            result.update(failed=True, msg=internal_error(exc))
        return result

    def _module_name(self) -> str:
        return self._task.action.rpartition(".")[2]

    def _take_environment(self) -> dict[str, Any]:
        """The variables of the task's ``environment`` that are ours. They are taken off the task: Ansible puts those into the command line
        of every module on a host."""
        templated: dict[str, Any] = {}
        self._compute_environment_string(templated)
        ours = {name: value for name, value in templated.items() if name.startswith(_OURS)}
        if ours:
            self._task.environment = [_not_ours(templated)]
        # Each attempt of `until` has an action of its own, and the same task.
        taken = {**getattr(self._task, _TAKEN, {}), **given(ours)}
        setattr(self._task, _TAKEN, taken)
        return taken

    def _redact_reports(self) -> None:
        """What a task reports of itself goes to callbacks, and is ``ansible_failed_task`` in a rescue. Passwords are left out of the report
        only: the next attempt of ``until`` needs them, and so does the next item of a loop, each of which is a copy of the task."""
        block = self._task._parent
        for task in (self._task, *block.block, *block.rescue, *block.always):
            if task._uuid == self._task._uuid and "dump_attrs" not in vars(task):
                task.dump_attrs = functools.partial(_redacted_fields, task.dump_attrs)


def _redacted_fields(fields: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = fields()
    # A text is a template that gives a dictionary.
    environment = [_not_ours(item) for item in found["environment"] or () if isinstance(item, Mapping)]
    return {**found, "args": {"options": _NOT_SHOWN}, "environment": environment}


def _not_ours(environment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in environment.items() if not name.startswith(_OURS)}


def _undefined(value: Any, place: str = "") -> Iterator[str]:
    """A problem for each text with a template in it, which ansible-core leaves there when undefined variables are allowed. What comes from
    a lookup or a host is unsafe, and may hold braces."""
    if isinstance(value, str):
        if _TEMPLATE.search(value) and not hasattr(value, "__UNSAFE__"):
            yield f"{place}: a variable in its template is undefined, so the template was not filled in: give the variable a value"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _undefined(item, f"{place}.{str(key)[:60]}" if place else str(key)[:60])
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for number, item in enumerate(value, start=1):
            yield from _undefined(item, f"{place}, entry {number}")


def _refuse_rest(options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> None:
    """Ansible calls the rest of a key=value text ``_raw_params`` and goes on with the first word. The rest may be a password."""
    if _REST in options:
        raise MailopsError(f"{_REST}: {_UNQUOTED}: quote it, or use JSON")
    if _REST in task_vars:
        raise MailopsError(f"the variable {_REST}: {_UNQUOTED}, as in -e or set_fact: quote it, or use -e with JSON")


def plain(value: Any, omit: Any = None) -> Any:
    """``value`` in plain Python types, without Ansible's tags and lazy containers, vaulted strings in clear.

    ansible-core 2.19 and newer print tagged values, vaulted ones included, in some exceptions; 2.16 keeps vaulted strings as
    objects, and its ``omit`` inside of structures as a string.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item, omit) for key, item in value.items() if not _is_omit(item, omit)}
    if isinstance(value, bytes):
        return bytes(value)
    if hasattr(value, "_ciphertext") or not isinstance(value, (Sequence, set, frozenset)):
        return str.__str__(str(value))  # a vaulted string, a date
    return [plain(item, omit) for item in value if not _is_omit(item, omit)]


def _is_omit(item: Any, omit: Any) -> bool:
    return omit is not None and (item is omit or (isinstance(item, str) and isinstance(omit, str) and item == omit))

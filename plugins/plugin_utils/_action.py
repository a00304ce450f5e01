# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's action plugins share: plain arguments in, one clear failure out, never a secret in either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._text import internal_error
from ._model.errors import MailopsError, Problems, nearest
from ._model.given import given

_REST = "_raw_params"
_UNQUOTED = "holds the rest of a key=value text in which a value with spaces is not quoted, so that only its first word is used"


class MailopsAction(ActionBase):
    """An action that works on the controller. A subclass names its ``OPTIONS`` and does its work in ``work``."""

    OPTIONS: tuple[str, ...] = ()
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the task. An option that is not given, or blank, is None. MailopsError says what to correct."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        # Ansible would display the arguments, passwords included, at -vvv.
        result["invocation"] = {"module_args": "not shown, because they may hold passwords"}
        try:
            options = plain(self._task.args, task_vars.get("omit"))
            _refuse_rest(options, task_vars)
            unknown = [name for name in options if name not in self.OPTIONS]
            Problems(f"there is no option '{str(name)[:60]}'{nearest(name, self.OPTIONS)}" for name in unknown).raise_all()
            known = given(options)
            result.update(self.work({name: known.get(name) for name in self.OPTIONS}, task_vars))
        except MailopsError as exc:
            result.update(failed=True, msg=f"{self._task.action.rpartition('.')[2]}: {exc}")
        except AnsibleError:  # Ansible's own, such as a host that is unreachable
            raise
        except Exception as exc:  # the text of an unexpected exception may quote a password
            result.update(failed=True, msg=internal_error(exc))
        return result


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

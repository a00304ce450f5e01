# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the module did not run on its host. What was printed there may hold passwords: it decides the sentence, and is not in it."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.plugins.action import ActionBase

from ...module_utils._text import printable

# What sudo and Python print -> what that means, and what to do.
_CAUSES = {
    "you must have a tty to run sudo": (
        "sudo wants a terminal there (requiretty), which it does not have with pipelining: set ansible_pipelining: false for it"
    ),
    "No usable temporary directory found": (
        "no directory for temporary files can be written to there (/tmp, /var/tmp): make one writable, or name one in the task's environment as TMPDIR"
    ),
    "No space left on device": "a file system there is full: make room, in the directories for temporary files too",
}

_MAX_PATH = 200


def no_answer(action: ActionBase, found: Mapping[str, Any], task_vars: Mapping[str, Any]) -> str:
    """A sentence about the host that the module was sent to, which with ``delegate_to`` is not that of the play."""
    delegate = action._task.delegate_to
    host = f"the host {printable(str(delegate))}" if delegate else "the host"
    printed = f"{found.get('module_stdout')}\n{found.get('module_stderr')}"
    for text, cause in _CAUSES.items():
        if text in printed:
            return f"the module did not run on {host}: {cause}"
    variables = task_vars["ansible_delegated_vars"][delegate] if delegate else task_vars
    status = found.get("rc")
    ended = f" (exit status {status})" if isinstance(status, int) else ""
    interpreter, remedy = _interpreter(action, variables)
    return (
        f"{printable(interpreter)} did not run on {host}{ended}: {remedy}set ansible_python_interpreter to a Python 3.8 or newer; "
        "the module ansible.builtin.ping displays the reason"
    )


def _interpreter(action: ActionBase, variables: Mapping[str, Any]) -> tuple[str, str]:
    """The Python that Ansible called, and what helps if a cache of facts named it."""
    given = str(action._templar.template(variables.get("ansible_python_interpreter") or "auto"))
    if action._discovered_interpreter or not given.startswith("auto"):
        return str(action._discovered_interpreter or given), ""
    cached = (variables.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return (str(cached)[:_MAX_PATH], "run with --flush-cache, or ") if cached else ("the host's Python", "")

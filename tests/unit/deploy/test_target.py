# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a host: when passwords are not sent, and what an answer that is none becomes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible import constants as C

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Result, dump_answer
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy import deployment as deployment_module
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import BATCH
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import deliver, refuse_exposure
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ..refusals import refusal
from .deployments import JOANNA, deployment

ANSWER = Answer((Result("jkowalska", "/home/jkowalska"),))


class Action:
    """An action whose host answers ``found``."""

    _discovered_interpreter = None
    _task = SimpleNamespace(delegate_to=None)
    _templar = SimpleNamespace(template=lambda value: value)
    _display = SimpleNamespace(display=lambda *args, **kwargs: None)

    def __init__(self, *found: dict[str, Any], world_readable: bool = False) -> None:
        self._found = list(found)
        self._world_readable = world_readable
        self.jobs: list[str] = []

    def get_shell_option(self, name: str, default: Any) -> Any:
        return self._world_readable if name == "world_readable_temp" else default

    def _is_become_unprivileged(self) -> bool:
        return False

    def _execute_module(self, module_name: str, module_args: dict[str, str], task_vars: dict[str, Any]) -> dict[str, Any]:
        self.jobs.append(module_args["job"])
        return self._found.pop(0)


@pytest.mark.parametrize("setting", ["DEFAULT_DEBUG", "DEFAULT_KEEP_REMOTE_FILES", None])
def test_passwords_are_not_sent_where_they_would_stay_or_be_printed(monkeypatch: pytest.MonkeyPatch, setting: str | None) -> None:
    if setting:
        monkeypatch.setattr(C, setting, True, raising=False)  # ansible-core reads its settings once a process
    action = Action(world_readable=setting is None)
    with pytest.raises(MailopsError, match="refuses to send passwords"):
        refuse_exposure(action, deployment([JOANNA]))
    refuse_exposure(action, deployment([{**JOANNA, "state": "absent"}]))


def test_an_answer() -> None:
    action = Action({"answer": dump_answer(ANSWER)})
    assert deliver(action, deployment([JOANNA]), {}).answers == (ANSWER,)
    assert "tr0ub4dor" not in action.jobs[0]


@pytest.mark.parametrize("found", [
    {"failed": True, "msg": "MODULE FAILURE", "rc": 127, "module_stderr": "sh: 1: import: not found", "module_stdout": "job = 'c2VjcmV0'"},
    {"failed": True, "msg": "Module result deserialization failed: c2VjcmV0", "exception": "Traceback c2VjcmV0"},
    {},
])  # fmt: skip
def test_a_host_whose_python_does_not_run(found: dict[str, Any]) -> None:
    message = refusal(deliver, Action(found), deployment([JOANNA]), {"ansible_python_interpreter": "/bin/cat"})
    assert message.startswith("/bin/cat did not run on the host") and "set ansible_python_interpreter" in message
    assert "c2VjcmV0" not in message and "import" not in message


@pytest.mark.parametrize("answer", ["", "{", "[]", 7, None, [1], '[[["x"]], [], [], [], []]', "[" * 100_000])
def test_an_answer_that_is_not_valid(answer: Any) -> None:
    with pytest.raises(MailopsError, match="the host's answer is not valid"):
        deliver(Action({"answer": answer}), deployment([JOANNA]), {})


def test_a_sentence_of_the_host_cannot_control_the_terminal() -> None:
    refused = refusal(deliver, Action({"failed": True, "answer": "", "msg": "\x1b[2J" + "x" * 100_000}), deployment([JOANNA]), {})
    assert "\x1b" not in refused and len(refused) < 2100


@pytest.mark.parametrize(("full", "first"), [(False, BATCH), (True, 1)])
def test_what_a_later_batch_fails_with(full: bool, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the number of users or the size of their files ends a batch."""
    if full:
        monkeypatch.setattr(deployment_module, "MAX_CONTENT", 1)
    users = [{**JOANNA, "name": f"u{number}"} for number in range(BATCH + 2)]
    answer = Answer((Result("u0", "/home/u0"),))
    delivery = deliver(Action({"answer": dump_answer(answer)}, {"rc": 1}), deployment(users), {})
    assert delivery.answers == (answer,) and delivery.stopped is not None
    assert delivery.stopped.endswith(f"(users {first + 1} to {len(users)} were not tried)")

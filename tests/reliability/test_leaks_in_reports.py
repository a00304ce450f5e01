# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leak hunt where a run is watched: arguments on the screen, events of ansible-runner, what a rescue sees, the debugger of tasks.

Passwords are in variables, and in a vault, as the role has them; on success and failure, with retries and in loops.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..mounts import own_var_lib
from .leaks.detector import Secrets

COLLECTIONS = Path(__file__).parents[2] / "build/collections"
PROGRAMS = Path(sys.executable).parent
SERVERS = {
    "incoming": {"host": "imap.example.org", "password": "{UserPassword}"}, "outgoing": {"host": "smtp.example.org", "password": "{Pin}"},
}  # fmt: skip
MODULE = "mailops.profiles.mail_account"


class Watched:
    """A playbook's directory, with marked passwords in its inventory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.secrets = Secrets()
        (path / "inventory").mkdir()
        (path / "project").mkdir()
        user = {
            "name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": self.secrets.make("password"),
            "variables": {"Pin": self.secrets.make("variable")},
        }  # fmt: skip
        variables = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "mail_accounts_clients": ["msmtp"],
            "mail_accounts_dest": f"{path}/out/{{UserName}}", "mail_accounts_store_key": self.secrets.make("key"), "mail_accounts_users": [user],
            "mail_accounts_profile_definitions": [{"name": "work", "variables": {"Pin": None}, **SERVERS}], "literal": self.secrets.make("literal"),
        }  # fmt: skip
        (path / "inventory/hosts.json").write_text(json.dumps({"mail_accounts": {"hosts": {"pc": {}}, "vars": variables}}))

    def write(self, *tasks: dict[str, Any]) -> None:
        (self.path / "project/site.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}]))

    def run(self, *argv: str, typed: str = "", **environ: str) -> str:
        """All that is displayed."""
        found = {
            "HOME": str(self.path), "PATH": f"{PROGRAMS}:{os.defpath}", "LANG": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", **environ,
        }  # fmt: skip
        done = subprocess.run(
            [*own_var_lib(self.path), *argv], env=found, cwd=self.path, input=typed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        return done.stdout

    def play(self, typed: str = "", **environ: str) -> str:
        playbook = ["-i", str(self.path / "inventory/hosts.json"), str(self.path / "project/site.json")]
        return self.run(str(PROGRAMS / "ansible-playbook"), "-vvv", "--diff", *playbook, typed=typed, **environ)

    def found(self, *texts: str | bytes) -> dict[str, str]:
        return {name: way for text in texts for name, way in self.secrets.find(text if isinstance(text, bytes) else text.encode()).items()}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    tmp_path.chmod(0o755)
    return Watched(tmp_path)


def deployed(**changes: Any) -> dict[str, Any]:
    given = {name: f"{{{{ mail_accounts_{name} }}}}" for name in ("users", "clients", "dest", "store_key", "profile_definitions")}
    return {"name": "deploy", MODULE: {**given, **changes}}


FAILING = deployed(clients=["nothing"])
PROFILE = {"name": "store", "mailops.profiles.mail_profile": {
    "name": "kept", "store": "{{ mail_accounts_dest | dirname }}.db", "store_key": "{{ mail_accounts_store_key }}",
    "incoming": {"host": "imap.example.org", "password": "{{ literal }}"}, "outgoing": {"host": "smtp.example.org"},
}}  # fmt: skip
WRONG = {**PROFILE, "name": "wrong", "mailops.profiles.mail_profile": {**PROFILE["mailops.profiles.mail_profile"], "account_type": "nothing"}}
ROLE = {"name": "role", "ansible.builtin.include_role": {"name": "mailops.profiles.mail_accounts"}}
ALL = [
    ROLE, PROFILE, deployed(), {**deployed(), "loop": [1, 2]}, {**WRONG, "ignore_errors": True}, {**FAILING, "ignore_errors": True},
    {**FAILING, "ignore_errors": True, "until": False, "retries": 1, "delay": 0}, {**deployed(), "check_mode": True},
]  # fmt: skip


def test_the_hunt_finds_what_is_displayed(watched: Watched) -> None:
    watched.write({"ansible.builtin.debug": {"msg": "{{ mail_accounts_users | string | b64encode }} {{ literal }}"}})
    assert set(watched.found(watched.play())) == {"password", "variable", "literal"}


def test_arguments_on_the_screen_and_in_junit(watched: Watched, count) -> None:
    watched.write(*ALL)
    reports = watched.path / "junit"
    text = watched.play(ANSIBLE_DISPLAY_ARGS_TO_STDOUT="1", ANSIBLE_CALLBACKS_ENABLED="junit", JUNIT_OUTPUT_DIR=str(reports))
    assert "failed=0" in text and (watched.path / "out/anna/.msmtprc").exists(), text[-3000:]
    written = [path.read_bytes() for path in reports.iterdir()]
    assert written and not watched.found(text, *written)
    count("marked passwords, tasks watched", len(ALL))


@pytest.mark.parametrize("shown", ["0", "1"])
def test_events_of_ansible_runner(watched: Watched, shown: str, count) -> None:
    program = shutil.which("ansible-runner", path=str(PROGRAMS))
    if program is None:
        pytest.skip("there is no ansible-runner; pip install ansible-runner")
    watched.write(*ALL)
    text = watched.run(program, "run", str(watched.path), "-p", "site.json", "-i", "one", "-v", ANSIBLE_DISPLAY_ARGS_TO_STDOUT=shown)
    artifacts = [path for path in (watched.path / "artifacts/one").rglob("*") if path.is_file()]
    assert sum("job_events" in str(path) for path in artifacts) > len(ALL), text[-3000:]
    assert not watched.found(text, *(path.read_bytes() for path in artifacts))
    count("marked passwords, tasks watched", len(ALL))


@pytest.mark.parametrize("task", [FAILING, WRONG, {**FAILING, "loop": [1]}, {**FAILING, "until": False, "retries": 1, "delay": 0},
                                  {**ROLE, "vars": {"mail_accounts_clients": ["nothing"]}}])  # fmt: skip
def test_what_a_rescue_sees(watched: Watched, task: dict[str, Any], count) -> None:
    looks = [{"ansible.builtin.debug": {"msg": f"{{{{ {name} | string }}}}"}} for name in ("ansible_failed_task", "ansible_failed_result")]
    looks += [{"ansible.builtin.debug": {"var": name}} for name in ("ansible_failed_task", "ansible_failed_result")]
    watched.write({"block": [task], "rescue": looks})
    text = watched.play()
    assert "rescued=1" in text and "not shown" in text, text[-3000:]
    assert not watched.found(text)
    count("marked passwords, tasks watched", 1)


@pytest.mark.parametrize("task", [deployed(), FAILING, PROFILE, WRONG])
@pytest.mark.parametrize("how", ["a keyword", "a setting"])
def test_the_debugger_of_tasks(watched: Watched, task: dict[str, Any], how: str, count) -> None:
    """What it is asked for of the task and its result. The variables (`p task_vars`) are the administrator's own, and it shows them."""
    watched.write({**task, "debugger": "always"} if how == "a keyword" else task)
    asked = "p task\np task.args\np task.dump_attrs()\np task.environment\np result._result\np result\np host\nc\n"
    text = watched.play(typed=asked, **({"ANSIBLE_ENABLE_TASK_DEBUGGER": "1"} if how == "a setting" else {}))
    assert ("(debug)> " in text) == (how == "a keyword" or task in (FAILING, WRONG)), text[-3000:]
    assert not watched.found(text), text[-3000:]
    count("marked passwords, tasks watched", 1)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module, as Ansible runs it when another action executes it."""

from __future__ import annotations

import ast
import base64
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Job, Place
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

MODULE = "mailops.profiles.mail_account_apply"
JOB = dump_job(Job("default", (Place("no such user"),), {}))
BROKEN = base64.b64encode(zlib.compress(json.dumps({"sesame": "sesame"}).encode())).decode()
# Modules that the writer, AnsibleModule and the wrapper around them import, some of them late.
IMPORTED = ("base64", "glob", "json", "mmap", "resource", "typing", "zlib", "zipfile", "ansible_collections")
ACTION = """
import os
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        beside = self._task.args.get("beside")
        if beside:
            self._make_tmp_path()
            for name in os.listdir(beside):
                os.link(os.path.join(beside, name), os.path.join(self._connection._shell.tmpdir, name))
        result = self._execute_module("mailops.profiles.mail_account_apply", {"job": self._task.args["job"]}, task_vars=task_vars)
        return {**result, "left": os.listdir(self._connection._shell.tmpdir) if beside else None}
"""


@pytest.fixture
def send(tmp_path: Path, collections_path: str):
    """Runs a task that sends a job, in an empty directory ``here``; the result of the task, and everything that was written."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/send_job.py").write_text(ACTION)
    here = tmp_path / "here"
    here.mkdir()

    def run(
        action: str = "send_job", arguments: dict[str, Any] | None = None, check: bool = True, keep: bool = False, **variables: str
    ) -> tuple[dict[str, Any], str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ANSIBLE"))}
        environment.update(
            ANSIBLE_COLLECTIONS_PATH=collections_path, ANSIBLE_ACTION_PLUGINS=str(tmp_path / "plugins"), ANSIBLE_LOAD_CALLBACK_PLUGINS="true",
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.oneline", ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
            ANSIBLE_KEEP_REMOTE_FILES=str(keep),
        )  # fmt: skip
        argv = [str(Path(sys.executable).parent / "ansible"), "localhost", "-c", "local", "-m", action, "-a", json.dumps(arguments or {"job": JOB})]
        argv += [*(["--check"] if check else []), "-vvv", "-e", json.dumps({"ansible_python_interpreter": sys.executable, **variables})]
        done = subprocess.run(argv, cwd=here, env=environment, capture_output=True, text=True, timeout=60, check=False)
        line = next(line for line in done.stdout.splitlines() if line.startswith("localhost | "))
        return json.loads(line.partition("=> ")[2]), done.stdout + done.stderr

    return run


def test_it_answers(send) -> None:
    result, said = send()
    assert not result["changed"] and load_answer(result["answer"]).missing == ("no such user",)
    assert JOB not in said  # not among the arguments that Ansible returns, either


@pytest.mark.parametrize("check", [True, False])
def test_a_task_that_uses_it_fails(send, check: bool) -> None:
    result, _said = send(MODULE, check=check)
    assert result["msg"] == "mail_account_apply is internal: use mailops.profiles.mail_account"


@pytest.mark.parametrize("pipelining", ["true", "false"])
def test_modules_in_the_current_directory_and_beside_it_are_not_imported(send, tmp_path: Path, pipelining: str) -> None:
    traps = tmp_path / "here"
    for name in IMPORTED:
        (traps / f"{name}.py").write_text(f"open({str(tmp_path / 'trapped')!r}, 'w').close()\n")
    result, _said = send(arguments={"job": JOB, "beside": str(traps)}, ansible_pipelining=pipelining)
    assert load_answer(result["answer"]).missing == ("no such user",)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("job", [JOB, BROKEN], ids=["", "broken"])
def test_its_file_with_the_passwords_is_gone_while_it_runs(send, tmp_path: Path, keep: bool, job: str) -> None:
    """Ansible removes it when the module has ended: never, if the controller is killed or the connection breaks. Whoever asks Ansible to keep
    remote files (which a task with passwords refuses) gets it."""
    result, _said = send(arguments={"job": job, "beside": str(tmp_path / "here")}, ansible_pipelining="false", keep=keep)
    assert result["left"] == (["AnsiballZ_mail_account_apply.py"] if keep else [])


def test_a_mistake_of_ours_is_reported_without_what_was_sent(send) -> None:
    result, said = send(arguments={"job": BROKEN})
    assert "internal error ValueError at _wire.py:" in result["msg"] and "please report it" in result["msg"]
    assert "sesame" not in said and "Traceback" not in said


ALONE = """
import json, sys
import ansible.module_utils.basic as basic
from ansible_collections.mailops.profiles.plugins.modules.mail_account_apply import main
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": {"job": "not a job at all"}}).encode()
basic._ANSIBLE_PROFILE = "legacy"
"""


@pytest.mark.parametrize(
    "host, said",
    [
        ("sys.version_info = (3, 7, 9, 'final', 0)", "(Python 3.7) is too old: the host needs Python 3.8 or newer; set ansible_python_interpreter"),
        ("sys.modules['mmap'] = None", "has no module mmap: install all of Python's standard library, or set ansible_python_interpreter"),
    ],
    ids=["old", "incomplete"],
)
def test_an_unsupported_interpreter_is_reported(collections_path: str, host: str, said: str) -> None:
    path = os.pathsep.join([collections_path, *filter(None, sys.path)])
    code = f"{ALONE}\n{host}\nmain()"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(done.stdout)
    assert result["failed"] and sys.executable in result["msg"] and said in result["msg"]


def test_its_file_has_no_syntax_that_an_old_interpreter_rejects() -> None:
    """Ansible-core 2.16 sends it to Python 2.7, which then has to say what is wrong."""
    tree = ast.parse((Path(__file__).parents[3] / "plugins/modules/mail_account_apply.py").read_text())
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.AsyncFunctionDef, ast.YieldFrom, ast.Starred)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, newer)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None and not node.args.kwonlyargs and not any(argument.annotation for argument in node.args.args)
        assert not isinstance(node, ast.ImportFrom) or node.module != "__future__"

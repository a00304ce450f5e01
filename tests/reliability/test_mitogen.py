# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under mitogen, where an import in a forked process never returns, a rollout ends and does the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_mitogen
import pytest

from ..mounts import own_var_lib
from ..profiles import profile

TIMEOUT = 120
HOSTS = ("first", "second")


def variables(dest: Path, **of_the_users: Any) -> dict[str, Any]:
    user = {"display_name": "A User", "password": "s3cret", **of_the_users}
    users = [{"name": name, "email": f"{name}@example.org", **user} for name in ("anna", "bob")]
    options = {"users": users, "profile_definitions": [profile()], "clients": ["msmtp", "mbsync"], "dest": f"{dest}/{{HostName}}/{{UserName}}"}
    return {"mail_accounts_hosts": "all", **{f"mail_accounts_{name}": value for name, value in options.items()}}


# Where Ansible learns of the interpreter: a variable, and the environment (as from ansible.cfg). Discovery looks into the PATH.
INTERPRETERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "path": ({"ansible_python_interpreter": sys.executable}, {}),
    "environment": ({}, {"ANSIBLE_PYTHON_INTERPRETER": sys.executable}),
    "auto": ({"ansible_python_interpreter": "auto_silent"}, {"PATH": "/usr/bin:/bin"}),
    "nothing": ({}, {"PATH": "/usr/bin:/bin"}),
}


@pytest.mark.parametrize(
    ("strategy", "interpreter"),
    [
        ("mitogen_free", "path"), ("mitogen_linear", "auto"),
        *(pytest.param("mitogen_linear", each, marks=pytest.mark.long) for each in INTERPRETERS if each != "auto"),
    ],  # fmt: skip
)
def test_a_rollout_ends(tmp_path: Path, strategy: str, interpreter: str) -> None:
    plugins = Path(ansible_mitogen.__file__).parent / "plugins" / "strategy"
    known, settings = INTERPRETERS[interpreter]
    common = {"ansible_connection": "local", **known}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": dict.fromkeys(HOSTS, {}), "vars": common}}))
    environment = {
        **os.environ, "ANSIBLE_STRATEGY_PLUGINS": str(plugins), "ANSIBLE_STRATEGY": strategy,
        "ANSIBLE_COLLECTIONS_PATH": str(Path(__file__).parents[2] / "build/collections"), **settings,
    }  # fmt: skip

    def run(*arguments: str, **of_the_users: Any) -> str:
        path = tmp_path / "variables.json"
        path.write_text(json.dumps(variables(tmp_path / "dest", **of_the_users)))
        playbook = [str(Path(sys.executable).parent / "ansible-playbook"), "mailops.profiles.rollout"]
        argv = [*own_var_lib(tmp_path), *playbook, "-i", str(inventory), "-e", f"@{path}", *arguments]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def changed(output: str) -> list[int]:
        return [output.count(f"changed={number} ") for number in (0, 1)]

    assert changed(run("--check", "--diff")) == [0, 2] and not (tmp_path / "dest").exists()
    assert changed(run("--diff")) == [0, 2]
    for host in HOSTS:
        assert b"imap.example.org" in (tmp_path / "dest" / host / "anna/.mbsyncrc").read_bytes()
    assert changed(run()) == [2, 0]
    assert changed(run(state="absent")) == [0, 2]
    assert not [path for path in (tmp_path / "dest").rglob("*") if path.is_file()]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of the modules, with the commands of the ansible-core that is installed, on this machine as the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import yaml

from ...mounts import own_var_lib
from ...profiles import profile

# Notes /proc/PID/cmdline of itself and of the processes between Ansible and it, and its own environ, and goes on as Python.
_INTERPRETER = """#!{python}
import os, sys
pid = os.getpid()
with open({notes!r}, "ab") as notes:
    notes.write(open("/proc/self/environ", "rb").read() + b"\\n")
    while b"playbook" not in (command := open(f"/proc/{{pid}}/cmdline", "rb").read()).split(b"\\0"):
        notes.write(command + b"\\n")
        pid = int(open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[1])
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Done:
    """``text``: all that was displayed. ``results``: what the tasks registered. ``seen``: command lines and environments on the host."""

    status: int
    text: str
    results: dict[str, Any]
    seen: str


def _registered(tasks: list[dict[str, Any]]) -> Iterator[str]:
    for task in tasks:
        yield from [task["register"]] if "register" in task else _registered(task.get("block", []))


class Room:
    """A directory for runs, with a host in it whose Python notes how it was called."""

    def __init__(self, path: Path, collections_path: str) -> None:
        self.path = path
        self._isolation = own_var_lib(path)
        self._notes = path / "notes"
        self._python = path / "python-that-notes"
        self._python.write_text(_INTERPRETER.format(python=sys.executable, notes=str(self._notes)))
        self._python.chmod(0o755)
        self.environ = {
            "HOME": str(path), "PATH": f"{Path(sys.executable).parent}:{os.defpath}", "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": collections_path, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0",
        }  # fmt: skip

    def run(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """One of Ansible's commands."""
        return subprocess.run(
            [*self._isolation, sys.executable, "-m", "ansible", *argv], cwd=self.path, env={**self.environ, **environ}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip

    def play(self, tasks: list[dict[str, Any]], *argv: str, play: dict[str, Any] | None = None, **environ: str) -> Done:
        """A play of these tasks. What they register ends in ``results``."""
        registered = list(_registered(tasks))
        found = self.path / "results.json"
        found.unlink(missing_ok=True)
        written = "{" + ", ".join(f"'{name}': {name}" for name in registered) + "}"
        plays = [{"hosts": "host", "connection": "local", "gather_facts": False, **(play or {}), "tasks": tasks}]
        if registered:
            # A play of its own, which has nothing of the first one's keywords.
            keep = {"ansible.builtin.copy": {"content": f"{{{{ {written} | to_json }}}}", "dest": str(found)}, "no_log": True}
            plays.append({**plays[0], "environment": {}, "module_defaults": {}, "tasks": [keep]})
        (self.path / "play.yml").write_text(yaml.safe_dump(plays))
        (self.path / "hosts").write_text(f"host ansible_python_interpreter={self._python}\n")
        self._notes.write_bytes(b"")
        done = self.run("playbook", "-i", "hosts", "play.yml", *argv, **environ)
        results = json.loads(found.read_text()) if found.exists() else {}
        return Done(done.returncode, done.stdout, results, self._notes.read_bytes().decode(errors="replace"))


@pytest.fixture
def room(tmp_path: Path, collections_path: str) -> Room:
    return Room(tmp_path, collections_path)


@pytest.fixture
def account(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that gives the options of a small mail_account below ``tmp_path``, with some changed (None: left out)."""

    def make(**changes: Any) -> dict[str, Any]:
        user = {"name": "anna", "email": "anna@example.org", "display_name": "Anna Nowak", "password": "correct horse"}
        options = {
            "users": [user], "clients": ["msmtp"], "dest": f"{tmp_path}/out/{{UserName}}",
            "profile_definitions": [profile()],
            **changes,
        }  # fmt: skip
        return {name: value for name, value in options.items() if value is not None}

    return make

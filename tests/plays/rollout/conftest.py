# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs of ``ansible-playbook``, with the ansible-core of the tests, in a directory of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ...mounts import own_var_lib
from ...profiles import bare_profile

PROFILE = bare_profile()


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "email": f"{name}@example.org", "display_name": name.title(), "password": f"sesame-{name}", **more}


@dataclass(frozen=True)
class Run:
    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams as one text without line breaks, because Ansible wraps warnings."""
        return " ".join((self.stdout + self.stderr).split())


@dataclass(frozen=True)
class Project:
    """A directory with an inventory and playbooks. Accounts go to ``homes`` below it. ``isolation``: the beginning of each command."""

    path: Path
    collections: str
    isolation: tuple[str, ...]

    def write(self, name: str, content: Any) -> str:
        """A file of the project: a text as it is, all else as JSON, which YAML contains. Returns its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def inventory(self, hosts: dict[str, dict[str, Any]], name: str = "hosts.json", **variables: Any) -> str:
        common = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "mail_accounts_clients": ["msmtp"],
            "mail_accounts_dest": f"{self.path}/homes/{{{{ inventory_hostname }}}}/{{UserName}}", "mail_accounts_profile_definitions": [PROFILE],
        }  # fmt: skip
        return self.write(name, {"mail_accounts": {"hosts": hosts, "vars": {**common, **variables}}})

    def environment(self, **more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MAILOPS_"))}
        known = {
            "ANSIBLE_COLLECTIONS_PATH": self.collections, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "COLUMNS": "1000",
        }  # fmt: skip
        return {**clean, **known, **more}

    def play(self, *arguments: str, **environment: str) -> Run:
        """ansible-playbook in the project's directory."""
        argv = [*self.isolation, sys.executable, "-m", "ansible", "playbook", *arguments]
        done = subprocess.run(argv, cwd=self.path, env=self.environment(**environment), capture_output=True, text=True, check=False)
        return Run(done.returncode, done.stdout, done.stderr)

    def rollout(self, inventory: str, *arguments: str, **environment: str) -> Run:
        return self.play("mailops.profiles.rollout", "-i", inventory, *arguments, **environment)

    def written(self) -> list[str]:
        homes = self.path / "homes"
        return sorted(str(path.relative_to(homes)) for path in homes.rglob("*") if path.is_file())


@pytest.fixture
def project(tmp_path: Path, collections_path: str) -> Project:
    return Project(tmp_path, collections_path, own_var_lib(tmp_path))

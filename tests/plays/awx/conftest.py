# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ...checkout import ROOT

LANGUAGES = ("en", "pl")
AWX = ROOT / "extensions" / "awx"
# The kinds of objects, in the variables of infra.aap_configuration (roles/dispatch), and the modules of awx.awx.
KINDS = {
    "controller_credential_types": "credential_type", "controller_credentials": "credential", "controller_execution_environments": "execution_environment",
    "controller_notifications": "notification_template", "controller_projects": "project", "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source", "controller_templates": "job_template", "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}  # fmt: skip
SETTINGS = {
    "mailops_awx_project_url": "https://git.example.org/mail.git", "mailops_awx_project_credential": "Git",
    "mailops_awx_image": "registry.example.org/mail:1", "mailops_awx_slices": 4,
    "mailops_awx_store": "postgresql://mailops@db.example.org/mail", "mailops_awx_store_password": "a:b\\c",
    "mailops_awx_store_key": "0123456789abcdefgh",
    "mailops_awx_notify": ["it@example.org"], "mailops_awx_notify_sender": "awx@example.org", "mailops_awx_timezone": "Europe/Warsaw",
}  # fmt: skip


@pytest.fixture(scope="session")
def objects(collections_path: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All objects, as Ansible fills them in: language -> variable -> list."""
    path = tmp_path_factory.mktemp("objects")
    files = [str(AWX / "settings.yml"), *(str(AWX / "objects" / f"{name}.yml") for name in ("access", "project", "jobs"))]
    written = "{" + ", ".join(f"'{name}': {name}" for name in KINDS) + "}"
    plays = [
        {
            "hosts": "localhost", "connection": "local", "gather_facts": False, "vars_files": [*files, str(AWX / "texts" / f"{language}.yml")],
            "tasks": [{"ansible.builtin.copy": {"content": f"{{{{ {written} | to_json }}}}", "dest": str(path / f"{language}.json"), "mode": "0600"}}],
        }
        for language in LANGUAGES
    ]  # fmt: skip
    (path / "play.yml").write_text(yaml.safe_dump(plays))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections_path, "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    argv = [sys.executable, "-m", "ansible", "playbook", str(path / "play.yml"), "-e", json.dumps(SETTINGS)]
    done = subprocess.run(argv, env=environment, cwd=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {language: json.loads((path / f"{language}.json").read_text()) for language in LANGUAGES}


@pytest.fixture(params=LANGUAGES)
def awx(request: pytest.FixtureRequest, objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The objects in each language."""
    return objects[request.param]


def survey(objects: dict[str, Any], playbook: str) -> dict[str, Any]:
    return next(item["survey_spec"] for item in objects["controller_templates"] if item["playbook"] == f"{playbook}.yml")


def documented(playbook: str) -> dict[str, Any]:
    """The variables of a playbook, as its documentation has them."""
    path: Path = ROOT / "playbooks" / f"{playbook}.meta.yml"
    return yaml.safe_load(path.read_text())["argument_specs"][playbook]["options"]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``awx`` with the real modules of awx.awx, as the package ``ansible`` has them: one run makes everything, a second changes nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .api import Awx, served
from .conftest import AWX, KINDS, LANGUAGES, ROOT, SETTINGS
from .test_objects import ARGUMENTS

pytestmark = pytest.mark.long
# In AWX already, which the settings name.
_GIT = {"name": "Git", "inputs": {}}


@pytest.fixture(scope="session")
def package() -> Path:
    """The wheel of the package ``ansible``, 50 MB, kept below build/."""
    place = ROOT / "build" / "awx"
    if not list(place.glob("ansible-12.*.whl")):
        argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(place), "ansible ~= 12.0"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the package ansible cannot be downloaded: {done.stderr[-200:]}")
    return next(iter(place.glob("ansible-12.*.whl")))


@pytest.fixture(scope="session")
def collections(package: Path, collections_path: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("awx-awx")
    with zipfile.ZipFile(package) as wheel:
        for name in wheel.namelist():
            if name.startswith("ansible_collections/awx/awx/"):
                wheel.extract(name, place)
    return f"{collections_path}:{place}"


def test_the_arguments_are_those_of_the_package(package: Path) -> None:
    with zipfile.ZipFile(package) as wheel:
        for module, arguments in ARGUMENTS.items():
            tree = ast.parse(wheel.read(f"ansible_collections/awx/awx/plugins/modules/{module}.py"))
            calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "argument_spec"]
            found = {keyword.arg: _plain(keyword.value) for keyword in calls[0].keywords}
            assert found == arguments, module


def _plain(call: ast.Call) -> dict[str, Any]:
    known = {key.arg: key.value for key in call.keywords if key.arg in ("type", "choices", "required")}
    return {name: ast.literal_eval(value) for name, value in known.items() if not isinstance(value, ast.Call)}


def run(collections: str, url: str, tmp_path: Path, language: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}, "ANSIBLE_COLLECTIONS_PATH": collections,
        "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": "token",
    }  # fmt: skip
    argv = [sys.executable, "-m", "ansible", "playbook", "mailops.profiles.awx", "-e", json.dumps({**SETTINGS, "mailops_awx_language": language})]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_run_makes_everything_and_a_second_changes_nothing(
    collections: str, objects: dict[str, dict[str, Any]], tmp_path: Path, language: str
) -> None:
    awx = Awx({path.name for path in (AWX / "project").glob("*.yml")} - {"inventory.yml"})
    awx._put("credential_types", {"name": "Source Control", "inputs": {"fields": []}, "injectors": {}, "kind": "cloud"})
    awx._put("credentials", {**_GIT, "credential_type": awx.named("credential_types", "Source Control")["id"]})
    with served(awx) as url:
        run(collections, url, tmp_path, language)
        for kind, items in objects[language].items():
            endpoint = {"inventory": "inventories"}.get(KINDS[kind], f"{KINDS[kind]}s")
            assert {item["name"] for item in items} <= {item["name"] for item in awx.objects[endpoint].values()}, kind
        templates = {item["name"]: item for item in objects[language]["controller_templates"]}
        for name, item in templates.items():
            number = awx.named("job_templates", name)["id"]
            assert awx.surveys.get(number) == item.get("survey_spec") and len(awx.related[f"job_templates/{number}/credentials"]) == 3
        nodes = {node["identifier"]: node["id"] for node in awx.objects["workflow_job_template_nodes"].values()}
        links = {name: awx.related.get(f"workflow_job_template_nodes/{number}/success_nodes", []) for name, number in nodes.items()}
        assert links == {"check-before": [nodes["rollout"]], "rollout": [nodes["check-after"]], "check-after": []}
        secrets = sorted(value for _name, value in awx.secrets)
        assert secrets == sorted([SETTINGS["mailops_awx_store_password"], SETTINGS["mailops_awx_store_key"]])
        awx.writes.clear()
        again = run(collections, url, tmp_path, language)
        assert "changed=0" in again and awx.writes == [] and not any(str(value) in again for value in secrets)

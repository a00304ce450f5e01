# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment: ansible-builder accepts it, and finds what the collection needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ...checkout import COLLECTIONS, ROOT

BUILDER = shutil.which("ansible-builder", path=str(Path(sys.executable).parent))


def build(*arguments: str) -> str:
    if BUILDER is None:
        pytest.skip("there is no ansible-builder; pip install ansible-builder")
    done = subprocess.run([BUILDER, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_build_context(tmp_path: Path) -> None:
    build("create", "-f", str(ROOT / "execution-environment.yml"), "-c", str(tmp_path), "--output-filename", "Containerfile")
    text = (tmp_path / "Containerfile").read_text()
    assert "quay.io/centos/centos:stream9" in text and "python3.12" in text
    assert yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())["collections"][0]["type"] == "git"


def test_what_the_collection_needs() -> None:
    """Without upper bounds, which contradict those of other collections, and without ansible-core, which the builder ignores."""
    needed = [line.partition("#")[0].strip().strip("'") for line in yaml.safe_load(build("introspect", str(COLLECTIONS)))["python"]]
    assert [line.split()[0] for line in needed] == ["cryptography", "idna", "psycopg[binary]", "segno"]
    assert not [line for line in needed if "<" in line or "==" in line]


@pytest.mark.long
@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_it_resolves_on_the_pythons_of_execution_environments(version: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "pip", "download", "-q", "-d", str(tmp_path), "--only-binary=:all:", "--python-version", version, "-r"]
    done = subprocess.run([*argv, str(ROOT / "requirements.txt"), "ansible-core"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} >= {"idna", "psycopg", "psycopg_binary", "ansible_core", "cryptography"}

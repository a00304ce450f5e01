# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was not tested is a failure under CI=true unless it is excused, and is said at the end of `make test` otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

EXCUSES = "- what: nothing of importance\n  why: It is an example.\n  skipped: ['tests/test_it.py::test_excused', 'leg-2 on *']\n"


def run(directory: Path, ci: str, *argv: str, **env: str) -> tuple[int, str]:
    environment = {**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", **env}
    done = subprocess.run([sys.executable, *argv], cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("body", "ci", "status"), [
    ("def test_it(): pytest.skip('no such thing here')", "", 0),
    ("def test_it(): pytest.skip('no such thing here')", "true", 1),
    ("@pytest.mark.skip('no such thing here')\ndef test_it(): pass", "true", 1),
    ("pytest.skip('no such thing here', allow_module_level=True)", "true", 2),
    ("def test_excused(): pytest.skip('no such thing here')", "true", 0),
])  # fmt: skip
def test_pytest(tmp_path: Path, body: str, ci: str, status: int) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("__init__", "checkout", "conftest", "releases", "debian"):
        shutil.copy(ROOT / f"tests/{name}.py", tests)
    (tests / "lab").mkdir()
    shutil.copy(ROOT / "tests/lab/client-packages", tests / "lab")
    (tests / "not-tested-here.yml").write_text(EXCUSES)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    (tests / "test_it.py").write_text(f"import pytest\n{body}\n")
    found, output = run(tmp_path, ci, "-m", "pytest", "-ra", "tests/test_it.py")
    assert found == status and "no such thing here" in output, output


@pytest.mark.parametrize(("log", "ci", "result"), [
    ("=== 2 passed in 0.10s ===", "true", "passed"),
    ("not tested: leg: there is no such thing here", "", "skipped"),
    ("not tested: leg: there is no such thing here", "true", "FAILED"),
    ("not tested: leg-2 on the moon", "true", "passed"),
    ("SKIPPED [2] tests/x.py:3: no such thing here\n=== 2 skipped in 0.10s ===", "", "skipped"),
    ("SKIPPED [1] tests/x.py:3: no such thing here\n=== 1 passed, 1 skipped in 0.10s ===", "", "passed"),
])  # fmt: skip
def test_summary(tmp_path: Path, log: str, ci: str, result: str) -> None:
    (tmp_path / "leg.result").write_text("leg 0 7\n")
    (tmp_path / "leg.log").write_text(f"{log}\n")
    shutil.copytree(ROOT / ".ci", tmp_path / "project/.ci")
    (tmp_path / "project/tests").mkdir()
    (tmp_path / "project/tests/not-tested-here.yml").write_text(EXCUSES)
    status, output = run(tmp_path, ci, "project/.ci/summary.py", logs=str(tmp_path))
    assert status == (result == "FAILED"), output
    assert f"leg          {result:<7}    7 s" in output
    assert ("no such thing here" in output.split("=== summary ===")[1]) is ("no such thing here" in log)
    assert "nothing of importance: It is an example." in output

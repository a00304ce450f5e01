# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``report_path``: where it may be, that a task writes it, and what happens when it cannot be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import make_report

from ...linux import MS_RDONLY
from ...mounts import in_memory, in_own_namespace
from ...profiles import bare_profile
from ..refusals import problems, refusal
from .deployments import JOANNA, deployment


def refused(path: Path | str) -> str:
    (problem,) = problems(deployment, [JOANNA], report_path=str(path))
    return problem


def test_where_it_may_be(tmp_path: Path) -> None:
    assert deployment([JOANNA], report_path=str(tmp_path / "r.json")).request.report_path == str(tmp_path / "r.json")
    assert refused("r.json") == "report_path: must be an absolute path on the controller"
    assert refused(tmp_path) == f"report_path: {tmp_path} is a directory: give the path of a file in it"
    assert refused(tmp_path / "no/r.json") == f"report_path: there is no directory {tmp_path}/no on the controller: create it"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    path = tmp_path / "disk"
    path.mkdir()
    return path


def test_a_directory_that_is_not_writable(disk: Path) -> None:
    def inside() -> str:
        in_memory(disk, flags=MS_RDONLY)
        return refused(disk / "r.json")

    assert in_own_namespace(inside) == f"report_path: cannot write in {disk} on the controller: Read-only file system"


def test_a_full_disk_keeps_the_old_report(disk: Path) -> None:
    def inside() -> list[object]:
        in_memory(disk, "size=4k")
        path = disk / "r.json"
        path.write_text("old")  # the only page
        refused = refusal(make_report(deployment([JOANNA]), None, False).write, str(path))
        return [refused, path.read_text(), os.listdir(disk)]

    message = f"report_path {disk}/r.json: cannot be written: No space left on device"
    assert in_own_namespace(inside) == [message, "old", ["r.json"]]


@pytest.mark.parametrize("check", [True, False])
def test_a_task_writes_it(check: bool, tmp_path: Path, collections_path: str) -> None:
    path = tmp_path / "r.json"
    options = {"users": [{"name": "no-such-user-here", "email": "x@example.org", "display_name": "X"}], "profile_definitions": [bare_profile()],
               "clients": ["msmtp"], "missing_users": "skip", "report_path": str(path)}  # fmt: skip
    argv = [str(Path(sys.executable).parent / "ansible"), "localhost", "-c", "local", "-m", "mailops.profiles.mail_account"]
    argv += ["-a", json.dumps(options), "-e", f"ansible_python_interpreter={sys.executable}", *(["--check"] if check else [])]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections_path, "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote")}
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(path.read_text())
    assert [item["user"] for item in written["skipped_accounts"]] == ["no-such-user-here"] and not written["failed"]

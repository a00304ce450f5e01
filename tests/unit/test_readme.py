# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's first playbook works as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2].joinpath("README.md").read_text(encoding="utf-8")
FILES = {name: text for text, name in re.findall(r"```yaml\n(# (\S+)\n.*?)```", README, flags=re.DOTALL)}
COMMANDS = re.findall(r"^ansible-playbook .*$", README, flags=re.MULTILINE)


@pytest.fixture
def run(tmp_path: Path, collections_path: str):
    """Runs one of the README's commands beside the README's files, as somebody who has nothing else."""
    directory = tmp_path / "first"
    home = tmp_path / "home"
    directory.mkdir()
    home.mkdir()
    for name, text in FILES.items():
        (directory / name).write_text(text, encoding="utf-8")
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": collections_path,
        "ANSIBLE_NOCOLOR": "1",
    }

    def run_command(command: str) -> str:
        done = subprocess.run(
            command, shell=True, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run_command.directory = directory
    return run_command


def test_the_readme_has_two_files_and_two_commands():
    assert sorted(FILES) == ["inventory.yml", "profiles.yml"]
    assert len(COMMANDS) == 2


def test_the_first_playbook(run):
    store, rollout = COMMANDS
    homes = run.directory / "homes"
    assert "changed=1 " in run(store)

    dry = run(f"{rollout} --check")
    assert not homes.exists()

    output = run(rollout)
    assert output == dry
    assert "changed=1 " in output
    assert "+++" in output
    assert "change me" not in output, "a password in the diff"
    assert [path.name for path in homes.iterdir()] == ["jkowalska"]
    written = "".join(path.read_text(encoding="utf-8") for path in homes.rglob("*") if path.is_file())
    for value in ("imap.example.org", "smtp.example.org", "j.kowalska@example.org", "Joanna Kowalska", "change me"):
        assert value in written

    assert "changed=0 " in run(rollout)

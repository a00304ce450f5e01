# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture `fleet`: running hosts. A test has a fleet of its own; starting one takes half a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# These files are programs first and import each other by their plain names; pytest's importlib mode adds no path.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from another_release import Unavailable, root  # noqa: E402
from hosts import Hosts  # noqa: E402
from rollout import FLEET, PROFILE, Fleet  # noqa: E402
from sandbox import missing_packages, why_impossible  # noqa: E402


@pytest.fixture(scope="session")
def possible() -> None:
    missing = missing_packages()
    if reason := why_impossible() or (missing and f"packages are missing, which make packages installs: {' '.join(missing)}"):
        pytest.skip(reason)


@pytest.fixture(scope="session")
def another_release(possible) -> None:
    try:
        root()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def store(possible, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("store")
    task = {"mailops.profiles.mail_profiles": {"profiles": [PROFILE], "store": str(directory / "profiles.db")}}
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    (directory / "profiles.yml").write_text(json.dumps(play))
    argv = [str(Path(sys.prefix, "bin/ansible-playbook")), "-i", "localhost,", str(directory / "profiles.yml")]
    subprocess.run(argv, env={**os.environ, **Hosts(directory).environment, "ANSIBLE_INVENTORY": ""}, check=True)
    return directory / "profiles.db"


@pytest.fixture
def fleet(another_release, store: Path, tmp_path: Path) -> Iterator[Fleet]:
    hosts = Fleet(tmp_path / "hosts", FLEET)
    hosts.start(die_with_caller=True)
    try:
        hosts.prepare(store)
        yield hosts
    finally:
        hosts.stop()

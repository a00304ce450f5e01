# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture `lab`: a running lab for all tests of a file; starting one takes a second."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The lab's files are programs first and import each other by their plain names; pytest's importlib mode adds no path.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from harness import Lab, load_users  # noqa: E402
from sandbox import REPOSITORY, Sandbox, missing_packages, why_impossible  # noqa: E402

sys.path.insert(0, str(REPOSITORY))
from tests.releases import Release  # noqa: E402


@pytest.fixture(scope="module")
def lab(lab_possible, debian: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    sandbox = Sandbox(tmp_path_factory.mktemp("lab"))
    # Tests hand files over in their tmp_path, so the sandbox sees the same one.
    sandbox.start(shared=[tmp_path_factory.getbasetemp()], die_with_caller=True)
    # The lab has a copy of the machine's /var, and knows nobody whom the machine serves.
    shutil.rmtree(sandbox.path("/var/lib/mailops.profiles"), ignore_errors=True)
    try:
        lab = Lab(sandbox)
        lab.use_programs_of(debian)
        yield lab
    finally:
        sandbox.stop()


@pytest.fixture(scope="session")
def lab_possible() -> None:
    """Skips the tests where no lab can run. In CI, where one must run, they fail."""
    missing = missing_packages()
    reason = why_impossible() or (missing and f"the lab needs packages, which make packages installs: {' '.join(missing)}")
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def no_command_ran(lab: Lab) -> Iterator[None]:
    """Fails a test in which a program ran a command out of a value: values of the tests touch files with these names."""
    yield
    assert not lab.path("/tmp/pwned").exists()
    assert not [path for name in load_users() for path in lab.path(f"/home/{name}").rglob("*pwned*")]

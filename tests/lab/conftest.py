# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture `lab`: a running lab for all tests of a file; starting one takes a second."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The lab's files are programs first and import each other by their plain names; pytest's importlib mode adds no path.
sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import Lab  # noqa: E402
from sandbox import HERE, Sandbox, missing_packages, why_impossible  # noqa: E402

POLICY = Path("/usr/sbin/policy-rc.d")


@pytest.fixture(scope="module")
def lab(lab_possible, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    sandbox = Sandbox(tmp_path_factory.mktemp("lab"))
    # Tests hand files over in their tmp_path, so the sandbox sees the same one.
    sandbox.start(shared=[tmp_path_factory.getbasetemp()], die_with_caller=True)
    try:
        yield Lab(sandbox)
    finally:
        sandbox.stop()


@pytest.fixture(scope="session")
def lab_possible() -> None:
    """Skips the tests where no lab can run. In CI, where one must run, they fail."""
    reason = why_impossible() or _install_packages()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def _install_packages() -> str | None:
    """Install what the lab needs; the reason if that is impossible."""
    # Workers that run in parallel come here at the same time.
    with (HERE / "packages").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (missing := missing_packages()):
            return None
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            with _services_stay_off():
                for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
                    subprocess.run(["apt-get", "--quiet", *command], env=environment, stdin=subprocess.DEVNULL,
                                   capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"the lab needs these packages, which cannot be installed here: {' '.join(missing)} ({error})"
    return None


@contextlib.contextmanager
def _services_stay_off() -> Iterator[None]:
    """Debian starts the service of a package that is installed, unless this program says no."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()

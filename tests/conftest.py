# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under CI=true a skipped test is a failure, unless not-tested-here.yml excuses it: what was to be proven was not. And fixtures: where the
collection is, and `debian`, for tests of programs."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import pytest
import yaml

from . import releases
from .checkout import COLLECTIONS

_UNTESTED = yaml.safe_load(Path(__file__).with_name("not-tested-here.yml").read_text(encoding="utf-8"))
_EXCUSED = [pattern for entry in _UNTESTED for pattern in entry.get("skipped", ())]


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return
    if any(fnmatch.fnmatchcase(report.nodeid, pattern) for pattern in _EXCUSED):
        return
    report.outcome = "failed"
    report.longrepr = f"skipped, which is a failure under CI=true: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.fixture(scope="session")
def collections_path() -> str:
    """A value for ANSIBLE_COLLECTIONS_PATH."""
    return str(COLLECTIONS)


@pytest.fixture(scope="session")
def debian(request: pytest.FixtureRequest) -> releases.Release:
    """Whose programs a test is for: those of the machine, and again those of the other releases. In the lab the others are `long`, but for
    tests that are marked `every_release`; those that are marked `own_release` have the machine's only."""
    name = getattr(request, "param", releases.OWN)
    try:
        return releases.find(name)
    except releases.Unavailable as reason:
        pytest.skip(str(reason))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if "debian" not in metafunc.fixturenames or "own_release" in marks:
        return
    quick = "lab" not in metafunc.fixturenames or "every_release" in marks
    others = [pytest.param(name, marks=() if quick else pytest.mark.long) for name in releases.OTHERS]
    metafunc.parametrize("debian", [releases.OWN, *others], indirect=True, scope="session")

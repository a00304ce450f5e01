# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under CI=true a skipped test is a failure, unless not-tested-here.yml excuses it: what was to be proven was not."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import pytest
import yaml

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

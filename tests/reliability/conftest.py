# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Batteries: many generated cases each. They count what they tried, and the counts stand at the end of the output."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from ..unit.writer.conftest import alice, host, machine, root, tmp_path

__all__ = ["alice", "count", "host", "machine", "root", "tmp_path"]

# How many random cases a battery makes. docs/reliability.md holds the counts of a long run.
USUAL_CASES = 8
CASES = int(os.environ.get("MAILOPS_CASES", USUAL_CASES))


@pytest.fixture
def count(record_property):
    """``count("kills survived", 3)``: adds to a line of the summary."""
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    totals: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        for name, number in report.user_properties:
            totals[name] += number
    for name, number in sorted(totals.items()):
        terminalreporter.write_line(f"{name}: {number}")

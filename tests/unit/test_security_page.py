# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/security.md names, for each attack, tests that are there, or says that nothing defends against it."""

from __future__ import annotations

import re

from ..checkout import ROOT


def test_every_row_has_its_test_or_says_that_there_is_none() -> None:
    rows = [line.split(" | ") for line in (ROOT / "docs/security.md").read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] != "| attack"]
    assert len(rows) > 25
    for row in rows:
        named = re.findall(r"`([a-z_]+(?:/[a-z_*.]+)*)`", row[-1])
        assert len(row) == 3 and (named or "**not defended**" in row[1] or "no attack is known" in row[2]), row
        assert all(list((ROOT / "tests").glob(name)) for name in named), row

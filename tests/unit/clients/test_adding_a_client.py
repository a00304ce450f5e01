# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/adding-a-client.md walks through a real client, and quotes its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import fetchmail

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-client.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_code() -> None:
    assert len(QUOTED) > 5


@pytest.mark.parametrize("code", QUOTED, ids=lambda code: code.split("\n")[0][:40])
def test_the_client_has_the_code_of_the_page(code: str) -> None:
    assert code in Path(fetchmail.__file__).read_text(encoding="utf-8")

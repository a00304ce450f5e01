# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/clients.md agrees with the registry. ``make clients-table`` writes it."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from .document import document
from .judges import JUDGES, Judge

PLACE = Path(__file__).parents[3] / "docs" / "clients.md"


def test_the_table_of_clients_is_current() -> None:
    text = document(clients.all_clients())
    if os.environ.get("MAILOPS_WRITE_EXPECTED"):
        PLACE.write_text(text, encoding="utf-8")
    assert PLACE.read_text(encoding="utf-8") == text, "run make clients-table, and read the difference"


def test_every_judge_is_a_test_that_exists() -> None:
    judges = [judge for verdict in JUDGES.values() for judge in verdict if isinstance(judge, Judge)]
    for judge in judges:
        path, _separator, name = judge.test.partition("::")
        assert f"\ndef {name}(" in (PLACE.parents[1] / "tests" / path).read_text(), judge
    assert set(JUDGES) <= {client.name for client in clients.all_clients()}

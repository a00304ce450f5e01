# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of all kinds of store need: how many cases, enough writers that met what they should, the run after it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Snapshot

from ...postgres import find_postgres
from ...unit.stores.conftest import Place
from ...unit.stores.edits import put, replacing
from ..conftest import CASES
from .writers import Writer, mixture, read

# With 200 cases, 100 writers are killed, while they write as much as takes a while.
KILLS = CASES // 2
BULK = min(300, max(200, CASES * 10))
SOON = 10.0  # seconds; who has to wait for a dead writer's lock waits for 30


def need_postgres() -> None:
    if find_postgres() is None:
        pytest.skip("there is no PostgreSQL server program; install Debian's postgresql")


def next_run(place: Place, number: int) -> Snapshot:
    """A run after something went wrong works at once. What the store held before it."""
    start = time.monotonic()
    edit = put(place.open(), "next", description=str(number))
    assert time.monotonic() - start < SOON
    found = read(place.open())
    assert found.pop("next") == edit.after
    return dict(sorted({**found, **({"next": edit.before} if edit.before else {})}.items()))


def undisturbed(place: Place, chance: random.Random) -> list[dict[str, float]]:
    runs = []
    for _number in range(4):
        listed = mixture(chance, place.open().read(), BULK)
        runs.append(Writer(place.open(), replacing(listed, purge=True)).times())
    return runs[1:]


def until(number: int, met: list[Any], what: str = "killed writers") -> Iterator[int]:
    """Attempts, until ``met`` has so many, and one at least: some writers are done before they are killed, some have room enough."""
    number = max(1, number)
    for attempt in range(10 * number):
        if len(met) == number:
            return
        yield attempt
    assert len(met) == number, f"only {len(met)} {what} in {10 * number} attempts"

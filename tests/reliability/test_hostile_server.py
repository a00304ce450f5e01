# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server that is somebody else's, or what stands in between: it neither holds a task, nor fills the memory, nor reaches the terminal."""

from __future__ import annotations

import time

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import postgresql

from ..short import one_in
from ..unit.stores.edits import put
from .hostile_stores.server import EARLY, LATE, hostile_server
from .hostile_stores.trying import USES, refuse_harm, tried

DEADLINE = 3.0
CONNECT = 2
FEW = {"read all": USES["read all"], "edit good": lambda store: put(store, "good", description="edited").changed}


def judge(port: int, count) -> None:
    start = time.monotonic()
    found = tried(f"postgresql://x@127.0.0.1:{port}/d?connect_timeout={CONNECT}", uses=FEW)
    refuse_harm(found)
    assert found.said["edit good"].problem and (found.said["read all"].problem or found.said["read all"].value == []), found.said
    assert time.monotonic() - start < 10 * len(FEW) * (DEADLINE + CONNECT)  # the machine may have other work
    for said in (said for said in found.said.values() if said.problem):
        assert said.problem.startswith(f"store postgresql://x@127.0.0.1:{port}/d: ") and "\n" not in said.problem
        assert not any(raw in said.problem for raw in ("FATAL", "HTTP")), said
    count("hostile PostgreSQL servers", 1)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "DEADLINE", DEADLINE)


@pytest.mark.parametrize("answer", EARLY.values(), ids=EARLY)
def test_from_the_beginning(answer, count) -> None:
    with hostile_server(early=answer) as port:
        judge(port, count)


@pytest.mark.parametrize("name", one_in(2, LATE))
def test_after_the_log_in(name: str, count) -> None:
    with hostile_server(late=LATE[name]) as port:
        judge(port, count)


def test_the_deadline_is_one_sentence() -> None:
    with hostile_server(late=LATE["silence"]) as port:
        said = tried(f"postgresql://x@127.0.0.1:{port}/d", uses=FEW).said["read all"]
    assert "the server did not finish within 3 seconds; nothing was changed" in said.problem


def test_too_much_is_one_sentence() -> None:
    with hostile_server(late=LATE["a row of 1 GB"]) as port:
        said = tried(f"postgresql://x@127.0.0.1:{port}/d", uses=FEW).said["read all"]
    assert "the server sent more than 256 MiB, which no store has" in said.problem or "within 3 seconds" in said.problem, said

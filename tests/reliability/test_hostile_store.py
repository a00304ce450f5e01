# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody who can write the content of a store, of each kind: what is written there costs the controller little, reaches no terminal raw, runs no
code, and touches no file; what was not touched is still read, or the store is refused with one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import sqlite

from ..postgres import Postgres, find_postgres
from ..short import one_in
from .hostile_stores import databases, directories, sqlite_files
from .hostile_stores.rows import named_rows, rows
from .hostile_stores.trying import refuse_harm, tried

ROWS = {*rows(""), *named_rows()} - {"a name of the other"}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What code would make, beside the store."""
    return tmp_path / "canary"


@pytest.fixture
def nothing_around(tmp_path: Path, canary: Path) -> Callable[[Path], None]:
    def judge(store: Path) -> None:
        assert {path for path in tmp_path.iterdir() if path.name != "lib"} == {store} and not canary.exists()

    return judge


@pytest.mark.parametrize("title", one_in(3, sqlite_files.attacks("")))
def test_sqlite(tmp_path: Path, canary: Path, nothing_around: Callable[[Path], None], title: str, count, monkeypatch) -> None:
    monkeypatch.setattr(sqlite, "_MAX_SECONDS", 0.5)
    store = tmp_path / "store"
    store.mkdir()
    sqlite_files.make(store / "profiles.db")
    sqlite_files.attacks(str(canary))[title](store / "profiles.db")
    refuse_harm(tried(str(store / "profiles.db")), must_read=title in ROWS)
    nothing_around(store)
    count("hostile stores, SQLite", 1)


@pytest.mark.parametrize("title", one_in(3, directories.attacks("")))
def test_directory(tmp_path: Path, canary: Path, nothing_around: Callable[[Path], None], title: str, count) -> None:
    """One file that is wrong is refused with its store: a branch that breaks a profile must not roll out the rest of itself."""
    store = tmp_path / "store"
    directories.make(store)
    directories.attacks(str(canary))[title](store)
    refuse_harm(tried(f"directory://{store}"))
    nothing_around(store)
    count("hostile stores, directory", 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    if find_postgres() is None:
        pytest.skip("there is no PostgreSQL server program; install Debian's postgresql")
    with Postgres() as postgres:
        databases.make(postgres)
        yield postgres


@pytest.mark.parametrize("title", one_in(3, databases.attacks("")))
def test_postgresql(server: Postgres, tmp_path: Path, canary: Path, title: str, count) -> None:
    server.sql("CREATE DATABASE forged TEMPLATE base")
    try:
        with server.connect(dbname="forged") as connection:
            databases.attacks(str(canary))[title](connection)
        url = server.url(databases.OWNER, "forged")
        refuse_harm(tried(url, {"PGPASSFILE": str(server.passfile)}), must_read=title in ROWS | databases.UNTOUCHED)
        assert not canary.exists()
    finally:
        server.sql("DROP DATABASE forged WITH (FORCE)", f"ALTER ROLE {databases.OWNER} RESET ALL")
    count("hostile stores, PostgreSQL", 1)

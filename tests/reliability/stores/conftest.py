# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store of each kind, and a server as careful as servers are in earnest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ...postgres import Postgres
from ...unit.stores.conftest import DATABASE, OWNER, database, directory_place, place, sqlite_place
from .runs import need_postgres

__all__ = ["database", "directory_place", "place", "sqlite_place"]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """As careful as servers are in earnest."""
    need_postgres()
    with Postgres(fsync=True) as postgres:
        postgres.sql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{postgres.password}'", f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        yield postgres


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return request.node.callspec.params["place"]

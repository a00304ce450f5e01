# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of store, empty; a PostgreSQL server for those that need one; a directory that a writer has died in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import Store, open_store

from ...postgres import Postgres, find_postgres
from .directories import killed, opened, told
from .edits import files, put_all

DATABASE = "mailops"
OWNER = "owner"


@dataclass(frozen=True)
class Place:
    """Where a store may be. ``fingerprint`` is what is there, times and transactions of the last change included."""

    url: str
    fingerprint: Callable[[], Any]

    def open(self) -> Store:
        return open_store(self.url, {})


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A running PostgreSQL with a database that sorts in its own way, and a role that may create the schema in it."""
    if find_postgres() is None:
        pytest.skip("there is no PostgreSQL server program; install Debian's postgresql")
    with Postgres() as postgres:
        postgres.sql(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{postgres.password}'",
            f"CREATE DATABASE {DATABASE} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
            f"GRANT CREATE ON DATABASE {DATABASE} TO {OWNER}",
        )
        yield postgres


@pytest.fixture
def database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGPASSFILE", str(server.passfile))

    def fingerprint() -> list[Any]:
        with server.connect(dbname=DATABASE) as connection:
            tables = connection.execute(
                "SELECT oid, xmin, relname FROM pg_class WHERE relname ~ 'profile|schema_version'"
            ).fetchall()
            if any(name == "profiles" for _oid, _xmin, name in tables):
                for table in ("profiles", "schema_version"):
                    tables += connection.execute(f"SELECT xmin, ctid, * FROM mailops_profiles.{table} ORDER BY 3").fetchall()
            return tables

    yield Place(server.url(OWNER, DATABASE), fingerprint)
    server.sql("DROP SCHEMA IF EXISTS mailops_profiles CASCADE", dbname=DATABASE)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "new" / "profiles.db"), lambda: files(tmp_path))


@pytest.fixture
def directory_place(tmp_path: Path) -> Place:
    return Place(f"directory://{tmp_path}/new/profiles.d", lambda: files(tmp_path))


PLACES = {"sqlite": "sqlite_place", "postgresql": "database", "directory": "directory_place"}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    """Where there is no store yet, one test for each kind."""
    return request.getfixturevalue(PLACES[request.param])


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that an ordinary user can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="mailops-store-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


# --- PostgreSQL ---


@pytest.fixture
def admin(server, database):
    """A function that runs statements as the superuser, in the store's database."""
    return lambda *statements: server.sql(*statements, dbname=DATABASE)


@pytest.fixture
def role(server, admin):
    """A function that makes a role with these grants and returns the store as that role sees it."""
    made = []

    def make(name, *grants):
        admin(f"CREATE ROLE {name} LOGIN PASSWORD '{server.password}'", *(grant.format(name) for grant in grants))
        made.append(name)
        return open_store(server.url(name, DATABASE), {})

    yield make
    for name in made:
        admin(f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


@pytest.fixture
def owner_with(admin):
    """A function that gives the owner's sessions a setting."""
    yield lambda setting: admin(f"ALTER ROLE {OWNER} SET {setting}")
    admin(f"ALTER ROLE {OWNER} RESET ALL")


# --- directories ---


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a directory store is going to be."""
    return tmp_path / "profiles.d"


@pytest.fixture
def bulk(tmp_path):
    """A store, a bulk change that creates, edits, renames, swaps and removes, and both states."""
    base = tmp_path / "base"
    put_all(opened(base), [{"name": name, "description": name} for name in "abcde"])
    ids = {name: record.id for name, record in opened(base).read().items()}
    wanted = [
        {"name": "a", "id": ids["b"]},
        {"name": "b", "id": ids["a"]},
        {"name": "c", "default": True},
        {"name": "f", "id": ids["e"]},
        {"name": "new"},
    ]

    def change(path):
        put_all(opened(path), wanted, purge=True)

    shutil.copytree(base, tmp_path / "done")
    change(tmp_path / "done")
    return base, change, told(base), told(tmp_path / "done")


@pytest.fixture
def crashed(tmp_path, bulk):
    """A store whose bulk change was committed, and nothing else."""
    base, change, _old, new = bulk
    path = tmp_path / "crashed"
    shutil.copytree(base, path)
    # The first renaming is that of the journal.
    assert killed(2, lambda: change(path), changes=("rename",)) and (path / ".mailops" / "journal").exists()
    return path, new

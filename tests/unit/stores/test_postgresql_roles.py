# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what in a PostgreSQL store: the roles and statements of docs/stores.md."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, postgresql

from .conftest import DATABASE
from .edits import add, put

ROOT = Path(__file__).resolve().parents[3]


SCHEMA = postgresql.SCHEMA


@pytest.fixture
def store(database):
    return database.open()


READER = (
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{}}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {{}}",
)


WRITER = (
    *READER,
    f"GRANT INSERT, DELETE ON {SCHEMA}.profiles TO {{}}",
    f"GRANT UPDATE ON {SCHEMA}.schema_version TO {{}}",
)


def test_a_reader(database, store, role):
    put(store)
    reader, before = role("reader", *READER), database.fingerprint()
    assert list(reader.read()) == ["work"] and reader.exists
    for use in (lambda: put(reader, default=True), lambda: reader.preview(add), reader.refuse_unusable):
        with pytest.raises(MailopsError, match="this role may not change the profiles; let the owner of the schema grant it"):
            use()
    assert database.fingerprint() == before


def test_a_policy_that_hides_profiles(admin, store, role):
    """An empty store would be believed, and a rollout withdraw accounts."""
    put(store)
    admin(f"ALTER TABLE {SCHEMA}.profiles ENABLE ROW LEVEL SECURITY")
    with pytest.raises(MailopsError, match="this role may not read the profiles"):
        role("reader", *READER).read()


def test_a_writer(server, store, role):
    put(store)
    writer = role("writer", *WRITER)
    writer.refuse_unusable()
    assert put(writer, default=True).changed and put(writer, "other").changed and put(writer, state="absent").changed
    assert list(writer.read()) == ["other"] == list(store.read())
    statements = (
        f"DROP TABLE {SCHEMA}.profiles", f"TRUNCATE {SCHEMA}.profiles", f"CREATE TABLE {SCHEMA}.other ()", "CREATE SCHEMA other",
        f"DROP SCHEMA {SCHEMA} CASCADE", f"ALTER TABLE {SCHEMA}.profiles ADD COLUMN x text",
    )  # fmt: skip
    with psycopg.connect(server.url("writer", DATABASE), autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("without", range(1, len(WRITER)))
def test_check_mode_finds_what_a_writer_lacks(store, role, without):
    put(store)
    writer = role("writer", *(grant for number, grant in enumerate(WRITER) if number != without))
    for use in (lambda: put(writer, "new"), lambda: writer.preview(add)):
        with pytest.raises(MailopsError, match="this role may not (read|change) the profiles"):
            use()


def test_a_stranger(database, store, role):
    stranger = role("stranger")
    assert stranger.read() == {} and not stranger.exists
    for use in (lambda: put(stranger), lambda: stranger.preview(add)):
        with pytest.raises(
            MailopsError, match=f"the role stranger may not create the schema {SCHEMA}; let the role that is to own it"
        ):
            use()
    put(store)
    before = database.fingerprint()
    with pytest.raises(MailopsError, match="this role may not read the profiles"):
        stranger.read()
    with pytest.raises(MailopsError, match="this role may not change the profiles"):
        put(stranger)
    assert database.fingerprint() == before


def test_a_schema_that_an_administrator_made(admin, role):
    """Its owner needs no right to create schemas."""
    owner = role("schema_owner", f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {{}}")
    assert owner.read() == {} and not owner.exists
    owner.refuse_unusable()
    put(owner)
    assert list(owner.read()) == ["work"]


def test_the_roles_of_the_documentation(server, database, admin):
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("stores*.md")))
    blocks = [block for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if "CREATE ROLE" in block or "GRANT" in block]
    roles = ["mailops_owner", "mailops_writer", "mailops_reader"]
    owner, writer, reader = (open_store(server.url(role, DATABASE), {}) for role in roles)
    try:
        admin(blocks[0], *(f"ALTER ROLE {role} PASSWORD '{server.password}'" for role in roles))
        put(owner)
        with psycopg.connect(owner.location) as connection:
            connection.execute(blocks[1])
        assert put(writer, default=True).changed and list(reader.read()) == ["work"]
        with pytest.raises(MailopsError, match="this role may not change the profiles"):
            put(reader)
    finally:
        admin(f"DROP SCHEMA {SCHEMA} CASCADE", *(f"DROP ROLE {role}" for role in roles))

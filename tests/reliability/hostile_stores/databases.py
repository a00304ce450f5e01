# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody may make of a schema in PostgreSQL: rows, types, views, triggers, functions."""

from __future__ import annotations

from typing import Any, Callable

from ...postgres import Postgres
from .rows import ESCAPES, GOOD, Row, named_rows, rows

OWNER = "owner"
_S = "mailops_profiles"
_UUID = "lpad(n::text, 8, '0') || '-0d7c-4e53-9f3b-0d5c7e1f2a3b'"
_E = r"E'\x1b]0;owned\x07'"

Poison = Callable[[Any], None]


def _row(row: Row) -> Poison:
    def poison(connection: Any) -> None:
        if row.name == "good" or len(str(row.name)) > 1000 or len(str(row.id)) > 1000 or len(str(row.key)) > 1000:
            for name in ("pkey", "key_key", "name_key"):  # an index takes no long values
                connection.execute(f"ALTER TABLE {_S}.profiles DROP CONSTRAINT profiles_{name}")
        connection.execute(f"DELETE FROM {_S}.profiles WHERE name = 'victim'")
        values = (row.id, row.key, row.name, row.revision, row.content)
        connection.execute(f"INSERT INTO {_S}.profiles VALUES (%s, %s, %s, %s, %s)", values)

    return poison


def _sql(*statements: str) -> Poison:
    def poison(connection: Any) -> None:
        for statement in statements:
            connection.execute(statement.replace("SCHEMA", _S))

    return poison


def _many(count: int, padding: int = 0) -> Poison:
    document = f"'{Row().document}' || repeat(' ', {padding})"
    return _sql(f"INSERT INTO SCHEMA.profiles SELECT {_UUID}, 'k' || n, 'n' || n, 1, {document} FROM generate_series(1, {count}) n")


def _function(body: str, returns: str = "trigger") -> str:
    return f"CREATE FUNCTION SCHEMA.f() RETURNS {returns} LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _trigger(body: str, event: str = "INSERT OR DELETE") -> Poison:
    return _sql(_function(body), f"CREATE TRIGGER t BEFORE {event} ON SCHEMA.profiles FOR EACH ROW EXECUTE FUNCTION SCHEMA.f()")


def _view(select: str) -> Poison:
    return _sql("ALTER TABLE SCHEMA.profiles RENAME TO real", f"CREATE VIEW SCHEMA.profiles AS {select}")


_REAL = "id, key, name, revision, document"
FORGED: dict[str, Poison] = {
    "a view": _view("SELECT * FROM SCHEMA.real"),
    "a view without end": _view(f"WITH RECURSIVE r({_REAL}) AS (SELECT '1', 'k', 'n', 1, '' UNION ALL SELECT * FROM r) SELECT * FROM r"),
    "a trigger that swallows": _trigger("RETURN NULL;"),
    "a trigger that speaks": _trigger(f"RAISE WARNING '%', {_E}; RETURN COALESCE(NEW, OLD);"),
    "a trigger that speaks without end": _trigger(f"FOR n IN 1..30000 LOOP RAISE WARNING '%', {_E}; END LOOP; RETURN COALESCE(NEW, OLD);"),
    "a trigger that refuses": _trigger(f"RAISE EXCEPTION '%', {_E} USING DETAIL = {_E}, HINT = {_E}, ERRCODE = 'XX123';"),
    "a trigger that lies": _trigger("NEW.document = 'x'; RETURN NEW;", "INSERT"),
    "a rule": _sql("CREATE RULE r AS ON INSERT TO SCHEMA.profiles DO INSTEAD NOTHING"),
    "a policy": _sql("ALTER TABLE SCHEMA.profiles ENABLE ROW LEVEL SECURITY", "ALTER TABLE SCHEMA.profiles FORCE ROW LEVEL SECURITY",
                     _function("RETURN false;", "boolean"), "CREATE POLICY p ON SCHEMA.profiles USING (SCHEMA.f())"),
    "a column that is computed": _sql("ALTER TABLE SCHEMA.profiles RENAME document TO real",
                                      "ALTER TABLE SCHEMA.profiles ADD document text GENERATED ALWAYS AS (repeat(real, 100000)) STORED"),
    "an index on a function": _sql("CREATE INDEX i ON SCHEMA.profiles ((repeat(name, 1000000)::bytea IS NULL))"),
    "a check": _sql("ALTER TABLE SCHEMA.profiles ADD CHECK (length(repeat(name, 1000)) > 0)"),
    "a million": _many(1_000_000), "80 MB": _many(1_300, 60_000),
    "bytes": _sql("ALTER TABLE SCHEMA.profiles ALTER document TYPE bytea USING document::bytea"),
    "JSON": _sql("ALTER TABLE SCHEMA.profiles ALTER document TYPE jsonb USING document::jsonb"),
    "lists": _sql("ALTER TABLE SCHEMA.profiles ALTER document TYPE text[] USING ARRAY[document]"),
    "dates": _sql("ALTER TABLE SCHEMA.profiles ALTER document TYPE timestamp USING 'infinity'"),
    "revisions that are no numbers": _sql("ALTER TABLE SCHEMA.profiles ALTER revision TYPE numeric", "UPDATE SCHEMA.profiles SET revision = 'NaN'"),
    "revisions that are texts": _sql("ALTER TABLE SCHEMA.profiles ALTER revision TYPE text", f"UPDATE SCHEMA.profiles SET revision = {_E}"),
    "revisions without end": _sql("ALTER TABLE SCHEMA.profiles ALTER revision TYPE numeric", "UPDATE SCHEMA.profiles SET revision = 10 ^ 10000::numeric"),
    "no values": _sql(*(f"ALTER TABLE SCHEMA.profiles ALTER {name} DROP NOT NULL" for name in ("key", "name", "revision", "document")),
                      "UPDATE SCHEMA.profiles SET key = NULL, name = NULL, revision = NULL, document = NULL WHERE name = 'victim'"),
    "a version of escapes": _sql("ALTER TABLE SCHEMA.schema_version ALTER version TYPE text", f"UPDATE SCHEMA.schema_version SET version = {_E}"),
    "versions without end": _sql("INSERT INTO SCHEMA.schema_version SELECT 1 FROM generate_series(1, 3000000)"),
    "tables without end": _sql("DO $$ BEGIN FOR n IN 1..2000 LOOP EXECUTE format('CREATE TABLE SCHEMA.t%s (x int)', n); END LOOP; END $$"),
    "a table with escapes": _sql(f'CREATE TABLE SCHEMA."{ESCAPES}" (x int)'),
    "a type in the way": _sql("DROP TABLE SCHEMA.profiles", "CREATE TYPE SCHEMA.profiles AS ENUM ('x')"),
    "another encoding": _sql(f"ALTER ROLE {OWNER} SET client_encoding = 'LATIN1'"),
    "functions in the way": _sql("CREATE FUNCTION public.octet_length(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                                 f"ALTER ROLE {OWNER} SET search_path = public, pg_catalog"),
}  # fmt: skip
UNTOUCHED = {"a trigger that swallows", "a trigger that speaks", "a trigger that refuses", "a trigger that lies", "a rule", "a check", "80 MB", "a million",
             "a table with escapes", "functions in the way", "another encoding", "tables without end"}  # fmt: skip


def attacks(canary: str) -> dict[str, Poison]:
    """``canary``: a file that code would make. A text of PostgreSQL holds no NUL, and no half of a surrogate pair."""
    return {**{title: _row(row) for title, row in {**rows(canary), **named_rows()}.items()}, **FORGED}


def make(server: Postgres) -> None:
    """A template with a store of two profiles, and the role that owns it."""
    server.sql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{server.password}'", "CREATE DATABASE base")
    server.sql(f"CREATE SCHEMA {_S}", *_steps(), f"ALTER SCHEMA {_S} OWNER TO {OWNER}",
               *(f"ALTER TABLE {_S}.{table} OWNER TO {OWNER}" for table in ("profiles", "schema_version")), dbname="base")  # fmt: skip
    with server.connect(dbname="base") as connection:
        for row in (GOOD, Row()):
            connection.execute(f"INSERT INTO {_S}.profiles VALUES (%s, %s, %s, %s, %s)", (row.id, row.key, row.name, row.revision, row.content))


def _steps() -> tuple[str, ...]:
    from ansible_collections.mailops.profiles.plugins.plugin_utils._store.postgresql import STEPS

    return STEPS

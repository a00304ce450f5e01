# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store in PostgreSQL: which one, its schema, lost races, and what the server logs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jinja2 import Template
from psycopg import sql

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, postgresql

from ..refusals import refusal
from .conftest import DATABASE, OWNER
from .edits import add, put, put_all

ROOT = Path(__file__).resolve().parents[3]


SCHEMA = postgresql.SCHEMA


SECOND_STEP = f"ALTER TABLE {SCHEMA}.profiles ADD COLUMN changed_by text"


@pytest.fixture
def store(database):
    return database.open()


def rows(server, query):
    with server.connect(dbname=DATABASE) as connection:
        return connection.execute(query).fetchall()


LOCATIONS = [
    ("postgresql://db.example.org/mail", "postgresql://db.example.org/mail"),
    ("postgres://anna@db:6432/mail?sslmode=verify-full&connect_timeout=3", "postgres://anna@db:6432/mail"),
    ("postgresql://a:1,b:2/mail?target_session_attrs=read-write", "postgresql://a:1,b:2/mail"),
    ("postgresql://?service=mailops&sslmode=require", "postgresql://?service=mailops"),
    ("postgresql:///mail?host=/run/postgresql&user=anna", "postgresql:///mail?host=/run/postgresql&user=anna"),
]


@pytest.mark.parametrize("url, location", LOCATIONS)
def test_location(url, location):
    assert open_store(url, {}).location == location


BAD_URLS = [
    ("postgresql://anna%3As3cret@db/mail", "the URL holds a password"),
    ("postgresql://db/mail?pass%77ord=s3cret", "the URL holds a password"),
    ("postgresql://db/mail?sslpass%77ord=s3cret", "the URL holds a password"),
    ("postgresql://db/mail?s3cret=x", "is not a URL that libpq understands; give postgresql://"),
    ("postgresql://%zzs3cret@db/mail", "is not a URL that libpq understands; give postgresql://"),
    ("postgresql://db/mail\ns3cret", "is not a URL that libpq understands; give postgresql://"),
]


@pytest.mark.parametrize("url, message", BAD_URLS)
def test_bad_url(url, message):
    refused = refusal(open_store, url, {})
    assert refused.startswith(f"store: {message}") and "s3cret" not in refused


def test_without_psycopg(collections_path):
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from ansible_collections.mailops.profiles.plugins.plugin_utils import _store\n"
        "try: _store.open_store('postgresql://db/mail', {})\n"
        "except _store.MailopsError as exc: print(exc)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": collections_path}, capture_output=True, text=True, check=False
    )
    assert run.stdout.startswith("store: Failed to import the required Python library (psycopg[binary])"), run.stderr


def test_ways_to_connect(server, database, store, tmp_path, monkeypatch):
    """What libpq understands: a service file, the environment's password, several servers of which one is there."""
    put(store)
    service = tmp_path / "services"
    service.write_text(f"[mailops]\nhost=127.0.0.1\nport={server.port}\nuser={OWNER}\ndbname={DATABASE}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    several = f"postgresql://{OWNER}@127.0.0.1:1,127.0.0.1:{server.port}/{DATABASE}?target_session_attrs=read-write"
    for url in ("postgresql://?service=mailops", several):
        assert list(open_store(url, {}).read()) == ["work"]
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    monkeypatch.setenv("PGPASSWORD", server.password)
    assert list(store.read()) == ["work"]
    monkeypatch.setenv("PGPASSWORD", "of the controller")
    meant = open_store(database.url, {**os.environ, "PGPASSWORD": server.password})  # as a task's environment has it
    assert list(meant.read()) == ["work"] and os.environ["PGPASSWORD"] == "of the controller"


def test_the_passfile_of_awx(server, database, store, tmp_path, monkeypatch):
    """It takes any password."""
    text = (ROOT / "extensions" / "awx" / "objects" / "access.yml").read_text(encoding="utf-8").replace("!unsafe ", "")
    (injector,) = (kind["injectors"] for kind in yaml.safe_load(text)["controller_credential_types"] if "template.passfile" in str(kind))
    password = r"b\\ack\s:l'ash\""
    passfile = tmp_path / "passfile"
    passfile.write_text(Template(injector["file"]["template.passfile"]).render(password=password))
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    with server.connect(dbname=DATABASE) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(OWNER), sql.Literal(password)))
    try:
        assert store.read() == {}
    finally:
        server.sql(f"ALTER ROLE {OWNER} PASSWORD '{server.password}'")


def test_schema(server, store):
    put(store)
    (row,) = rows(server, f"SELECT name, revision, document FROM {SCHEMA}.profiles")
    assert row[:2] == ("work", 1) and '"incoming":{"host":"imap.example.org"' in row[2]
    assert rows(server, f"SELECT version FROM {SCHEMA}.schema_version") == [(1,)]


# There is only one step yet, so the second one is made up.


def test_migration(server, store, role, monkeypatch):
    put(store)
    reader = role("reader", f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{}}", f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {{}}")
    monkeypatch.setattr(postgresql, "STEPS", (*postgresql.STEPS, SECOND_STEP))
    for use in (reader.read, lambda: reader.preview(add)):
        with pytest.raises(MailopsError, match=r"\(schema 1, this one needs 2\); the next change by the owner of the schema"):
            use()
    with pytest.raises(MailopsError, match="role reader may not"):
        reader.refuse_unusable()
    store.refuse_unusable()
    assert rows(server, f"SELECT version FROM {SCHEMA}.schema_version") == [(1,)]
    put(store, "second")
    assert rows(server, f"SELECT version FROM {SCHEMA}.schema_version") == [(2,)]
    assert rows(server, f"SELECT name, changed_by FROM {SCHEMA}.profiles ORDER BY name") == [("second", None), ("work", None)]
    assert list(reader.read()) == ["second", "work"]


def test_a_new_store_takes_all_steps(server, store, monkeypatch):
    monkeypatch.setattr(postgresql, "STEPS", (*postgresql.STEPS, SECOND_STEP))
    put(store)
    assert rows(server, f"SELECT version, changed_by FROM {SCHEMA}.schema_version, {SCHEMA}.profiles") == [(2, None)]


def test_a_step_that_fails_changes_nothing(database, store, monkeypatch):
    put(store)
    before = database.fingerprint()
    monkeypatch.setattr(postgresql, "STEPS", (*postgresql.STEPS, f"{SECOND_STEP}; SELECT 1 / 0"))
    with pytest.raises(MailopsError, match=r"PostgreSQL cannot do it \(22012\)"):
        put(store, "second")
    assert database.fingerprint() == before


@pytest.fixture
def unlucky(admin, store):
    """A function that makes the next so many writes fail with an error of the server's."""

    def make(times, state):
        put(store)
        admin(
            f"CREATE SEQUENCE {SCHEMA}.attempts", f"GRANT USAGE ON SEQUENCE {SCHEMA}.attempts TO {OWNER}",
            f"""CREATE FUNCTION {SCHEMA}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('{SCHEMA}.attempts') <= {times} THEN RAISE 'unlucky' USING ERRCODE = '{state}'; END IF; RETURN NULL;
            END $$""",
            f"CREATE TRIGGER fail AFTER INSERT ON {SCHEMA}.profiles FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.fail()",
        )  # fmt: skip

    return make


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_lost_race_is_run_again(store, unlucky, state):
    unlucky(2, state)
    asked = []

    def change(snapshot):
        asked.append(sorted(snapshot))
        return add(snapshot)

    store.update(change)
    assert asked == [["work"]] * 3 and sorted(store.read()) == ["new", "work"]


def test_races_that_are_lost_for_ever(database, store, unlucky, monkeypatch):
    unlucky(10_000, "40001")
    before = database.fingerprint()
    monkeypatch.setattr(postgresql, "TIMEOUT", 0.3)  # it is half a minute
    with pytest.raises(MailopsError, match="other sessions have been faster again and again for 0.3 seconds; run again"):
        store.update(add)
    assert database.fingerprint() == before


def test_a_session(server, store):
    seen = []

    def look(snapshot):
        seen.extend(rows(server, f"SELECT application_name, state FROM pg_stat_activity WHERE usename = '{OWNER}'"))
        return Changes(), None

    store.update(look)
    assert seen == [("mailops.profiles", "idle in transaction")]


def test_functions_and_operators_of_others_are_not_called(admin, store, owner_with):
    put(store)
    admin(
        "CREATE SCHEMA trap",
        "CREATE FUNCTION trap.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$",
        "CREATE OPERATOR trap.= (FUNCTION = trap.equal, LEFTARG = text, RIGHTARG = text)",
        f"GRANT USAGE ON SCHEMA trap TO {OWNER}",
    )
    owner_with("search_path = trap, pg_catalog")
    try:
        assert put(store, default=True).changed and list(store.read(["work"])) == ["work"]
    finally:
        admin("DROP SCHEMA trap CASCADE")


def test_the_log_holds_no_documents(server, store, owner_with):
    """As the server is delivered, and with all statements in the log but no parameters."""
    marks = ["logged-by-default", "logged-with-statements", "logged-with-parameters"]
    put(store, description=marks[0])
    owner_with("log_statement = 'all'")
    owner_with("log_parameter_max_length = 0")
    put_all(store, [{"name": "work", "description": marks[1]}])
    assert "INSERT INTO mailops_profiles.profiles" in server.log.read_text()
    owner_with("log_parameter_max_length = -1")
    put_all(store, [{"name": "work", "description": marks[2]}])
    assert [mark in server.log.read_text() for mark in marks] == [False, False, True]


def test_an_error_takes_no_document_into_the_log(server, store, unlucky):
    unlucky(1, "22000")
    with pytest.raises(MailopsError, match=r"PostgreSQL cannot do it \(22000\)"):
        put(store, description="logged-with-an-error")
    log = server.log.read_text()
    assert "unlucky" in log and "logged-with-an-error" not in log

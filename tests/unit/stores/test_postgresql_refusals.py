# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a PostgreSQL server may refuse, or do in the middle: one sentence each, and nothing half done."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, postgresql

from ...postgres import Postgres
from .conftest import DATABASE, OWNER
from .edits import add, put
from .refusals import refused

SCHEMA = postgresql.SCHEMA


@pytest.fixture
def store(database):
    return database.open()


def terminate(server):
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{OWNER}'")


def test_the_connection_is_lost(server, database, store):
    put(store)
    before = database.fingerprint()

    def change(snapshot):
        terminate(server)
        return add(snapshot)

    with refused("the connection was lost in the middle; nothing was changed, run again", store):
        store.update(change)
    assert database.fingerprint() == before
    store.update(add)


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL])
def test_the_server_goes(server, database, store, how):
    put(store)
    before = database.fingerprint()

    def change(snapshot):
        server.stop(how)
        return add(snapshot)

    try:
        with refused("the connection was lost in the middle; nothing was changed, run again", store):
            store.update(change)
        with refused("no server listens there", store):
            store.read()
    finally:
        server.start()
    assert database.fingerprint() == before
    store.update(add)


def test_the_connection_is_lost_during_the_commit(server, store):
    """The server has committed, and waits for a standby that never comes."""
    put(store)
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")

    def cut():
        while True:
            with server.connect() as connection:
                if connection.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchone():
                    return terminate(server)
            time.sleep(0.02)

    thread = threading.Thread(target=cut, daemon=True)
    thread.start()
    try:
        with refused("the connection was lost during the commit, so it is not known whether the change was made; run again", store):
            put(store, default=True)
    finally:
        server.sql("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    thread.join(10)
    assert not put(store, default=True).changed


@pytest.mark.parametrize(
    "lock, reads", [(f"LOCK {SCHEMA}.profiles", False), (f"SELECT 1 FROM {SCHEMA}.schema_version FOR UPDATE", True)]
)
def test_locked_for_longer_than_the_timeout(server, database, store, monkeypatch, lock, reads):
    put(store)
    before = database.fingerprint()
    monkeypatch.setattr(postgresql, "TIMEOUT", 0.2)  # it is half a minute
    message = "another session has held it locked for 0.2 seconds; let it finish"
    with server.connect(dbname=DATABASE) as other, other.transaction():
        other.execute(lock)
        with refused(message, store):
            store.update(add)
        if reads:
            assert list(store.read()) == ["work"]
            store.preview(add)
        else:
            with refused(message, store):
                store.read()
    assert database.fingerprint() == before
    store.update(add)


def test_the_server_cancels_a_statement(server, store):
    put(store)
    server.sql(f"ALTER ROLE {OWNER} SET statement_timeout = 200")
    try:
        with server.connect(dbname=DATABASE) as other, other.transaction():
            other.execute(f"LOCK {SCHEMA}.profiles")
            with refused("the server cancelled a statement", store):
                store.read()
    finally:
        server.sql(f"ALTER ROLE {OWNER} RESET statement_timeout")


def refuses_changes_only(store, message):
    assert list(store.read()) == ["work"] and store.exists
    for use in (lambda: store.update(add), lambda: store.preview(add), store.refuse_unusable):
        with refused(message, store):
            use()


def test_a_role_that_may_only_read(server, store):
    put(store)
    server.sql(f"ALTER ROLE {OWNER} SET default_transaction_read_only = on")
    try:
        refuses_changes_only(store, "may only be read: this is a standby, or default_transaction_read_only is set")
    finally:
        server.sql(f"ALTER ROLE {OWNER} RESET default_transaction_read_only")


def test_a_standby(server, database, store):
    put(store)
    with Postgres(primary=server) as standby:
        replica = open_store(standby.url(OWNER, DATABASE), {})
        refuses_changes_only(replica, "may only be read: this is a standby, or default_transaction_read_only is set")
        both = f"postgresql://{OWNER}@127.0.0.1:{standby.port},127.0.0.1:{server.port}/{DATABASE}?target_session_attrs=read-write"
        assert put(open_store(both, {}), "new").changed
        alone = open_store(f"{replica.location}?target_session_attrs=read-write", {})
        with refused("none of the servers is what target_session_attrs asks for", alone):
            alone.read()
    assert sorted(store.read()) == ["new", "work"]


FOREIGN = "the schema mailops_profiles is damaged, or another program's; restore it from a backup, or give another database"

NEWER = "was written by a newer release of this collection (schema 2, this one knows 1); update mailops.profiles"

DAMAGED = "profile 'work' is damaged; restore it from a backup (it was left as it is)"

BROKEN = [
    ("UPDATE {}.schema_version SET version = 2", NEWER),
    ("UPDATE {}.schema_version SET version = 0", FOREIGN),
    ("DELETE FROM {}.schema_version", FOREIGN),
    ("INSERT INTO {}.schema_version VALUES (1)", FOREIGN),
    ("ALTER TABLE {}.schema_version ALTER version TYPE text", FOREIGN),
    ("ALTER TABLE {}.schema_version RENAME version TO number", FOREIGN),
    ("DROP TABLE {}.schema_version", FOREIGN),
    ("DROP TABLE {}.profiles", FOREIGN),
    ("ALTER TABLE {}.profiles RENAME document TO content", FOREIGN),
    ("ALTER TABLE {0}.profiles RENAME TO real; CREATE VIEW {0}.profiles AS SELECT * FROM {0}.real", FOREIGN),
    ("UPDATE {}.profiles SET document = '{{\"incoming\":' WHERE name = 'work'", DAMAGED),
    ("UPDATE {}.profiles SET document = '[]' WHERE name = 'work'", DAMAGED),
    ("UPDATE {}.profiles SET document = '{{}},{{}}' WHERE name = 'work'", DAMAGED),
]


@pytest.mark.parametrize("statement, message", BROKEN)
def test_broken(server, database, store, statement, message):
    put(store), put(store, "another")
    server.sql(statement.format(SCHEMA), dbname=DATABASE)
    with server.connect(dbname=DATABASE) as connection:

        def tables():
            query = "SELECT oid, xmin FROM pg_class WHERE relnamespace = %s::regnamespace ORDER BY oid"
            return connection.execute(query, (SCHEMA,)).fetchall()

        before = tables()
        for use in (store.read, lambda: store.update(add), lambda: store.preview(add)):
            with refused(message, store):
                use()
        assert tables() == before


def test_a_rule_that_swallows_profiles(server, database, store):
    put(store)
    server.sql(f"CREATE RULE swallow AS ON INSERT TO {SCHEMA}.profiles DO INSTEAD NOTHING", dbname=DATABASE)
    with refused(FOREIGN, store):
        put(store, default=True)
    assert list(store.read()) == ["work"]


def test_another_thing_of_the_name(server, database, store):
    """Not taken for a lost race for 30 seconds."""
    server.sql(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {OWNER}", f"CREATE TYPE {SCHEMA}.profiles AS ENUM ('x')", dbname=DATABASE)
    start = time.monotonic()
    with refused(FOREIGN, store):
        put(store)
    assert time.monotonic() - start < postgresql.TIMEOUT / 2

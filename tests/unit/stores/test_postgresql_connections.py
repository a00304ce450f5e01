# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server that cannot be reached, or not with TLS: one sentence each."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, postgresql

from .conftest import DATABASE, OWNER
from .edits import add, put
from .refusals import refused

SCHEMA = postgresql.SCHEMA


@pytest.fixture
def store(database):
    return database.open()


def of_every_use(store):
    return (store.read, lambda: store.exists, lambda: store.update(add), lambda: store.preview(add))


NOT_CONNECTED = [
    ("postgresql://nosuchrole@{server}/mailops", "the server refuses this role or its password; correct the passfile"),
    ("postgresql://owner@{server}/nosuchdatabase", "the server does not have this database; create it"),
    ("postgresql://owner@127.0.0.1:1/mailops", "no server listens there; start it"),
    ("postgresql://127.0.0.1:1,127.0.0.1:2/mailops", "no server listens there; start it"),
    ("postgresql://owner@127.0.0.1:1,{server}/nosuchdatabase", "the server does not have this database; create it"),
    ("postgresql:///mailops?host=/nonexistent", "no server listens there; start it"),
    ("postgresql://no-such-host.invalid/mailops", "the host name is not known; check its spelling, and DNS"),
    (f"postgresql://{'x' * 70}.example.org/mailops", "the host name is not known; check its spelling, and DNS"),
    ("postgresql://owner@{server}/mailops?sslmode=require", "the server does not offer TLS, which sslmode asks for"),
    ("postgresql://owner@{server}/mailops?sslmode=perhaps", "a parameter in the URL has a value that libpq does not know"),
    ("postgresql://owner@127.0.0.1:port/mailops", "a number in the URL, or in a PG... variable of the environment, is not a number"),
    (
        "postgresql://owner@{server}/mailops?target_session_attrs=standby",
        "none of the servers is what target_session_attrs asks for",
    ),
    ("postgresql://?service=nosuchservice", "there is no such service in the service file"),
    ("postgresql://stranger@{server}/private", "this role may not connect to the database; GRANT CONNECT on it"),
    ("postgresql://nologin@{server}/mailops", "this role may not log in; ALTER ROLE"),
    ("postgresql://owner@{server}/latin1", "the encoding of the database is not UTF8; create one with ENCODING 'UTF8'"),
]


@pytest.fixture(scope="module")
def hostile_server(server):
    """The server with what the table above needs besides."""
    server.sql(
        f"CREATE ROLE stranger LOGIN PASSWORD '{server.password}'", f"CREATE ROLE nologin PASSWORD '{server.password}'",
        "CREATE DATABASE private", "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
        "CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
    )  # fmt: skip
    yield server
    server.sql("DROP DATABASE private", "DROP DATABASE latin1", "DROP ROLE stranger", "DROP ROLE nologin")


@pytest.mark.parametrize("url, message", NOT_CONNECTED)
def test_not_connected(hostile_server, database, url, message):
    store = open_store(url.format(server=f"127.0.0.1:{hostile_server.port}"), {})
    for use in of_every_use(store):
        with refused(message, store):
            use()


def test_passwords(store, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    with refused("the server asks for a password and none was found; put it into a passfile", store):
        store.read()
    monkeypatch.setenv("PGPASSWORD", "wr0ng")
    with refused("the server refuses this role or its password; correct the passfile, service file or PGPASSWORD", store):
        store.read()


def test_a_server_that_does_not_answer(database):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = open_store(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/mailops?connect_timeout=2", {})
        with refused("the server does not answer in time; check host, port and firewall", store):
            store.read()


def test_a_server_that_dies_before_it_answers(database):
    with socket.create_server(("127.0.0.1", 0)) as dying:
        store = open_store(f"postgresql://127.0.0.1:{dying.getsockname()[1]}/mailops", {})

        def hang_up():
            connection, _address = dying.accept()
            connection.close()

        answer = threading.Thread(target=hang_up)
        answer.start()
        with refused("the server ended the connection before it was ready; run again when the server works", store):
            store.read()
        answer.join()


def test_no_connection_left(server, database, store):
    server.sql(f"ALTER ROLE {OWNER} CONNECTION LIMIT 0")
    try:
        with refused("the server has no connection left", store):
            store.read()
    finally:
        server.sql(f"ALTER ROLE {OWNER} CONNECTION LIMIT -1")


def certificate(directory, name):
    key, path = directory / f"{name}.key", directory / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", path, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, path


@pytest.fixture
def tls(server, database, tmp_path):
    """The server with a certificate for ``localhost``; the certificate's file, and one that nobody has signed."""
    key, path = certificate(tmp_path, "localhost")
    for source, name in ((key, "server.key"), (path, "server.crt")):
        shutil.copy(source, server.data / name)
        (server.data / name).chmod(0o600)
        server.give(server.data / name)
    server.sql("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    yield path, certificate(tmp_path, "other")[1]
    server.sql("ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")


def test_tls(server, tls):
    own, other = tls

    def store_at(host, ca):
        return open_store(f"postgresql://{OWNER}@{host}:{server.port}/{DATABASE}?sslmode=verify-full&sslrootcert={ca}", {})

    put(store_at("localhost", own))
    for host, ca, message in (
        ("localhost", other, "the TLS certificate of the server is not of a CA that this controller trusts"),
        ("127.0.0.1", own, "the TLS certificate of the server is for another name"),
        ("localhost", "/nonexistent", "sslrootcert, the file with the CA's certificate, cannot be read"),
    ):
        store = store_at(host, ca)
        with refused(message, store):
            store.read()

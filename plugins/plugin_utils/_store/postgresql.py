# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles in a schema of their own in a PostgreSQL database, over psycopg 3.

The SQL is plain, so that a database that is compatible with PostgreSQL can take its place: no extensions, no advisory locks,
nothing that outlives a transaction (a pooler may hand each one to another server process). docs/stores.md lists the statements.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from typing import Callable, Collection, Mapping

from ansible.module_utils.basic import missing_required_lib

from .._model.errors import MailopsError
from .._model.stored import Changes, Stored
from . import TIMEOUT, Change, Result, Store, _libpq, _watch
from ._documents import records, rows
from ._limits import MAX_PROFILE, MAX_PROFILES, TooLarge, refuse_too_large

try:
    import psycopg
    from psycopg import errors

    from . import _answers
except ImportError:  # psycopg, or the libpq that it needs
    psycopg = None

SCHEMA = "mailops_profiles"

# The statements that bring the schema from each version to the next. The first ones create it, in an empty schema.
STEPS: tuple[str, ...] = (
    f"""
    CREATE TABLE {SCHEMA}.schema_version (version integer NOT NULL);
    INSERT INTO {SCHEMA}.schema_version (version) VALUES (1);
    CREATE TABLE {SCHEMA}.profiles (
        id text PRIMARY KEY,
        key text NOT NULL UNIQUE,
        name text NOT NULL UNIQUE,
        revision integer NOT NULL,
        document text NOT NULL
    )
    """,
)

_READER = "REPEATABLE READ READ ONLY"
_WRITER = "READ COMMITTED"  # after waiting for the lock, a session sees what the writer before has committed

_RELATIONS = """
    SELECT c.relname FROM pg_catalog.pg_namespace n
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') WHERE n.nspname = %s
"""

# Seconds for a whole operation: all attempts, of which the last begins before TIMEOUT and may wait as long for a lock.
DEADLINE = 60.0

# What is larger is none of ours, and is not asked for.
_FIELDS = ("id", "key", "name", "revision", "document")
_COLUMNS = ", ".join(
    name if name == "revision" else f"CASE WHEN octet_length({name}) <= {MAX_PROFILE} THEN {name} END" for name in _FIELDS
)

# Seconds between two attempts.
_MIN_PAUSE, _MAX_PAUSE = 0.01, 0.5

# https://www.postgresql.org/docs/current/errcodes-appendix.html
# Another session was faster: could not serialise (or a standby replayed), deadlock.
_OVERTAKEN = ("40001", "40P01")
# Another session has created it meanwhile, or something else of that name has been there all the time.
_THERE_ALREADY = ("23505", "42P06", "42P07", "42710")
_MAX_RACES = 5
_LOST = ("08", "57P", "25P03")

_PROBLEMS = {
    "25006": "may only be read: this is a standby, or default_transaction_read_only is set; give the primary server, "
    "or all servers and target_session_attrs=read-write",
    "42501": "this role may not {do} the profiles; let the owner of the schema grant it, with the statements in docs/stores.md",
    "53100": "the disk of the server is full; make room, nothing was changed",
    "55P03": "another session has held it locked for {timeout:g} seconds; let it finish (pg_stat_activity names it), then run again",
    "57014": "the server cancelled a statement (statement_timeout, or an administrator did it); nothing was changed, run again",
}


class PostgresqlStore(Store):
    def __init__(self, url: str, source: str, environ: Mapping[str, str]) -> None:
        if psycopg is None:
            raise MailopsError(f"{source}: {missing_required_lib('psycopg[binary]', reason='for a store in PostgreSQL')}")
        given = _libpq.parameters(url, source)
        super().__init__(_libpq.location(url))
        self._url = url
        self._environ = environ
        self._given = given
        # A server that does not answer must not hold a play up.
        limits = {"connect_timeout": environ.get("PGCONNECT_TIMEOUT") or 10, "keepalives_idle": 30, "tcp_user_timeout": 60_000}
        self._limits = {name: value for name, value in limits.items() if name not in given}

    @property
    def identity(self) -> tuple[str | None, ...]:
        return _libpq.database(self._given, self._environ)

    @property
    def exists(self) -> bool:
        return self._transact(_READER, self._version) > 0

    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        def work(connection: psycopg.Connection) -> dict[str, Stored]:
            version = self._version(connection)
            if 0 < version < len(STEPS):
                raise self.problem(
                    f"is of an older release of this collection (schema {version}, this one needs "
                    f"{len(STEPS)}); the next change by the owner of the schema migrates it"
                )
            return self._select(connection, names) if version else {}

        return self._transact(_READER, work)

    def update(self, change: Change[Result]) -> Result:
        def work(connection: psycopg.Connection) -> Result:
            version = self._version(connection, "FOR UPDATE")
            if version:
                self._migrate(connection, version)
            changes, result = change(self._select(connection) if version else {})
            if changes:
                if not version:
                    self._migrate(connection, version)
                self._write(connection, changes)
            return result

        return self._transact(_WRITER, work)

    def refuse_unusable(self) -> None:
        def work(connection: psycopg.Connection) -> None:
            self._migrate(connection, self._version(connection))
            # What update does, on no row: it needs the same rights, and waits for no lock.
            _answers.execute(connection, f"SELECT version FROM {SCHEMA}.schema_version WHERE false FOR UPDATE")
            _answers.execute(connection, f"DELETE FROM {SCHEMA}.profiles WHERE false")
            _answers.execute(connection, f"INSERT INTO {SCHEMA}.profiles SELECT * FROM {SCHEMA}.profiles WHERE false")

        self._transact(_WRITER, work, commit=False)

    # --- transactions ---

    def _transact(self, kind: str, work: Callable[[psycopg.Connection], Result], commit: bool = True) -> Result:
        """What ``work`` returns, in a transaction of its own, which is repeated when another session was faster, until TIMEOUT."""
        start = time.monotonic()
        pause = _MIN_PAUSE
        races = 0
        while True:
            try:
                return self._attempt(kind, work, commit, start + DEADLINE)
            except TooLarge as exc:
                raise self.problem(str(exc)) from None
            except _answers.Foreign as exc:
                raise self._foreign() from exc
            except psycopg.Error as exc:
                races += exc.sqlstate in _THERE_ALREADY
                if exc.sqlstate not in (*_OVERTAKEN, *_THERE_ALREADY) or races > _MAX_RACES:
                    raise self._explained(exc, kind) from exc
                if time.monotonic() > start + TIMEOUT:
                    raise self.problem(
                        f"other sessions have been faster again and again for {TIMEOUT:g} seconds; run again"
                    ) from exc
            time.sleep(random.uniform(0, pause))
            pause = min(2 * pause, _MAX_PAUSE)

    def _attempt(self, kind: str, work: Callable[[psycopg.Connection], Result], commit: bool, deadline: float) -> Result:
        # Closing the connection rolls back what is not committed.
        with closing(self._connect()) as connection, _watch.watching(connection.fileno(), deadline, DEADLINE) as watch:
            try:
                _answers.execute(
                    connection,
                    # With row security on, a reader from whom it hides the profiles would see an empty store instead of an error.
                    f"BEGIN ISOLATION LEVEL {kind}; SET LOCAL search_path TO pg_catalog; SET LOCAL row_security TO off; "
                    f"SET LOCAL lock_timeout TO {max(1, round(TIMEOUT * 1000))}",
                )
                result = work(connection)
                if commit and kind == _WRITER:
                    self._commit(connection)
                return result
            except psycopg.Error as exc:
                if watch.reason:
                    raise self.problem(watch.reason) from exc
                raise

    def _connect(self) -> psycopg.Connection:
        try:
            with _libpq.environment(self._environ):
                connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    prepare_threshold=None,  # nothing is left behind in a pooler's connection
                    client_encoding="utf-8",
                    fallback_application_name="mailops.profiles",
                    **self._limits,
                )
        except (psycopg.Error, UnicodeError) as exc:  # UnicodeError: a host that is no host name
            raise self.problem(_libpq.connect_problem(str(exc))) from exc
        if connection.pgconn.parameter_status(b"server_encoding") != b"UTF8":
            connection.close()
            raise self.problem("the encoding of the database is not UTF8; create one with ENCODING 'UTF8'")
        return connection

    def _commit(self, connection: psycopg.Connection) -> None:
        try:
            _answers.execute(connection, "COMMIT")
        except psycopg.OperationalError as exc:
            if not _is_lost(exc):
                raise
            raise self.problem(
                "the connection was lost during the commit, so it is not known whether the change was made; "
                "run again, which is safe"
            ) from exc

    # --- the schema ---

    def _version(self, connection: psycopg.Connection, clause: str = "") -> int:
        """The version of the schema, 0 where there is none; MailopsError when it is not one of ours."""
        relations = {row[0] for row in _answers.texts(connection, _RELATIONS, (SCHEMA,))}
        if relations <= {None}:  # no schema, or an empty one that an administrator has made for us
            return 0
        if not {"schema_version", "profiles"} <= relations:
            raise self._foreign()
        versions = _answers.texts(connection, f"SELECT version + 0 FROM {SCHEMA}.schema_version LIMIT 2 {clause}")  # no text
        version = _answers.number(versions[0][0]) if len(versions) == 1 else None
        if version is None or version < 1:
            raise self._foreign()
        if version > len(STEPS):
            raise self.problem(
                f"was written by a newer release of this collection (schema {version}, this one knows "
                f"{len(STEPS)}); update mailops.profiles on this controller"
            )
        return version

    def _migrate(self, connection: psycopg.Connection, version: int) -> None:
        """Bring the schema from ``version`` (0: there is none) to the newest."""
        try:
            if version == 0 and not _answers.texts(connection, _RELATIONS, (SCHEMA,)):
                _answers.execute(connection, f"CREATE SCHEMA {SCHEMA}")
            for step in STEPS[version:]:
                _answers.execute(connection, step)
            if version != len(STEPS):
                _answers.execute(connection, f"UPDATE {SCHEMA}.schema_version SET version = %s", (len(STEPS),))
        except errors.InsufficientPrivilege as exc:
            what = "migrate" if version else "create"
            raise self.problem(
                f"the role {connection.info.user} may not {what} the schema {SCHEMA}; "
                "let the role that is to own it do so, with the statements in docs/stores.md"
            ) from exc

    def _select(self, connection: psycopg.Connection, names: Collection[str] | None = None) -> dict[str, Stored]:
        query = f"SELECT {_COLUMNS} FROM {SCHEMA}.profiles"
        if names is None:
            found = _answers.texts(connection, f"{query} LIMIT {MAX_PROFILES + 1}", columns=len(_FIELDS))
        else:
            found = _answers.texts(connection, f"{query} WHERE name = ANY(%b)", (list(names),), len(_FIELDS))
        return records(((row[0], row[1], row[2], _answers.number(row[3]), row[4]) for row in found), self.location)

    def _write(self, connection: psycopg.Connection, changes: Changes) -> None:
        # All old rows go before a new one comes: two profiles may swap their names.
        gone = [*changes.remove, *(record.id for record in changes.put)]
        _answers.execute(connection, f"DELETE FROM {SCHEMA}.profiles WHERE id = ANY(%b)", (gone,))
        # 10,000 rows in binary arrays take 0.25 s, in arrays as text 0.8 s, as a pipeline of statements 0.45 s.
        inserted = _answers.execute(
            connection,
            f"INSERT INTO {SCHEMA}.profiles (id, key, name, revision, document) "
            "SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::integer[], %b::text[])",
            [list(column) for column in zip(*rows(changes.put))] or [[]] * 5,
        )
        if inserted.rowcount != len(changes.put):  # a rule or a trigger that is not ours
            raise self._foreign()
        ((count, size),) = _answers.texts(connection, f"SELECT count(*), coalesce(sum(octet_length(document)), 0) FROM {SCHEMA}.profiles", columns=2)
        refuse_too_large(_answers.number(count) or 0, _answers.number(size) or 0)

    # --- messages: what the server says may quote a document ---

    def _explained(self, exc: psycopg.Error, kind: str) -> MailopsError:
        state = _answers.state(exc)
        if _is_lost(exc):
            sentence = "the connection was lost in the middle; nothing was changed, run again when the server is back"
        elif state in _PROBLEMS:
            sentence = _PROBLEMS[state].format(do="read" if kind == _READER else "change", timeout=TIMEOUT)
        elif state.startswith("42"):  # a table or column is not there, or is something else
            return self._foreign()
        else:
            sentence = f"PostgreSQL cannot do it ({state or type(exc).__name__}); the log of the server has more, nothing was changed"
        return self.problem(sentence)

    def _foreign(self) -> MailopsError:
        what = f"the schema {SCHEMA} is damaged, or another program's"
        return self.problem(f"{what}; restore it from a backup, or give another database")


def _is_lost(exc: psycopg.Error) -> bool:
    return isinstance(exc, psycopg.OperationalError) and (exc.sqlstate is None or exc.sqlstate.startswith(_LOST))

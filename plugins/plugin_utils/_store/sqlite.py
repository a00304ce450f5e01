# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles in one SQLite file, with nothing but the standard library.

A file that is rejected stays byte for byte as it was, so its header is read before SQLite may touch it: SQLite would recover,
checkpoint or convert another program's database merely by opening it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing, contextmanager, suppress
from typing import Collection, Iterator
from urllib.parse import quote

from .._model.errors import MailopsError
from .._model.stored import Changes, Stored
from . import TIMEOUT, Change, Result
from ._documents import records, rows
from ._filesystem import FileStore, make_directories
from ._limits import MAX_PROFILE, MAX_PROFILES, TooLarge, refuse_too_large

APPLICATION_ID = 0x4D4F5052  # "MOPR"
SCHEMA_VERSION = 1

# https://www.sqlite.org/fileformat.html#the_database_header
_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100
_USER_VERSION = slice(60, 64)
_APPLICATION_ID = slice(68, 72)

# What is larger is none of ours, and is not taken into memory.
_COLUMNS = ", ".join(
    f"CASE WHEN length(CAST({name} AS BLOB)) <= {MAX_PROFILE} THEN {name} END" for name in ("id", "key", "name", "revision", "document")
)

_MAX_SCHEMA = 20  # entries of which one cannot be ours

# SQLite allows 999 parameters in builds of before 2020. For more names everything is read.
_MAX_PARAMETERS = 500

# Twice what the profiles may have: deleted ones leave room in the file.
_MAX_FILE_BYTES = 128 * 1024 * 1024
# Seconds of the processor for all that is done to a database, which leaves out the time that it is locked. A forged one can have more rows
# than there is time.
_MAX_SECONDS = 3.0
_STEPS = 10_000  # of SQLite's machine between two looks at the clock: well below a millisecond

_TABLE = """
    CREATE TABLE profiles (
        id TEXT PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        revision INTEGER NOT NULL,
        document TEXT NOT NULL
    )
"""
_SCHEMA = f"""
    {_TABLE};
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {SCHEMA_VERSION};
"""


class SqliteStore(FileStore):
    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        with self._translated():
            if not self._inspect():
                return {}
            with self._connection() as connection, _transaction(connection, "DEFERRED"):
                return self._select(connection, names) if self._has_schema(connection) else {}

    def update(self, change: Change[Result]) -> Result:
        with self._translated():
            first = None
            if not self._inspect():
                first = change({})
                if not first[0]:  # nothing to write, so nothing is created
                    return first[1]
            self.refuse_unusable()
            self._create()
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode = DELETE")
                with _transaction(connection, "IMMEDIATE"):
                    created = not self._has_schema(connection)
                    snapshot = {} if created else self._select(connection)
                    changes, result = first if first and not snapshot else change(snapshot)
                    if changes:
                        self._write(connection, changes, created)
            return result

    def refuse_unusable(self) -> None:
        with self._translated():
            if not self._inspect():
                self.refuse_unwritable(self.nearest_directory())
                return
            self.refuse_unwritable(self.path, os.path.dirname(os.path.realpath(self.path)))  # where SQLite puts its journal
            with self._connection() as connection, _transaction(connection, "DEFERRED"):
                # A look-up sees only the pages on its way. 10,000 profiles take 0.02 s.
                if self._has_schema(connection) and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise self._damaged()

    # --- the file ---

    def _inspect(self) -> bool:
        """Whether the file is there; MailopsError when it is not one of ours."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            self.refuse_dangling_link()
            self._refuse_shared_directory()
            return False
        if stat.S_ISDIR(status.st_mode):
            raise self.problem(f"is a directory; give the path of a file, such as {self.path}/profiles.db")
        if not stat.S_ISREG(status.st_mode):
            raise self.problem("is not a regular file; give the path of one")
        if status.st_size > _MAX_FILE_BYTES:
            raise self.problem(
                f"has more than {_MAX_FILE_BYTES >> 20} MiB, which no store has; restore it from a backup, or make it smaller (sqlite3 FILE VACUUM)"
            )
        self._refuse_shared_directory()
        # Closing any descriptor drops this process's locks on the file (POSIX), so this comes before the connection.
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            self._check_header(os.read(descriptor, _HEADER_SIZE))
        finally:
            os.close(descriptor)
        return True

    def _refuse_shared_directory(self) -> None:
        """Who can create files beside the database can create a journal, which SQLite obeys when it opens the file: it removes the files that
        the journal names, and writes pages back."""
        directory = os.path.dirname(os.path.realpath(self.path))
        try:
            found = os.stat(directory)
        except (FileNotFoundError, NotADirectoryError):
            return
        if found.st_uid not in (0, os.geteuid()):
            raise self.problem(
                f"its directory {directory} belongs to another user, whose files SQLite would trust there; choose a directory of your own, "
                "or run as its owner"
            )
        if found.st_mode & 0o022:
            raise self.problem(
                f"others can create files in its directory {directory}, which SQLite would trust: chmod go-w {directory}, or choose another "
                "directory; a team shares a postgresql:// or a directory:// store"
            )

    def _check_header(self, header: bytes) -> None:
        if not header:  # created by a run that has not come further yet
            return
        if not header.startswith(_MAGIC):
            raise self.problem("is not an SQLite database; give another path, or move the file away")
        if len(header) < _HEADER_SIZE:
            raise self._damaged()
        self._check_ids(*(int.from_bytes(header[place], "big", signed=True) for place in (_APPLICATION_ID, _USER_VERSION)))

    def _check_ids(self, application: int, version: int) -> None:
        if application != APPLICATION_ID:
            raise self.problem("is the database of another program; give another path")
        if version > SCHEMA_VERSION:
            raise self.problem(
                f"was written by a newer release of this collection (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); update mailops.profiles on this controller"
            )
        if version < 1:
            raise self._damaged()

    def _create(self) -> None:
        make_directories(os.path.dirname(self.path))
        with suppress(FileExistsError):  # another run was faster
            # SQLite itself would create it with the modes that the umask leaves.
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    # --- the database ---

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # mode=rw never creates, falls back to reading only, and rolls back what a crashed writer left (mode=ro cannot).
        uri = f"file:{quote(self.path)}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=TIMEOUT, isolation_level=None)) as connection:
            # EXTRA syncs the directory when the journal goes, which is the commit. With FULL a power cut can undo what was reported.
            deadline = time.thread_time() + _MAX_SECONDS
            connection.set_progress_handler(lambda: time.thread_time() > deadline, _STEPS)
            connection.executescript("PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA;")
            connection.text_factory = _text
            yield connection

    def _has_schema(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables are there. Asked inside of the transaction: the header may have changed since it was read."""
        ids = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        if ids == [0, 0] and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return False
        self._check_ids(*ids)
        self._check_schema(connection.execute(f"SELECT type, name, sql FROM sqlite_master LIMIT {_MAX_SCHEMA}").fetchall())
        return True

    def _check_schema(self, found: list[tuple[object, object, object]]) -> None:
        """A view, a trigger, or a column that is computed makes of a read whatever its author likes."""
        # SQLite's own: the indexes of the table, and statistics. A name that begins so is given to nothing else.
        ours = [(kind, name, sql) for kind, name, sql in found if kind not in ("table", "index") or not str(name).startswith("sqlite_")]
        if any(kind not in ("table", "index") for kind, _name, _sql in ours):
            raise self.problem("has views or triggers, which no store has; restore it from a backup, and look who can write to it")
        if [(kind, str(sql).split()) for kind, _name, sql in ours] != [("table", _TABLE.split())]:
            raise self.problem("has other tables, columns or indexes than a store has; restore it from a backup, and look who can write to it")

    def _select(self, connection: sqlite3.Connection, names: Collection[str] | None = None) -> dict[str, Stored]:
        query = f"SELECT {_COLUMNS} FROM profiles"
        wanted = None if names is None else set(names)
        if wanted is None or len(wanted) > _MAX_PARAMETERS:
            found = connection.execute(f"{query} LIMIT {MAX_PROFILES + 1}")
        else:
            marks = ", ".join("?" * len(wanted))
            found = connection.execute(f"{query} WHERE name IN ({marks})", sorted(wanted))
        return records((row for row in found if wanted is None or row[2] in wanted), self.path)

    def _write(self, connection: sqlite3.Connection, changes: Changes, created: bool) -> None:
        if created:
            for statement in _SCHEMA.split(";"):  # executescript would commit first
                connection.execute(statement)
        # All old rows go before a new one comes: two profiles may swap their names.
        gone = [*changes.remove, *(record.id for record in changes.put)]
        connection.executemany("DELETE FROM profiles WHERE id = ?", ((profile_id,) for profile_id in gone))
        connection.executemany("INSERT INTO profiles (id, key, name, revision, document) VALUES (?, ?, ?, ?, ?)", rows(changes.put))
        refuse_too_large(*connection.execute("SELECT count(*), total(length(CAST(document AS BLOB))) FROM profiles").fetchone())

    # --- messages ---

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """One sentence with a remedy for whatever the operating system or SQLite says."""
        try:
            yield
        except TooLarge as exc:
            raise self.problem(str(exc)) from None
        except sqlite3.Error as exc:
            raise self._sqlite_problem(exc) from exc
        except OSError as exc:
            raise self.os_problem(exc, exc.filename or self.path) from exc

    def _sqlite_problem(self, exc: sqlite3.Error) -> MailopsError:
        text = str(exc)
        if "locked" in text:
            return self.problem(
                f"another process has held it locked for {TIMEOUT:g} seconds; let it finish (fuser names it), then run again"
            )
        if "readonly" in text:
            return self.unwritable(self.path)
        if "malformed" in text or "not a database" in text or "no such" in text:
            return self._damaged()
        if "full" in text:
            return self.problem("the disk is full; make room, nothing was changed")
        if "interrupted" in text:
            return self.problem(f"reading it took more than {_MAX_SECONDS:g} seconds; restore it from a backup, and look who can write to it")
        # The text may quote what is in the file.
        reason = getattr(exc, "sqlite_errorname", type(exc).__name__)  # since Python 3.11
        return self.problem(f"SQLite cannot use it ({reason}); check the file system, or restore the file from a backup")

    def _damaged(self) -> MailopsError:
        return self.problem("is damaged; restore it from a backup (it was left as it is)")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")  # which no profile holds


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")

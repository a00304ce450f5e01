# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server in the room that writes every statement to its log, and a watcher of what its sessions do.

Argument: a file of JSON with ``roles`` (name -> password), ``databases`` (name -> owner), ``statement`` (one that leaks) and
``record`` (where the statements of all sessions go). Prints the server's port, and leaves it running.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Callable

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY), str(Path(__file__).resolve().parent)]

import watch  # noqa: E402
from psycopg import sql  # noqa: E402

from tests.postgres import Postgres  # noqa: E402

_UNLOGGED = "-c log_statement=none -c log_min_duration_statement=-1"


def main() -> None:
    # The server ends with the process that starts it.
    watch.start(_serve, json.loads(Path(sys.argv[1]).read_text()))


def _serve(settings: dict[str, Any], ready: Callable[[], None]) -> None:
    server = Postgres(log_statement="all", log_min_duration_statement="0").start()
    with server.connect(options=_UNLOGGED) as connection:
        for role, password in settings["roles"].items():
            # Not the password itself: whoever sends it in a statement has it in the log.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))
        for database, owner in settings["databases"].items():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner)))
        connection.execute("SELECT pg_catalog.pg_switch_wal()")  # new databases are copied through the write-ahead log
    print(server.port, flush=True)
    for output in (1, 2):  # who waits for the output waits until nobody can print any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    watch.start(_record_statements, server, settings["record"])
    server.sql(settings["statement"])
    ready()
    signal.pause()


def _record_statements(server: Postgres, record: str, ready: Callable[[], None]) -> None:
    """What pg_stat_activity shows to whoever may see it, as often as can be."""
    seen: set[str] = set()
    with server.connect(options=_UNLOGGED) as connection, open(record, "ab", buffering=0) as file:
        ready()
        while True:
            for (statement,) in connection.execute("SELECT query FROM pg_catalog.pg_stat_activity").fetchall():
                if statement not in seen:
                    seen.add(statement)
                    file.write(statement.encode() + b"\n")
            time.sleep(0.01)


if __name__ == "__main__":
    main()

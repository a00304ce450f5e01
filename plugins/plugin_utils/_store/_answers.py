# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statements and their answers, of a server that may be anybody's: psycopg believes what a server says of types, encodings and numbers."""

from __future__ import annotations

import re
from typing import Any, Sequence

try:
    import psycopg
except ImportError:  # postgresql.py says so
    psycopg = None

from ._limits import MAX_PROFILES

_SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,10}\Z")


class Foreign(Exception):
    """No server with a store of ours answers so."""


def execute(connection: psycopg.Connection, query: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor:
    try:
        return connection.execute(query, parameters)
    except psycopg.Error:
        raise
    except Exception as exc:
        raise Foreign from exc


def texts(connection: psycopg.Connection, query: str, parameters: Sequence[Any] = (), columns: int = 1) -> list[list[str | None]]:
    """The rows as texts, whatever types the server says that they have: of some of them psycopg would make other things."""
    found = execute(connection, query, parameters).pgresult
    if found is None or found.status != psycopg.pq.ExecStatus.TUPLES_OK or found.nfields != columns or found.ntuples > MAX_PROFILES + 1:
        raise Foreign
    values = [[found.get_value(row, column) for column in range(columns)] for row in range(found.ntuples)]
    # What is no UTF-8 is in no profile, and in no name of ours.
    return [[None if value is None else value.decode("utf-8", "surrogateescape") for value in row] for row in values]


def number(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.match(text) else None


def state(exc: psycopg.Error) -> str:
    """The SQLSTATE; to libpq it is any text."""
    return exc.sqlstate if _SQLSTATE.match(exc.sqlstate or "") else ""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody may make of the file of an SQLite store: rows, types, the schema, bytes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Callable

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import sqlite

from .rows import ESCAPES, GOOD, Row, named_rows, rows

Poison = Callable[[Path], None]


def _insert(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute("DELETE FROM profiles WHERE name = 'victim'")
    connection.execute("INSERT INTO profiles VALUES (?, ?, ?, ?, ?)", (row.id, row.key, row.name, row.revision, row.content))


def _row(row: Row) -> Poison:
    def poison(path: Path) -> None:
        with sqlite3.connect(path) as connection:
            _insert(connection, row)
        connection.close()

    return poison


def _script(*statements: str) -> Poison:
    def poison(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return poison


def _rebuilt(columns: str, select: str = "id, key, name, revision, document") -> Poison:
    """The table with other columns and the same rows."""
    return _script("ALTER TABLE profiles RENAME TO before", f"CREATE TABLE profiles ({columns})", f"INSERT INTO profiles ({select}) SELECT * FROM before",
                   "DROP TABLE before")  # fmt: skip


def _many(count: int, padding: int = 0) -> Poison:
    def poison(path: Path) -> None:
        text = Row().document + " " * padding
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            made = ((f"{number:08}-0d7c-4e53-9f3b-0d5c7e1f2a3b", f"k{number}", f"n{number}", 1, text) for number in range(count))
            connection.executemany("INSERT INTO profiles VALUES (?, ?, ?, ?, ?)", made)
        connection.close()

    return poison


def _bytes(offset: int, content: bytes) -> Poison:
    def poison(path: Path) -> None:
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(content)

    return poison


def _sparse(path: Path) -> None:
    os.truncate(path, 1 << 40)


def _circle(path: Path) -> None:
    """The table of tables as a tree in which each page has the next one many times: more rows than there is time, none of them wrong."""
    page, depth, children = 4096, 18, 300
    content = path.read_bytes()
    first = len(content) // page + 1  # pages are numbered from 1

    def interior(page_numbers: list[int], start: int = 0) -> bytearray:
        body, pointers, place = bytearray(page), b"", page
        for number, child in enumerate(page_numbers[:-1]):
            cell = child.to_bytes(4, "big") + bytes([min(number + 1, 127)])
            place -= len(cell)
            body[place : place + len(cell)] = cell
            pointers += place.to_bytes(2, "big")
        header = b"\x05\0\0" + (len(page_numbers) - 1).to_bytes(2, "big") + place.to_bytes(2, "big") + b"\0" + page_numbers[-1].to_bytes(4, "big")
        body[start : start + len(header) + len(pointers)] = header + pointers
        return body

    def leaf(row: bytes) -> bytes:
        cell = bytes([len(row), 1]) + row
        header = b"\x0d\0\0\0\x01" + (page - len(cell)).to_bytes(2, "big") + b"\0" + (page - len(cell)).to_bytes(2, "big")
        return header + bytes(page - len(cell) - len(header)) + cell

    texts = b"index", b"sqlite_autoindex_profiles_1", b"profiles"
    row = bytes([6, *(13 + 2 * len(text) for text in texts), 1, 0]) + b"".join(texts) + b"\x03"
    # The real rows, moved: their places count from the beginning of a page, but the header of the first page is 100 bytes below it.
    moved = first + depth + 1
    tree = [interior([first + level + 1] * children) for level in range(depth)] + [leaf(row)]
    root = interior([moved, first], start=100)
    root[:100] = content[:100]
    root[28:32] = moved.to_bytes(4, "big")
    body = bytearray(page)
    header = 8 + 2 * int.from_bytes(content[103:105], "big")
    body[:header] = content[100 : 100 + header]
    body[header + 100 :] = content[header + 100 : page]
    path.write_bytes(bytes(root) + content[page:] + b"".join(map(bytes, tree)) + bytes(body))


COLUMNS = "id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, document TEXT NOT NULL"
LOOSE = "id, key, name, revision, document"
FORGED: dict[str, Poison] = {
    "a view": _script("ALTER TABLE profiles RENAME TO real", "CREATE VIEW profiles AS SELECT * FROM real"),
    "a view without end": _script(
        "DROP TABLE profiles", "CREATE VIEW profiles AS WITH RECURSIVE r(id, key, name, revision, document) AS (SELECT '1', 'k', 'n', 1, '' UNION ALL "
        "SELECT id || 'x', key, name, revision, document FROM r) SELECT * FROM r",
    ),
    "a trigger": _script("CREATE TRIGGER t AFTER INSERT ON profiles BEGIN DELETE FROM profiles; END"),
    "a table of a module": _script("CREATE VIRTUAL TABLE more USING fts5(x)"),
    "a table of a module in its place": _script("DROP TABLE profiles", "CREATE VIRTUAL TABLE profiles USING fts5(id, key, name, revision, document)"),
    "a column that is computed": _rebuilt(f"{COLUMNS.replace('document TEXT NOT NULL', 'real')}, document AS (printf('%.*c', 900000000, 'x'))",
                                          "id, key, name, revision, real"),
    "an index on what is computed": _script("CREATE INDEX i ON profiles (length(printf('%.*c', 1000000, document)))"),
    "a check": _rebuilt(COLUMNS + ", CHECK (length(printf('%.*c', 1000000, document)) > 0)"),
    "a foreign table": _script("CREATE TABLE more (x)"),
    "no columns": _script("DROP TABLE profiles", "CREATE TABLE profiles (x)"),
    "an unknown collation": _script(
        "PRAGMA writable_schema = ON", f"UPDATE sqlite_master SET sql = replace(sql, 'name TEXT', 'name TEXT COLLATE \"x{ESCAPES}\"') WHERE type = 'table'"
    ),
    "escapes in the schema": _script("PRAGMA writable_schema = ON", f"UPDATE sqlite_master SET name = '{ESCAPES}', sql = 'CREATE TABLE {ESCAPES}'"),
    "columns of no type": _rebuilt(LOOSE), "a million": _many(1_000_000), "300,000": _many(300_000), "180 MB": _many(3_000, 60_000),
    "80 MB": _many(1_300, 60_000), "1 TB of nothing": _sparse, "a circle": _circle,
    "a page size of nothing": _bytes(16, b"\0\0"), "a newer format": _bytes(18, b"\x09\x09"), "WAL": _script("PRAGMA journal_mode = WAL"),
    "another text encoding": _bytes(56, b"\0\0\0\x07"), "UTF-16": _bytes(56, b"\0\0\0\x02"), "overwritten": _bytes(4096, b"\xa5" * 8192),
}  # fmt: skip
VALUES: dict[str, Row] = {
    "no document": Row(document=None), "a document of bytes": Row(document=b"\xff" + ESCAPES.encode()), "a document that is a number": Row(document=7),
    "a name of bytes": Row(name=b"\x1b\xff"), "a name that is a number": Row(name=7), "no name at all": Row(name=None),
    "an id of bytes": Row(id=b"\xff"), "an id that is a number": Row(id=7), "a key that is a number": Row(key=7),
    "a revision that is a text": Row(revision=f"1{ESCAPES}"), "a revision that is a fraction": Row(revision=1.5), "no revision": Row(revision=None),
    "a revision without end": Row(revision=2**62), "a document that is no UTF-8": Row(), "a name that is no UTF-8": Row(), "a name of 10 MB": Row(),
}  # fmt: skip
SQL = {
    "a document that is no UTF-8": "UPDATE profiles SET document = CAST(x'7b1b5d303b6f776e656407ff' AS TEXT) WHERE name = 'victim'",
    "a name that is no UTF-8": "UPDATE profiles SET name = CAST(x'1b5d303b6f776e656407ff' AS TEXT) WHERE name = 'victim'",
    "a name of 10 MB": "UPDATE profiles SET name = printf('%.*c', 10000000, 'x') WHERE name = 'victim'",
}


def _value(title: str) -> Poison:
    """Past the constraints of the tables, which are put back."""

    def poison(path: Path) -> None:
        loose = "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'profiles'"
        strict = f"UPDATE sqlite_master SET sql = '{_schema(path)}' WHERE name = 'profiles'"
        _script("PRAGMA writable_schema = ON", loose)(path)
        with sqlite3.connect(path) as connection:
            _insert(connection, VALUES[title])
            if title in SQL:
                connection.execute(SQL[title])
        connection.close()
        _script("PRAGMA writable_schema = ON", strict)(path)

    return poison


def _schema(path: Path) -> str:
    connection = sqlite3.connect(path)
    ((found,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'profiles'").fetchall()
    connection.close()
    return found


def attacks(canary: str) -> dict[str, Poison]:
    """``canary``: a file that code would make."""
    found = {**rows(canary), **named_rows()}
    plain = {title: _row(row) for title, row in found.items() if row.name != "good"}  # the tables let no two have one name
    return {**plain, **FORGED, **{title: _value(title) for title in VALUES}}


def make(path: Path) -> None:
    """A store with two profiles."""
    connection = sqlite3.connect(path)
    connection.executescript(sqlite._SCHEMA)
    for row in (GOOD, Row()):
        _insert(connection, row)
    connection.commit()
    connection.close()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store in a SQLite file: its schema, its rows, what is left in the file."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, sqlite

from .edits import in_a_child, put


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "profiles.db"), {})


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_modes(tmp_path):
    path = tmp_path / "a" / "b" / "p.db"
    previous = os.umask(0)
    try:
        put(open_store(str(path), {}))
    finally:
        os.umask(previous)
    assert [mode(item) for item in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]
    assert os.listdir(path.parent) == ["p.db"]


def test_schema(store):
    put(store)
    with sqlite3.connect(store.path) as connection:
        pragma = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id", "journal_mode")
        }
        (row,) = connection.execute("SELECT * FROM profiles")
    assert pragma == {"user_version": 1, "application_id": sqlite.APPLICATION_ID, "journal_mode": "delete"}
    assert row[1:4] == ("work-fe4292b5", "work", 1)
    assert json.loads(row[4]) == {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "7",
        "null",
        "{}",
        '{"incoming":{"host":"x"}}',
        '{"incoming":[],"outgoing":{}}',
        '{"incoming":{},"outgoing":"x"}',
        "x",
        "1,2",
        "",
        "[" * 100_000,
    ],
)
def test_a_row_that_is_no_profile(store, document):
    put(store)
    put(store, "other")
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE profiles SET document = ? WHERE name = 'work'", (document,))
    with pytest.raises(MailopsError, match="profile 'work' is damaged; restore it from a backup"):
        store.read()


def test_a_row_whose_name_is_no_text(store):
    put(store)
    put(store, "other")
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE profiles SET name = x'00' WHERE name = 'work'")
    with pytest.raises(MailopsError, match="is damaged; restore it from a backup"):
        store.read()


def test_a_document_that_says_more_than_a_profile(store):
    put(store)
    (before,) = store.read().values()
    more = {"id": "other", "revision": 99, "name": "other", "unknown": 1, "incoming": {"host": "imap.example.org", "unknown": 1}}
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE profiles SET document = ?", (json.dumps({**before.data, **more}),))
    (after,) = store.read().values()
    assert after == before and record(after) == record(before)
    assert record(after)["id"] == before.id and record(after)["revision"] == 1


def test_a_document_with_every_field(store):
    put(store)
    (before,) = store.read().values()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE profiles SET document = ?", (json.dumps(dict(reversed(before.data.items()))),))
    (after,) = store.read().values()
    assert after == before and list(after.data) == list(before.data)


def test_how_the_database_is_used(store):
    put(store)
    with store._connection() as connection:
        pragma = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("secure_delete", "synchronous", "trusted_schema")
        }
    assert pragma == {"secure_delete": 1, "synchronous": 3, "trusted_schema": 0}


def test_what_is_removed_is_not_left_in_the_file(store):
    put(store, description="before-" + "x" * 400)
    assert b"before-" in Path(store.path).read_bytes()
    put(store, clear=["description"])
    assert b"before-" not in Path(store.path).read_bytes()


def test_an_empty_file_is_an_empty_store(store):
    Path(store.path).touch()
    assert store.read() == {}
    put(store)
    assert list(store.read()) == ["work"]


def test_a_link_to_a_store(store, tmp_path):
    put(store)
    link = tmp_path / "link.db"
    link.symlink_to(store.path)
    put(open_store(str(link), {}), "other")
    assert sorted(store.read()) == ["other", "work"] and link.is_symlink()


def test_a_crashed_writer(store):
    """A journal that a killed process left is rolled back by the next process."""
    put(store)

    def crash():
        connection = sqlite3.connect(store.path, isolation_level=None)
        connection.executescript("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE")
        for number in range(200):
            connection.execute("INSERT INTO profiles VALUES (?, ?, ?, 1, ?)", (str(number), f"k{number}", f"n{number}", "x" * 4000))
        os._exit(0)

    in_a_child(crash)
    assert os.path.exists(f"{store.path}-journal")
    assert list(store.read()) == ["work"]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, sqlite

from .edits import add, as_ordinary_user, in_a_child, put, put_all


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "profiles.db"), {})


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# --- which store ---

LOCATIONS = [
    ("/srv/mail/p.db", {}, "/srv/mail/p.db"),
    ("sqlite:///srv/mail/p.db", {"MAILOPS_STORE": "/x"}, "/srv/mail/p.db"),
    ("sqlite:////srv/mail/p.db", {}, "/srv/mail/p.db"),
    (None, {"MAILOPS_STORE": "/srv/p.db", "HOME": "/h"}, "/srv/p.db"),
    (None, {"XDG_DATA_HOME": "/data", "HOME": "/h", "MAILOPS_STORE": ""}, "/data/mailops/profiles.db"),
    (None, {"XDG_DATA_HOME": "data", "HOME": "/h"}, "/h/.local/share/mailops/profiles.db"),
    (None, {"HOME": "/h"}, "/h/.local/share/mailops/profiles.db"),
    ("", {"MAILOPS_STORE": "/srv/p.db"}, "/srv/p.db"),
    (" ", {"HOME": "/h", "MAILOPS_STORE": " "}, "/h/.local/share/mailops/profiles.db"),
]


@pytest.mark.parametrize("option, environ, path", LOCATIONS)
def test_location(option, environ, path):
    assert open_store(option, environ).location == path


BAD_LOCATIONS = [
    (5, "store: must be an absolute path, sqlite:///PATH, postgresql://HOST/DATABASE or directory:///PATH"),
    ("p.db", "store: must be an absolute path"),
    ("~/p.db", "~ is not expanded"),
    ("sqlite://p.db", "store: must be an absolute path"),
    ("/srv/../p.db", "store: must be an absolute path without '..'"),
    ("/srv/p\n.db", "store: holds a newline"),
    ("mysql://u:s3cret@db/x", "store: there is no such kind of store"),
    ("directory://srv/mail", "store: must be an absolute path"),
    ("postgresql://u:s3cret@db/x", "the URL holds a password"),
    ("postgres://u:s3/cr@et@db/x", "the URL holds a password"),
    ("postgresql://db/x?sslmode=require&password=s3cret", "the URL holds a password"),
    ("host=db password=s3cret", "store: must be an absolute path"),
]


@pytest.mark.parametrize("option, message", BAD_LOCATIONS)
def test_bad_location(option, message):
    for value, environ in [(option, {}), (None, {"MAILOPS_STORE": option})]:
        if value is None and not (option and isinstance(option, str)):
            continue
        with pytest.raises(MailopsError) as refused:
            open_store(value, environ)
        assert message.replace("store:", "store:" if value else refused.value.problems[0].split(":")[0] + ":") in str(refused.value)
        assert "s3" not in str(refused.value) and "cr@et" not in str(refused.value)


# --- reading and writing ---


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
        pragma = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id", "journal_mode")}
        (row,) = connection.execute("SELECT * FROM profiles")
    assert pragma == {"user_version": 1, "application_id": sqlite.APPLICATION_ID, "journal_mode": "delete"}
    assert row[1:4] == ("work-fe4292b5", "work", 1)
    assert json.loads(row[4]) == {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}


@pytest.mark.parametrize(
    "document",
    ["[]", "7", "null", "{}", '{"incoming":{"host":"x"}}', '{"incoming":[],"outgoing":{}}', '{"incoming":{},"outgoing":"x"}', "x", "1,2", "", "[" * 100_000],
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
    """A journal that a killed process left is rolled back by whoever comes next."""
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


# --- refusals: one sentence, the file as it was ---


def broken_file(path, kind):
    store = open_store(str(path), {})
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif kind == "link to nothing":
        path.symlink_to(path.parent / "nothing")
    elif kind == "text":
        path.write_text("profiles:\n  - name: work\n" * 100)
    elif kind == "only a header":
        path.write_bytes(b"SQLite format 3\0")
    elif kind in ("another program", "another program, WAL"):
        with sqlite3.connect(path) as connection:
            connection.executescript("CREATE TABLE bookmarks (x)")
            if kind.endswith("WAL"):
                connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    else:
        put_all(store, [{"name": f"p{number}", "signature": "x" * 300} for number in range(50)])
        content = bytearray(path.read_bytes())
        if kind == "newer":
            content[60:64] = (sqlite.SCHEMA_VERSION + 1).to_bytes(4, "big")
        elif kind == "overwritten":
            content[4096:] = b"\xa5" * (len(content) - 4096)
        elif kind == "one page overwritten":
            content[4096 * 5 : 4096 * 6] = b"\xa5" * 4096
        elif kind == "schema overwritten":
            content[100:4096] = b"\xa5" * 3996
        elif kind == "cut off":
            content = content[: len(content) // 2]
        elif kind == "other page size":
            content[16:18] = b"\x00\x03"
        path.write_bytes(content)
    return store


BROKEN = {
    "directory": "is a directory; give the path of a file",
    "pipe": "is not a regular file; give the path of one",
    "socket": "is not a regular file; give the path of one",
    "link to nothing": "is a link to nothing; remove it or create",
    "text": "is not an SQLite database; give another path, or move the file away",
    "only a header": "is damaged; restore it from a backup",
    "another program": "is the database of another program; give another path",
    "another program, WAL": "is the database of another program; give another path",
    "newer": "was written by a newer release of this collection (schema 2, this one knows 1); update mailops.profiles",
    "overwritten": "is damaged; restore it from a backup",
    "one page overwritten": "is damaged; restore it from a backup",
    "schema overwritten": "is damaged; restore it from a backup",
    "cut off": "is damaged; restore it from a backup",
    "other page size": "is damaged; restore it from a backup",
}


def same_state(directory):
    return {
        item.name: (item.lstat().st_mode, item.lstat().st_mtime_ns, item.read_bytes() if item.is_file() else None)
        for item in directory.iterdir()
    }


@pytest.mark.parametrize("kind", BROKEN)
def test_broken(tmp_path, kind):
    path = tmp_path / "p.db"
    store = broken_file(path, kind)
    before = same_state(tmp_path)
    uses = [lambda: store.update(add), lambda: store.preview(add), lambda: store.update(add), store.read]
    for use in uses:
        with pytest.raises(MailopsError) as refused:
            use()
        assert str(refused.value).startswith(f"store {path}: ") and BROKEN[kind] in str(refused.value)
        assert same_state(tmp_path) == before


def test_a_device():
    with pytest.raises(MailopsError, match="store /dev/null: is not a regular file"):
        open_store("/dev/null", {}).read()


def test_a_path_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    store = open_store(str(tmp_path / "file" / "p.db"), {})
    for use in (store.read, lambda: put(store)):
        with pytest.raises(MailopsError, match="a part of this path is not a directory; give another path"):
            use()


def test_locked_for_longer_than_the_timeout(store, monkeypatch):
    put(store)
    monkeypatch.setattr(sqlite, "TIMEOUT", 0.2)
    with sqlite3.connect(store.path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        before = Path(store.path).read_bytes()
        for use in (store.read, lambda: put(store, default=True)):
            with pytest.raises(MailopsError, match=f"store {store.path}: another process has held it locked for 0.2 seconds"):
                use()
        assert Path(store.path).read_bytes() == before
        other.execute("ROLLBACK")
    other.close()
    assert put(store, default=True).changed


def test_not_writable(open_directory):
    store = open_store(str(open_directory / "p.db"), {})
    put(store)
    os.chmod(store.path, 0o444)
    open_directory.chmod(0o555)
    before = same_state(open_directory)
    for use in (lambda: store.update(add), lambda: store.preview(add)):
        (problem,) = as_ordinary_user(use)
        assert problem.startswith(f"store {store.path}: this user may not read or write it; mend owner and mode")
    assert as_ordinary_user(lambda: list(store.read())) == ["work"]
    os.chmod(store.path, 0o600 if os.geteuid() == 0 else 0)
    (problem,) = as_ordinary_user(store.read)
    assert "this user may not read or write it" in problem
    os.chmod(store.path, 0o444)
    assert {name: item[2] for name, item in same_state(open_directory).items()} == {name: item[2] for name, item in before.items()}


@pytest.mark.parametrize("name", ["p.db", "a/b/p.db"])
def test_directory_not_writable(open_directory, name):
    open_directory.chmod(0o555)
    store = open_store(str(open_directory / name), {})
    for use in (lambda: put(store), lambda: store.preview(lambda snapshot: (Changes(remove=("x",)), None))):
        (problem,) = as_ordinary_user(use)
        assert f"this user may not read or write {open_directory}; mend owner and mode" in problem
    assert os.listdir(open_directory) == []


def test_file_writable_and_directory_not(open_directory):
    store = open_store(str(open_directory / "p.db"), {})
    put(store)
    os.chmod(store.path, 0o666)
    open_directory.chmod(0o555)
    (problem,) = as_ordinary_user(lambda: put(store, default=True))
    assert f"this user may not read or write {open_directory}" in problem
    assert as_ordinary_user(lambda: list(store.read())) == ["work"]

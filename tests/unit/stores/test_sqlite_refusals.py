# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are no store, locked or not writable: one sentence, and the file stays as it was."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, sqlite

from ..refusals import refusal
from .edits import add, as_ordinary_user, put, put_all


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "profiles.db"), {})


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
        refused = refusal(use)
        assert refused.startswith(f"store {path}: ") and BROKEN[kind] in refused
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
    monkeypatch.setattr(sqlite, "TIMEOUT", 0.2)  # it is half a minute
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
        assert problem.startswith(f"store {store.path}: this user may not read or write it; correct the owner and mode")
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
        assert f"this user may not read or write {open_directory}; correct the owner and mode" in problem
    assert os.listdir(open_directory) == []


def test_file_writable_and_directory_not(open_directory):
    store = open_store(str(open_directory / "p.db"), {})
    put(store)
    os.chmod(store.path, 0o666)
    open_directory.chmod(0o555)
    (problem,) = as_ordinary_user(lambda: put(store, default=True))
    assert f"this user may not read or write {open_directory}" in problem
    assert as_ordinary_user(lambda: list(store.read())) == ["work"]


FORGED = "others can create files in its directory"


@pytest.mark.parametrize(("mode", "owner", "reason"), [
    (0o770, 0, FORGED), (0o2775, 0, FORGED), (0o1777, 0, FORGED), (0o702, 0, FORGED), (0o755, 64003, "belongs to another user"),
])  # fmt: skip
@pytest.mark.parametrize("linked", [False, True], ids=["", "through a link"])
def test_a_directory_in_which_others_can_make_a_journal(tmp_path, mode, owner, reason, linked):
    """SQLite would remove the files that a forged journal names, reads included."""
    directory = tmp_path / "shared"
    directory.mkdir()
    store = open_store(str(directory / "profiles.db"), {})
    put(store)
    os.chown(directory, owner, 0)
    directory.chmod(mode)
    if linked:
        (tmp_path / "link.db").symlink_to(store.path)
        store = open_store(str(tmp_path / "link.db"), {})
    before = same_state(directory)
    for use in (store.read, lambda: put(store, default=True), lambda: store.preview(add)):
        with pytest.raises(MailopsError, match=reason):
            use()
    assert same_state(directory) == before
    with pytest.raises(MailopsError, match=reason):  # nor is a new one created there
        put(open_store(str(directory / "new.db"), {}))


def test_a_directory_that_others_can_only_read(tmp_path):
    """Neither the directories above nor the umask matter."""
    tmp_path.chmod(0o777)
    before = os.umask(0o002)
    try:
        store = open_store(str(tmp_path / "made" / "by us" / "profiles.db"), {})
        put(store)
    finally:
        os.umask(before)
    (tmp_path / "made" / "by us").chmod(0o755)
    assert set(store.read()) == {"work"}


@pytest.mark.parametrize("statement", [
    "CREATE TRIGGER t AFTER INSERT ON profiles BEGIN DELETE FROM profiles; END", "CREATE VIEW v AS SELECT 1",
    "ALTER TABLE profiles RENAME TO real; CREATE VIEW profiles AS SELECT * FROM real",
])  # fmt: skip
def test_views_and_triggers(store, statement):
    put(store)
    with sqlite3.connect(store.path) as connection:
        connection.executescript(statement)
    connection.close()
    for use in (store.read, lambda: put(store, default=True)):
        with pytest.raises(MailopsError, match="has views or triggers, which no store has"):
            use()

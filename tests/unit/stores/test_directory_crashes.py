# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writers of a directory store that die or fail: all or nothing, and the next writer finishes."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _journal

from ...mounts import bind, in_own_namespace
from ..refusals import refusal
from .directories import killed, opened, told, visible, work
from .edits import add, files, put, put_all


@pytest.fixture
def store(path):
    return opened(path)


def test_killed_at_every_step(tmp_path, bulk):
    """Readers see old or new, and change nothing; the next writer finishes and leaves no temporary files."""
    base, change, old, new = bulk
    path, seen = tmp_path / "store", []
    for n in range(1, 1000):
        shutil.copytree(base, path)
        dead = killed(n, lambda: change(path))
        before = files(path)
        seen.append(found := told(path))
        assert found in (old, new) and opened(path).read(["c"])["c"].revision == found["c"][0]
        assert files(path) == before
        put(opened(path), "later")
        assert {name: record for name, record in told(path).items() if name != "later"} == found
        assert visible(path) == sorted(f"{'e' if name == 'f' else name}.yml" for name in [*found, "later"]) and work(path) == [
            ".gitignore",
            "lock",
        ]
        shutil.rmtree(path)
        if not dead:
            break
    assert seen == [old] * seen.count(old) + [new] * seen.count(new)
    assert seen.count(old) > 20 and seen.count(new) > 10


def test_killed_while_the_store_is_created(tmp_path):
    path = tmp_path / "store"
    for n in range(1, 100):
        dead = killed(n, lambda: put(opened(path)))
        assert list(opened(path).read()) in ([], ["work"])
        put(opened(path), "later")
        assert "later" in opened(path).read() and work(path) == [".gitignore", "lock"]
        assert (path / ".mailops" / ".gitignore").read_text() == "*\n"
        shutil.rmtree(path)
        if not dead:
            return
    raise AssertionError


def name_the_lock(copy):
    """A journal of a copy is refused, unless it names the copy's own lock."""
    journal, lock = copy / ".mailops" / "journal", (copy / ".mailops" / "lock").stat()
    journal.write_text(json.dumps({**json.loads(journal.read_text()), "lock": [lock.st_ino, lock.st_mtime_ns]}))


def test_a_journal_in_a_copy_is_refused(tmp_path, crashed):
    path, new = crashed
    shutil.copytree(path, tmp_path / "copy")
    before = files(tmp_path / "copy")
    for use in (opened(tmp_path / "copy").read, lambda: put(opened(tmp_path / "copy"), "x")):
        assert "its .mailops/journal was not written here" in refusal(use)
    assert files(tmp_path / "copy") == before
    shutil.rmtree(tmp_path / "copy" / ".mailops")
    assert put(opened(tmp_path / "copy"), "x").changed
    os.utime(path / ".mailops" / "journal")  # its own times do not matter
    assert told(path) == new


def test_killed_again_while_it_is_finished(tmp_path, crashed):
    path, new = crashed
    for n in range(1, 100):
        shutil.copytree(path, tmp_path / "again")
        name_the_lock(tmp_path / "again")
        dead = killed(n, lambda: put(opened(tmp_path / "again"), "a"))
        assert told(tmp_path / "again") == new
        put(opened(tmp_path / "again"), "b")
        assert told(tmp_path / "again") == new and work(tmp_path / "again") == [".gitignore", "lock"]
        shutil.rmtree(tmp_path / "again")
        if not dead:
            return
    raise AssertionError


def test_check_mode_sees_what_a_dead_writer_committed(crashed):
    path, new = crashed
    before = files(path)
    assert opened(path).preview(lambda snapshot: (Changes(), list(snapshot))) == list(new)
    assert opened(path).preview(lambda snapshot: (Changes(), snapshot["c"].revision)) == 2
    assert files(path) == before


class Failing:
    """The module os, with calls that fail."""

    def __init__(self, *fails):
        self.fails = fails

    def __getattr__(self, name):
        function = getattr(os, name)

        def call(*args, **options):
            if any(failing(name, args) for failing in self.fails):
                raise OSError(errno.EIO, os.strerror(errno.EIO), args[0])
            return function(*args, **options)

        return call if name in ("rename", "fsync", "listdir", "unlink") else function


def test_what_fails_after_all_is_done(store, path, monkeypatch):
    """The task has done what it should, and must not say otherwise."""
    put(store)
    done = []

    def after_the_end(name, args):
        if done:
            return name in ("fsync", "listdir")
        done.extend([name] if (name, args[0]) == ("unlink", "journal") else [])
        return False

    # No disk that can be had here begins to fail at this moment.
    monkeypatch.setattr(_journal, "os", Failing(after_the_end))
    assert put(store, default=True).changed and done
    monkeypatch.undo()
    assert opened(path).read()["work"].data["default"]


def test_a_change_that_cannot_be_finished(store, path):
    """A file that something is mounted on cannot be replaced."""
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    put_all(store, [{"name": name} for name in "abc"])

    def change():
        bind(path / "b.yml", path / "b.yml")
        first = refusal(put_all, store, [{"name": name, "default": True} for name in "abc"])
        second = refusal(put, store, "d")
        return [first, second, [record.data["default"] for record in store.read().values()]]

    said = "is recorded, but not yet in all files (b.yml: Device or resource busy); correct that, and the next run that writes finishes it"
    expected = [f"store {path}: the change {said}", f"store {path}: an earlier change {said}", [True] * 3]
    assert in_own_namespace(change) == expected
    put(store, "d")
    assert "default: true" in (path / "c.yml").read_text() and work(path) == [".gitignore", "lock"]


@pytest.mark.parametrize("damage", ["cut off", "no list", "newer", "outside", "NUL", "deep", "staged file changed"])
def test_a_journal_that_cannot_be_worked_off(crashed, damage):
    path, _new = crashed
    journal = path / ".mailops" / "journal"
    text = journal.read_text()
    if damage == "cut off":
        journal.write_text(text[: len(text) // 2])
    elif damage == "no list":
        journal.write_text("5")
    elif damage == "newer":
        journal.write_text(text.replace('"format": 1', '"format": 2'))
    elif damage == "outside":
        journal.write_text(text.replace("c.yml", "../c.yml"))
    elif damage == "NUL":
        journal.write_text(text.replace("c.yml", "c\\u0000.yml"))
    elif damage == "deep":
        journal.write_text("[" * 300_000)
    else:
        (path / ".mailops" / "c.yml").write_text("x")
    before = files(path)
    for use in (opened(path).read, lambda: put(opened(path), "x"), lambda: opened(path).preview(add)):
        assert refusal(use) == (
            f"store {path}: an interrupted change cannot be finished: its journal is damaged, or a newer release began it; "
            f"update mailops.profiles, or restore the files from Git or a backup and remove .mailops/journal"
        )
    assert files(path) == before


def test_only_our_own_temporary_files_are_removed(store, path):
    """Somebody may have a directory of this name for something else."""
    (path / ".mailops").mkdir(parents=True)
    for name in ("notes", "work.yml", "journal.new", "x.yml.bak"):
        (path / ".mailops" / name).write_text("x")
    put(store)
    assert work(path) == [".gitignore", "lock", "notes", "x.yml.bak"]

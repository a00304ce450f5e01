# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer and many readers of a directory store."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import shutil
import time

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _journal, directory

from ..refusals import refusal
from .directories import HAND_WRITTEN, opened
from .edits import add, files, in_a_child, put


@pytest.fixture
def store(path):
    return opened(path)


def test_locked_for_longer_than_the_timeout(store, path, monkeypatch):
    put(store)
    monkeypatch.setattr(directory, "TIMEOUT", 0.1)  # it is half a minute
    lock = path / ".mailops" / "lock"
    with open(lock, "r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        before = files(path)
        for use in (store.read, lambda: put(store, default=True), lambda: store.preview(add)):
            assert refusal(use) == (
                f"store {path}: another process has held it locked for 0.1 seconds; let it finish (fuser .mailops/lock there names it), then run again"
            )
        assert files(path) == before
        fcntl.flock(other, fcntl.LOCK_SH)
        assert list(store.read()) == ["work"]
        assert "held it locked" in refusal(lambda: put(store, default=True))
    assert put(store, default=True).changed


def test_what_a_reader_without_a_lock_reads(store, path):
    """The first writer ever may come while a reader that found no lock is at work."""
    path.mkdir()
    (path / "a.yml").write_text(HAND_WRITTEN)
    seen = []

    def take(files):
        seen.append(files.read("a.yml") is not None)
        if len(seen) == 1:
            assert in_a_child(lambda: put(opened(path), "a", state="absent").action) == "removed"
        return seen[-1]

    descriptor = os.open(path, os.O_RDONLY)
    assert _journal.snapshot(descriptor, take, 1) is False and seen == [True, False]
    os.close(descriptor)


def test_the_lock_is_removed_while_a_writer_waits(store, path):
    """As ``git clean -fdx`` does it: the one that waited for the old lock takes the new one."""
    put(store)
    with open(path / ".mailops" / "lock", "r+b") as old:
        fcntl.flock(old, fcntl.LOCK_EX)

        def write():
            old.close()
            put(store, default=True)

        process = multiprocessing.get_context("fork").Process(target=write)
        process.start()
        time.sleep(0.3)
        shutil.rmtree(path / ".mailops")
    put(store, "other")
    process.join(30)
    assert {name: record.revision for name, record in store.read().items()} == {"other": 1, "work": 2}

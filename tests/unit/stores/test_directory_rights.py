# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modes, owners, traps and full disks of a directory store."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes

from ...mounts import in_memory, in_own_namespace
from ..refusals import refusal
from .directories import HAND_WRITTEN, mode, opened, visible, work
from .edits import add, as_ordinary_user, files, put, put_all


@pytest.fixture
def store(path):
    return opened(path)


def test_modes(tmp_path):
    previous = os.umask(0)
    try:
        put(opened(tmp_path / "a" / "b"))
        (tmp_path / "shared").mkdir(0o770)
        (tmp_path / "shared").chmod(0o2770)
        put_all(opened(tmp_path / "shared"), [{"name": "work"}, {"name": "open"}])
        (tmp_path / "shared" / "open.yml").chmod(0o644)
        put_all(opened(tmp_path / "shared"), [{"name": "work", "default": True}, {"name": "open", "default": True}])
    finally:
        os.umask(previous)
    private, shared = tmp_path / "a" / "b", tmp_path / "shared"
    assert [mode(item) for item in (private, private.parent, private / ".mailops")] == [0o700] * 3
    assert [mode(item) for item in (private / "work.yml", private / ".mailops" / "lock")] == [0o600] * 2
    assert [mode(item) for item in (shared / ".mailops", shared / "work.yml", shared / "open.yml")] == [0o2770, 0o660, 0o644]
    assert {item.name: mode(item) for item in (shared / ".mailops").iterdir()} == {"lock": 0o660, ".gitignore": 0o660}


def test_a_group_that_the_writer_may_not_give(open_directory):
    if os.geteuid() != 0:
        pytest.skip("only root can give files to any group")
    path = open_directory / "p.d"
    put(opened(path))
    subprocess.run(["chmod", "-R", "a+rwX", path], check=True)
    os.chown(path / "work.yml", 0, 65533)
    assert as_ordinary_user(lambda: put(opened(path), default=True).action) == "updated"
    assert (os.stat(path / "work.yml").st_gid, mode(path / "work.yml")) == (65534, 0o606)


def test_a_parent_that_may_not_be_listed(open_directory):
    if os.geteuid() != 0:
        pytest.skip("only root can give directories away")
    os.chown(open_directory, 65534, 65534)
    open_directory.chmod(0o300)
    path = open_directory / "p.d"
    assert as_ordinary_user(lambda: put(opened(path)).action) == "created"


def test_a_store_is_given_to_a_team(open_directory):
    """With the commands of docs/stores.md."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files to any group")
    path = open_directory / "p.d"
    put(opened(path))
    commands = "chgrp -R 65534 p.d; chmod -R g+rwX p.d; find p.d -type d -exec chmod g+s {} +"
    subprocess.run(["sh", "-ec", commands], cwd=open_directory, check=True)
    assert as_ordinary_user(lambda: put(opened(path), default=True).action) == "updated"
    put(opened(path), "other")
    assert as_ordinary_user(lambda: sorted(opened(path).read())) == ["other", "work"]
    assert as_ordinary_user(lambda: put(opened(path), "other", default=True).action) == "updated"


def test_the_owner_stays(store, path):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    put(store)
    os.chown(path / "work.yml", 65534, 65533)
    put(store, default=True)
    status = os.stat(path / "work.yml")
    assert (status.st_uid, status.st_gid, store.read()["work"].revision) == (65534, 65533, 2)


def test_a_store_that_may_only_be_read(open_directory):
    if os.geteuid() != 0:
        pytest.skip("needs a second user")
    path = open_directory / "p.d"
    path.mkdir(0o755)
    (path / "work.yml").write_text(HAND_WRITTEN)
    before = files(path)
    for change in (add, lambda snapshot: (Changes(), None)):
        for method in (opened(path).update, opened(path).preview):
            (problem,) = as_ordinary_user(functools.partial(method, change))
            assert (
                problem == f"store {path}: this user may not read or write it; correct the owner and mode, or give another path in store"
            )
    assert as_ordinary_user(lambda: list(opened(path).read())) == ["work"]
    assert files(path) == before
    put(opened(path), default=True)
    (path / ".mailops" / "lock").chmod(0o600)
    path.chmod(0o777)
    for use in (lambda: opened(path).read(), lambda: put(opened(path))):
        (problem,) = as_ordinary_user(use)
        assert f"this user may not read or write {path}/.mailops" in problem
    (path / "work.yml").chmod(0)
    shutil.rmtree(path / ".mailops")
    (problem,) = as_ordinary_user(lambda: opened(path).read())
    assert f"this user may not read or write {path}/work.yml" in problem


def test_a_directory_that_cannot_be_created(open_directory):
    open_directory.chmod(0o555)
    store = opened(open_directory / "a" / "b")
    for use in (lambda: put(store), lambda: store.preview(add)):
        (problem,) = as_ordinary_user(use)
        assert f"this user may not read or write {open_directory}; correct the owner and mode" in problem
    assert os.listdir(open_directory) == []


def test_a_sticky_directory(open_directory):
    """There no user may replace the files of others."""
    if os.geteuid() != 0:
        pytest.skip("needs a second user")
    path = open_directory / "p.d"
    put(opened(path))
    subprocess.run(["chmod", "-R", "a+rwX", path], check=True)
    path.chmod(0o1777)
    for use in (lambda: opened(path).preview(add), lambda: put(opened(path), default=True)):
        assert as_ordinary_user(use) == [
            f"store {path}: has the sticky bit, with which no user may replace the files of others; "
            "take it away (chmod -t), or give another path in store"
        ]
    assert not opened(path).read()["work"].data["default"]
    put(opened(path), default=True)


def test_no_directory(store, path):
    uses = [store.read, lambda: put(store), lambda: store.preview(add)]
    path.touch()
    assert {refusal(use) for use in uses} == {f"store {path}: is not a directory; give the path of one"}
    path.unlink()
    path.symlink_to("nothing")
    assert {refusal(use) for use in uses} == {f"store {path}: is a link to nothing; remove it or create what it points to"}
    below = opened(path.parent / "file" / "p.d")
    (path.parent / "file").touch()
    for use in (below.read, lambda: put(below), lambda: below.preview(add)):
        assert refusal(use) == f"store {below.path}: a part of this path is not a directory; give another path"


def test_a_link_to_a_store(store, path, tmp_path):
    put(opened(tmp_path / "real"))
    path.symlink_to("real")
    put(store, "other")
    assert visible(tmp_path / "real") == ["other.yml", "work.yml"] and path.is_symlink()


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_trap_in_place_of_the_work_directory(store, path, tmp_path, kind):
    """Root must not rename and remove files wherever a link points to."""
    path.mkdir()
    (tmp_path / "elsewhere").mkdir()
    for name in ("lock", "precious"):
        (tmp_path / "elsewhere" / name).touch()
    (path / ".mailops").symlink_to(tmp_path / "elsewhere") if kind == "link" else (path / ".mailops").touch()
    before = files(tmp_path)
    for use in (store.read, lambda: put(store), lambda: store.preview(add)):
        assert refusal(use) == f"store {path}: .mailops is not a directory; remove it"
    assert files(tmp_path) == before


@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "directory", "pipe"])
def test_a_trap_in_place_of_the_lock(store, path, tmp_path, kind):
    put(store)
    lock, victim = path / ".mailops" / "lock", tmp_path / "victim"
    lock.unlink()
    victim.write_text("of root")
    victim.chmod(0o600)
    path.chmod(0o777)
    if kind == "hard link":
        os.link(victim, lock)
    elif kind == "directory":
        lock.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(victim if kind == "link" else "nothing")
    before = files(tmp_path)
    for use in (store.read, lambda: put(store, default=True), lambda: store.preview(add)):
        assert refusal(use) == (
            f"store {path}: .mailops/lock is not a file of its own, but a link, a directory or a pipe; remove it"
        )
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["lock", ".gitignore"])
def test_what_lies_in_the_work_directory_keeps_mode_and_content(store, path, name):
    """The owner of the directory can move any file there that root has made in another directory of his."""
    path.mkdir()
    path.chmod(0o777)
    (path / ".mailops").mkdir(0o700)
    file = path / ".mailops" / name
    file.write_text("of root")
    file.chmod(0o600)
    put(store)
    assert (file.read_text(), mode(file), mode(path / ".mailops")) == ("of root", 0o600, 0o700)


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_no_file_tells_git_what_to_ignore(store, path, kind):
    """It is not needed to read and write profiles."""
    (path / ".mailops").mkdir(parents=True)
    ignore = path / ".mailops" / ".gitignore"
    ignore.mkdir() if kind == "directory" else os.mkfifo(ignore)
    put(store)
    assert work(path) == [".gitignore", "lock"]


def test_a_full_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    assert in_own_namespace(lambda: refused_on_a_full_disk(tmp_path)) > 2


def refused_on_a_full_disk(small_disk):
    in_memory(small_disk, "size=256k")
    path = small_disk / "p.d"
    put_all(opened(path), [{"name": f"p{number}"} for number in range(4)])
    before = opened(path).read()
    refused = 0
    for pages in range(1, 100):
        with open(small_disk / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(small_disk).free)
            filler.truncate(max(0, os.fstat(filler.fileno()).st_size - 4096 * pages))
        try:
            put_all(opened(path), [{"name": f"p{number}", "signature": "x" * 5000} for number in range(8)], purge=True)
            break
        except MailopsError as exc:
            assert str(exc) == f"store {path}: the disk is full; make room, no profile was changed"
            refused += 1
        (small_disk / "filler").unlink()
        assert opened(path).read() == before and work(path) == [".gitignore", "lock"]
    assert len(opened(path).read()) == 8
    return refused

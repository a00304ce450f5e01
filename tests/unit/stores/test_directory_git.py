# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Git and editors change the files of a directory store, and take no lock."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _journal

from ..refusals import refusal
from .directories import HAND_WRITTEN, killed, opened, told, work
from .edits import put, put_all, replacing


@pytest.fixture
def store(path):
    return opened(path)


def git(path, *arguments):
    environment = {**os.environ, "HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", path, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(store, path):
    """A store in Git, with a branch in which work has another description."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    put(store), put(store, "other")
    git(path, "init", "-b", "main")
    for branch, description in (("main", "first"), ("review", "reviewed")):
        if branch != "main":
            git(path, "checkout", "-b", branch)
        put(store, description=description)
        git(path, "add", ".")
        git(path, "commit", "-m", description)
    git(path, "checkout", "main")
    return path


def test_git_sees_profiles_only(store, repository):
    assert git(repository, "ls-files").split() == ["other.yml", "work.yml"]
    put(store, default=True)
    assert git(repository, "status", "--short").split() == ["M", "work.yml"]
    assert git(repository, "diff", "--shortstat").split() == "1 file changed, 2 insertions(+), 2 deletions(-)".split()


def test_git_changes_a_file_between_reading_and_writing(store, repository):
    turns = []

    def change(snapshot):
        turns.append(snapshot["work"].data["description"])
        if len(turns) == 1:
            git(repository, "checkout", "review")
        record = snapshot["work"]
        return Changes(put=(record._replace(revision=record.revision + 1, data={**record.data, "default": True}),)), None

    store.update(change)
    record = store.read()["work"]
    assert turns == ["first", "reviewed"]
    assert (record.data["description"], record.data["default"], record.revision) == ("reviewed", True, 4)
    assert work(repository) == [".gitignore", "lock"]


def test_files_that_never_rest(store, path):
    put(store), put(store, "other")
    before = (path / "other.yml").read_bytes()

    def change(snapshot):
        with open(path / "work.yml", "a") as file:
            file.write("# again\n")
        return Changes(put=tuple(record._replace(revision=9) for record in snapshot.values())), None

    assert refusal(lambda: store.update(change)) == (
        f"store {path}: its files keep changing while they are written; let Git or whatever changes them finish, then run again"
    )
    assert (path / "other.yml").read_bytes() == before and work(path) == [".gitignore", "lock"]


@pytest.mark.parametrize("act", ["create", "remove"])
def test_a_file_comes_or_goes_between_reading_and_writing(store, path, act):
    put(store, "other"), put(store)
    turns = []

    def change(snapshot):
        turns.append(sorted(snapshot))
        if len(turns) == 1 and act == "remove":
            (path / "work.yml").unlink()
        elif len(turns) == 1:
            (path / "new.yml").write_text(HAND_WRITTEN)
        return replacing([{"name": "work", "default": True}, {"name": "new", "default": True}])(snapshot)

    edits = store.update(change)
    assert len(turns) == 2 and [edit.action for edit in edits] == {
        "create": ["updated", "updated"], "remove": ["created", "created"]
    }[act]  # fmt: skip
    assert all(record.data["default"] for name, record in store.read(["work", "new"]).items())


def test_what_git_changes_after_the_commit_stays(crashed):
    """It came later, and would have overwritten the finished change as well."""
    path, new = crashed
    text = (path / "c.yml").read_text().replace("description: c", "description: by hand")
    (path / "c.yml").write_text(text)
    (path / "d.yml").write_text((path / "d.yml").read_text().replace("description: d", "description: by hand"))
    (path / "new.yml").write_text(HAND_WRITTEN)
    for use in (lambda store: None, lambda store: put(store, "later")):
        store = opened(path)
        use(store)
        found = store.read()
        assert [found[name].data["description"] for name in "cd"] == ["by hand"] * 2
        assert (path / "c.yml").read_text() == text and (path / "new.yml").read_text() == HAND_WRITTEN
        assert {name: told(path)[name] for name in "abf"} == {name: new[name] for name in "abf"}
        assert sorted(warning.split(": ")[1] for warning in store.warnings) == ["c.yml", "d.yml", "new.yml"]
        assert all(warning.endswith("it stays as it is, so check it") for warning in store.warnings)
    store = opened(path)
    store.read()
    assert store.warnings == []


def test_git_puts_back_what_a_dead_writer_had_renamed(tmp_path, bulk):
    base, change, _old, _new = bulk
    path = tmp_path / "crashed"
    shutil.copytree(base, path)
    assert killed(5, lambda: change(path), changes=("rename",)) and not (path / ".mailops" / "c.yml").exists()
    shutil.copy(base / "c.yml", path)
    store = opened(path)
    found = store.read(["a", "c", "new"])
    assert {name: record.revision for name, record in found.items()} == {"a": 2, "c": 1, "new": 1}
    assert [warning.split(": ")[1] for warning in store.warnings] == ["c.yml"]


def test_git_changes_a_file_while_others_are_renamed(store, path, monkeypatch):
    put_all(store, [{"name": name} for name in "az"])

    class Slow:
        def __getattr__(self, name):
            return getattr(os, name)

        def rename(self, source, target, **options):
            if target == "a.yml":
                (path / "z.yml").write_text(HAND_WRITTEN)
            os.rename(source, target, **options)

    # A real git meets this moment by chance.
    monkeypatch.setattr(_journal, "os", Slow())
    put_all(store, [{"name": name, "default": True} for name in "az"])
    assert (path / "z.yml").read_text() == HAND_WRITTEN and opened(path).read()["a"].data["default"]
    assert store.warnings == [
        f"store {path}: z.yml: was changed by another program after a change of it was recorded; it stays as it is, so check it"
    ]
    assert work(path) == [".gitignore", "lock"]


@pytest.mark.parametrize("fresh", [False, True], ids=["in use", "fresh clone"])
@pytest.mark.parametrize("after", ["imap.evil.example", None], ids=["changed", "removed"])
def test_a_branch_changes_nothing_that_a_review_does_not_show(tmp_path, fresh, after):
    """Its ``.mailops`` has a journal, which readers would take for the change of a run that was killed."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    origin, site = tmp_path / "origin", tmp_path / "site"
    put(opened(origin / "profiles"))
    shutil.rmtree(origin / "profiles" / ".mailops")
    git(origin, "init", "-b", "main")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "reviewed")
    reviewed = (origin / "profiles" / "work.yml").read_bytes()
    if not fresh:
        git(tmp_path, "clone", str(origin), str(site))
        put(opened(site / "profiles"), "other")  # now it has a lock
    forged = reviewed.replace(b"imap.example.org", b"imap.evil.example")
    files = {"lock": b"", "work.yml": forged} if after else {"lock": b""}
    digest = [hashlib.sha256(data).hexdigest() if data else None for data in (reviewed, after and forged)]
    journal = {"format": 1, "lock": [1, 1], "steps": [["work.yml", *digest]]}
    (origin / "profiles" / ".mailops").mkdir()
    for name, data in {**files, "journal": json.dumps(journal).encode()}.items():
        (origin / "profiles" / ".mailops" / name).write_bytes(data)
    git(origin, "add", "-f", ".")
    git(origin, "commit", "-m", "only a cache")
    if fresh:
        git(tmp_path, "clone", str(origin), str(site))
    else:
        git(site, "pull", "--no-rebase")
    assert (site / "profiles" / "work.yml").read_bytes() == reviewed
    store = opened(site / "profiles")
    for use in (store.read, lambda: put(store, "third")):
        assert ".mailops/journal was not written here" in refusal(use)
    assert (site / "profiles" / "work.yml").read_bytes() == reviewed

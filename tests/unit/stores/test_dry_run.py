# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of a dry run see of each other, for every kind of store: what the real run would have made, and nothing is written."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import diff
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

from .edits import add, as_ordinary_user, put, put_all


class Run:
    """The tasks of one dry run: each opens the store anew."""

    def __init__(self, url: str, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        self.url, self.directory = url, directory

    def open(self, url=None):
        return open_store(url or self.url, {}, str(self.directory))

    @property
    def update(self):
        return self.open().preview

    def read(self, names=None):
        return self.open().read(names)


@pytest.fixture
def run(place, tmp_path_factory):
    return Run(place.url, tmp_path_factory.mktemp("dry") / "run")


@pytest.fixture
def sqlite_run(sqlite_place, tmp_path_factory):
    return Run(sqlite_place.url, tmp_path_factory.mktemp("dry") / "run")


def without_ids(found):
    return {name: record._replace(id="") for name, record in found.items()}


def test_each_task_answers_as_in_the_real_run(place, run):
    edits = [
        put,
        put,
        lambda store: put(store, "office", copy_from="work", description="a copy"),
        lambda store: put(store, "bureau", renamed_from="office"),
        lambda store: put(store, "work", default=True),
        lambda store: put(store, "work", default=False),
        lambda store: put(store, "bureau", state="absent"),
        lambda store: put(store, "bureau", description="another one"),
    ]  # fmt: skip
    for existing in ([], [{"name": "work", "signature": "s"}, {"name": "other"}]):
        shutil.rmtree(run.directory)
        run.directory.mkdir()
        if existing:
            put_all(place.open(), existing, purge=True)
        before = place.fingerprint()
        foreseen = [(edit.action, diff(edit)) for edit in [each(run) for each in edits]]
        seen = without_ids(run.read())
        assert place.fingerprint() == before and run.open().exists
        assert [(edit.action, diff(edit)) for edit in [each(place.open()) for each in edits]] == foreseen
        assert without_ids(place.open().read()) == seen
        assert [action for action, _diff in foreseen[1:]] == ["unchanged", "created", "renamed", "updated", "updated", "removed", "created"]


def test_whole_lists(place, run):
    put_all(place.open(), [{"name": name} for name in "abc"])
    stored, before = place.open().read(), place.fingerprint()
    put_all(run, [{"name": new, "id": stored[old].id} for new, old in zip("abc", "bca")])
    assert {name: record.id for name, record in run.read().items()} == {"a": stored["b"].id, "b": stored["c"].id, "c": stored["a"].id}
    put_all(run, [{"name": "a"}, {"name": "d"}], purge=True)
    assert {name: record.revision for name, record in run.read().items()} == {"a": 2, "d": 1}
    assert list(run.read(["d", "b"])) == ["d"] and run.read([]) == {} and place.fingerprint() == before


def test_a_created_profile_has_one_id_in_the_whole_run(place, run):
    made = put(run).after
    assert run.read() == {"work": made} == {"work": put(run).before}
    assert put(run, "office", renamed_from="work").after.id == made.id
    assert place.open().read() == {}


def test_nothing_but_changes_is_kept(place, run):
    put(run, state="absent")
    with pytest.raises(MailopsError):
        put(run, email="x")
    assert not run.open().exists and run.read() == {}
    put(run)
    put(run, state="absent")
    assert run.open().exists and run.read() == {}  # as after the same tasks of a real run


def test_another_run_sees_nothing(place, run, tmp_path):
    put(run)
    assert Run(place.url, tmp_path / "other").read() == {} == place.open().read()


def test_what_is_kept_is_for_this_user_and_has_no_password_in_clear(run):
    key = StoreKey("a key of these tests")
    old = os.umask(0)
    try:
        put(run, incoming={"host": "imap.example.org", "password": "tr0ub4dor"}, key=key)
    finally:
        os.umask(old)
    assert put(run, incoming={"host": "imap.example.org", "password": "tr0ub4dor"}, key=key).action == "unchanged"
    kept = list(run.directory.iterdir())
    assert len(kept) == 2 and {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert b"$mailops$" in b"".join(path.read_bytes() for path in kept) and not any(b"tr0ub4dor" in path.read_bytes() for path in kept)


# --- the store changes meanwhile, by a task with check_mode: false or by another run ---


def test_what_is_really_stored_counts(place, run):
    put_all(place.open(), [{"name": "edited"}, {"name": "removed"}, {"name": "other"}])
    put(run, "edited", description="dry"), put(run, "other", description="dry"), put(run, "removed", default=True)
    put(run, "created", description="dry"), put(run, "kept", description="dry")
    real = place.open()
    put(real, "edited", signature="real"), put(real, "removed", state="absent"), put(real, "created", description="real")
    found = run.read()
    assert {name: record.data["description"] for name, record in found.items()} == {
        "created": "real", "edited": "", "kept": "dry", "other": "dry",
    }  # fmt: skip
    assert found["edited"] == real.read()["edited"] and found["created"] == real.read()["created"]
    again = put(run, "edited", description="dry again").after
    assert (again.data["signature"], again.revision, run.read()["edited"]) == ("real", 3, again)


def test_a_name_that_is_really_taken_is_not_taken_twice(place, run):
    put_all(place.open(), [{"name": "a"}, {"name": "b"}, {"name": "c"}])
    put(run, "moved", renamed_from="a"), put(run, "a", renamed_from="b"), put(run, "b", renamed_from="c")
    assert list(run.read()) == ["a", "b", "moved"]
    put(place.open(), "moved")  # then the first renaming cannot be, nor the second one, nor the third
    assert run.read() == place.open().read() and list(run.read()) == ["a", "b", "c", "moved"]


def test_a_removed_profile_that_was_stored_again(place, run):
    put(place.open())
    put(run, state="absent")
    assert run.read() == {}
    put(place.open(), description="real")
    assert list(run.read()) == ["work"]


# --- which store it is ---


def test_one_store_by_several_names(tmp_path):
    run = Run(f"sqlite://{tmp_path}/real/p.db", tmp_path / "run")
    (tmp_path / "link").symlink_to("real")
    put(run)
    for same in (f"{tmp_path}/real//p.db", f"{tmp_path}/link/p.db", f"sqlite:////{tmp_path}/real/p.db"):
        assert list(run.open(same).read()) == ["work"]
    for other in (f"directory://{tmp_path}/real/p.db", f"{tmp_path}/real/q.db"):
        assert run.open(other).read() == {}


@pytest.mark.parametrize(("one", "other", "same"), [
    ("postgresql://writer@db.example.org/mail?sslmode=require", "postgresql://reader@db.example.org:5432/mail", True),
    ("postgresql://writer@db.example.org/mail", "postgresql://writer@db.example.org/other", False),
    ("postgresql://writer@db.example.org/mail", "postgresql://writer@db.example.org:5433/mail", False),
    ("postgresql://writer@db.example.org/mail", "postgresql://writer@other.example.org/mail", False),
    ("postgresql://writer@db.example.org", "postgresql://db.example.org/writer", True),
    ("postgresql://writer@db.example.org", "postgresql://reader@db.example.org", False),
    ("postgresql://writer@?service=mail", "postgresql://reader@?service=mail", True),
    ("postgresql://?service=mail", "postgresql://?service=other", False),
    ("postgresql:///mail", "postgresql://db.example.org/mail", True),  # PGHOST
])  # fmt: skip
def test_one_database_by_several_names(monkeypatch, one, other, same):
    monkeypatch.setenv("PGHOST", "db.example.org")
    assert (open_store(one, {}).identity == open_store(other, {}).identity) is same


# --- many at once, and what can go wrong ---


def test_parallel_tasks(sqlite_run):
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(5)

    def task(number):
        start.wait()
        for turn in range(10):
            put(sqlite_run, f"own-{number}-{turn}")
            put(sqlite_run, "shared", variables={f"P{number}T{turn}": "x"})

    processes = [fork.Process(target=task, args=(number,)) for number in range(5)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 5
    found = sqlite_run.read()
    assert len(found) == 51 and len(found["shared"].data["variables"]) == 50 == found["shared"].revision


def test_a_store_that_cannot_be_written_to_is_refused(open_directory):
    (open_directory / "run").mkdir()
    (open_directory / "run").chmod(0o777)
    store = open_store(f"{open_directory}/p.db", {}, f"{open_directory}/run")
    (problem,) = as_ordinary_user(lambda: store.preview(add))
    assert "this user may not read or write" in problem and store.read() == {}


def test_no_room_for_the_changes(sqlite_run):
    shutil.rmtree(sqlite_run.directory)
    with pytest.raises(MailopsError, match="the dry run cannot keep its changes in .*ANSIBLE_LOCAL_TEMP"):
        put(sqlite_run)


NAMES = st.sampled_from("abcd")
EDITS = st.one_of(
    st.tuples(st.just("put"), NAMES, st.fixed_dictionaries({}, optional={"description": st.sampled_from(["x", "y"]), "copy_from": NAMES})),
    st.tuples(st.just("put"), NAMES, st.fixed_dictionaries({"renamed_from": NAMES})),
    st.tuples(st.just("put"), NAMES, st.just({"state": "absent"})),
    st.tuples(st.just("list"), st.lists(NAMES, min_size=1, unique=True), st.booleans()),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(EDITS, max_size=4), st.lists(EDITS, max_size=8))
def test_any_tasks(earlier, tasks):
    """A dry run of some tasks, on whatever earlier ones have stored, answers as their real run."""

    def outcome(store, task):
        kind, what, options = task
        try:
            if kind == "list":
                return [(edit.name, edit.action) for edit in put_all(store, [{"name": name} for name in what], purge=options)]
            return diff(put(store, what, **options))
        except MailopsError as exc:
            return str(exc)

    with tempfile.TemporaryDirectory() as top:
        url = f"{top}/store/p.db"
        for task in earlier:
            outcome(open_store(url, {}), task)
        run = Run(url, Path(top, "run"))
        foreseen = [outcome(run, task) for task in tasks], without_ids(run.read())
        assert ([outcome(open_store(url, {}), task) for task in tasks], without_ids(open_store(url, {}).read())) == foreseen

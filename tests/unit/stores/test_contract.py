# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every kind of store does alike."""

from __future__ import annotations

import multiprocessing

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Stored

from ..refusals import refusal
from .edits import SERVERS, add, put, put_all, replacing

# As a collation of English sorts them they stand the other way round.
BY_CODE_POINT = ["B", "Z-1", "a", "a-b", "a.b", "aB", "a_b", "ab"]


def nothing(snapshot):
    return Changes(), sorted(snapshot)


@pytest.fixture
def store(place):
    return place.open()


# --- reading and writing ---


def test_what_is_written_is_read(store):
    done = put(store, signature="żółć 🙂\n\"'\\ {}%s $1 -- /*", variables={"Region": None})
    assert store.read() == {"work": done.after} == store.read(["work", "other"])
    assert store.read(["other"]) == {} == store.read([])


def test_every_field_comes_back(store):
    done = put(
        store, description="d", reply_to="r@example.org", default=True, folders={"sent": "Gesendet"}, ca_file="/etc/ca.pem",
        check_interval=5, signature="<b>x</b>", signature_format="html", notifications=False,
        outgoing={"host": "s", "port": 2525, "security": "starttls", "password_command": ["pass", "show", "x y"]},
    )  # fmt: skip
    (found,) = store.read().values()
    assert found == done.after


def test_profiles_that_are_alike_but_for_a_little(store):
    """Every field differs somewhere, and what is alike is so in the next profile or in one further on."""
    changes = [
        {}, {"description": "d"}, {}, {"default": True}, {"check_interval": 1}, {"check_interval": 10}, {"folders": {"sent": "S"}},
        {"folders": {"sent": "S"}, "variables": {"A": None}}, {"variables": {"A": ""}}, {"incoming": {"host": "other.example.org"}},
        {"incoming": {"host": "other.example.org"}, "account_type": "pop"}, {"outgoing": {"host": "other.example.org"}},
        {"outgoing": {"host": "smtp.example.org", "port": 2525}}, {"signature": "s"}, {"signature": "s"}, {"notifications": False}, {},
    ]  # fmt: skip
    entries = [{"name": f"p{number}", **each} for number, each in enumerate(changes)]
    made = put_all(store, entries)
    assert store.read() == {edit.name: edit.after for edit in sorted(made, key=lambda edit: edit.name)}
    changed = put_all(store, [{**entry, "reply_to": "r@example.org"} for entry in entries])
    assert [edit.action for edit in changed] == ["updated"] * len(changes)
    assert store.read() == {edit.name: edit.after for edit in sorted(changed, key=lambda edit: edit.name)}
    for name, record in store.read().items():
        given = {**SERVERS, **changes[int(name[1:])], "reply_to": "r@example.org"}
        assert record.data == read_profile({"name": name, "key": derived_key(name), **given}).as_data()


def test_many_names_of_which_few_are_there(store):
    put_all(store, [{"name": f"n{number}"} for number in range(0, 2000, 400)])
    asked = [f"n{number}" for number in range(2000)]
    assert list(store.read(asked)) == ["n0", "n1200", "n1600", "n400", "n800"]


def test_sorted_by_code_point(place):
    put_all(place.open(), [{"name": name} for name in reversed(BY_CODE_POINT)])
    assert list(place.open().read()) == BY_CODE_POINT == list(place.open().read(reversed(BY_CODE_POINT)))


def test_a_store_that_does_not_exist_reads_as_empty(place):
    store, before = place.open(), place.fingerprint()
    assert store.read() == {} == store.read(["work"]) and not store.exists
    assert store.update(nothing) == [] == store.preview(nothing)
    put(store, state="absent")
    store.preview(add)
    store.refuse_unusable()
    assert not store.exists and place.fingerprint() == before
    put(store)
    assert store.exists and place.open().exists


def test_edits(store):
    first = put(store).after
    assert (put(store).changed, put(store, default=True).after.revision) == (False, 2)
    renamed = put(store, "office", renamed_from="work").after
    assert (renamed.id, renamed.revision, list(store.read())) == (first.id, 3, ["office"])
    put(store, "office", state="absent")
    assert store.read() == {} and store.exists


def test_swapped_names(store):
    put_all(store, [{"name": name} for name in "abc"])
    ids = {name: record.id for name, record in store.read().items()}
    put_all(store, [{"name": new, "id": ids[old]} for new, old in zip("abc", "bca")])
    assert {name: record.id for name, record in store.read().items()} == {"a": ids["b"], "b": ids["c"], "c": ids["a"]}


def test_a_name_changes_hands(store):
    """The one that had it is removed in the same breath."""
    put_all(store, [{"name": "a"}, {"name": "b"}])
    kept = store.read()["b"]
    put_all(store, [{"name": "a", "id": kept.id}], purge=True)
    assert {name: record.id for name, record in store.read().items()} == {"a": kept.id}


def test_removing_what_is_not_there(store):
    put(store)
    store.update(lambda snapshot: (Changes(remove=("no-such-id",)), None))
    assert list(store.read()) == ["work"]


def test_what_is_read_may_be_put_back(store):
    put_all(store, [{"name": name, "signature": name} for name in "abc"])
    before = store.read()
    store.update(lambda snapshot: (Changes(put=tuple(snapshot.values())), None))
    assert store.read() == before


# --- keys ---


def test_the_key_stays_with_the_profile(store):
    """Another profile of the old name gets another key; when both are gone, the first key is free again."""
    first = put(store).after
    assert put(store, "office", renamed_from="work").after.key == first.key == "work-fe4292b5"
    second = put(store).after
    assert second.key == derived_key("work", {first.key}) != first.key
    assert {name: record.key for name, record in store.read().items()} == {"office": first.key, "work": second.key}
    put(store, state="absent"), put(store, "office", state="absent")
    assert put(store).after.key == first.key


def test_a_store_never_has_a_key_twice(place):
    store = place.open()
    record = put(store).after
    before = place.fingerprint()
    twin = Stored("6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b", "twin", 1, {**record.data, "name": "twin"})
    refused = refusal(store.update, lambda snapshot: (Changes(put=(twin,)), None))
    assert refused.startswith(f"store {store.location}: ") and place.fingerprint() == before


# --- nothing half done ---


def test_an_error_changes_nothing(place):
    store = place.open()

    def fail(snapshot):
        raise RuntimeError("as it is")

    for _turn in ("without a store", "with one"):
        before = place.fingerprint()
        with pytest.raises(MailopsError):
            put(store, email="x")
        with pytest.raises(RuntimeError, match="as it is"):
            store.update(fail)
        with pytest.raises(RuntimeError, match="as it is"):
            store.preview(fail)
        assert place.fingerprint() == before
        put(store)


def test_preview_answers_as_update_does(place):
    store = place.open()
    for entries in ([{"name": "a"}, {"name": "b"}], [{"name": "a", "default": True}], [{"name": "a", "default": True}]):
        before = place.fingerprint()
        foreseen = store.preview(replacing(entries, purge=True))
        assert place.fingerprint() == before
        done = store.update(replacing(entries, purge=True))
        assert [(edit.name, edit.action) for edit in foreseen] == [(edit.name, edit.action) for edit in done]


# --- many at once ---

PROCESSES, ROUNDS = 6, 8


def run_together(*functions):
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=function) for function in functions]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * len(functions)


def test_parallel_writers(place):
    """Different profiles and the same one, the store's creation included: none lost, revisions without gaps."""
    start = multiprocessing.get_context("fork").Barrier(PROCESSES)

    def writer(number):
        def write():
            store = place.open()
            start.wait()
            for turn in range(ROUNDS):
                put(store, f"own-{number}-{turn}")
                put(store, "shared", variables={f"P{number}T{turn}": "x"})

        return write

    run_together(*map(writer, range(PROCESSES)))
    found = place.open().read()
    assert len(found) == PROCESSES * ROUNDS + 1
    assert len(found["shared"].data["variables"]) == PROCESSES * ROUNDS
    assert found["shared"].revision == PROCESSES * ROUNDS
    assert len({record.id for record in found.values()}) == len(found)


def test_a_reader_sees_old_or_new(place):
    """Never a mixture, while another process rewrites everything, adds one and removes one."""
    number, turns = 40, 8
    finished = multiprocessing.get_context("fork").Event()

    def entries(turn):
        return [{"name": f"p{each}", "description": str(turn)} for each in range(number)] + [{"name": f"turn-{turn}"}]

    put_all(place.open(), entries(0))

    def write():
        try:
            for turn in range(1, turns + 1):
                put_all(place.open(), entries(turn), purge=True)
        finally:
            finished.set()

    def read():
        last = False
        while not last:
            last = finished.is_set()
            found = place.open().read()
            (turn,) = {record.data["description"] for name, record in found.items() if name.startswith("p")}
            assert len(found) == number + 1 and f"turn-{turn}" in found
        assert turn == str(turns)

    run_together(write, read)


def test_the_record_is_what_was_put(store):
    """A store keeps ids and revisions as they come; it makes none."""
    record = put(store).after
    moved = Stored("6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b", "moved", 41, {**record.data, "name": "moved", "key": "moved"})
    store.update(lambda snapshot: (Changes(put=(moved,)), None))
    assert store.read(["moved"]) == {"moved": moved} and SERVERS["incoming"]["host"] == moved.data["incoming"]["host"]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of store keeps every name byte for byte, finds it by nothing but itself, and lists names in the same order."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import unicodedata
from contextlib import closing
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.action.mail_profile_info import ActionModule
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key, profile_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import LABEL, free_label

from ..names import VALID, any_name
from ..refusals import refusal
from .directories import HAND_WRITTEN, opened, visible
from .edits import put, put_all

some_names = st.lists(any_name, min_size=1, max_size=12, unique=True)


def listed(place):
    """The names that mail_profile_info returns, in its order."""
    options = {"store": place.url, "name": None, "store_key": None, "store_key_file": None}
    action = object.__new__(ActionModule)
    action._task = SimpleNamespace(check_mode=False)
    action.environ = os.environ
    return [profile["name"] for profile in action.work(options, {})["profiles"]]


def as_bytes(names):
    return [name.encode() for name in names]


def test_any_names(place):
    @settings(max_examples=20, deadline=None)
    @given(some_names)
    def check(names):
        done = put_all(place.open(), [{"name": name, "description": f"of {name}"} for name in names], purge=True)
        found = place.open().read()
        assert as_bytes(found) == as_bytes(sorted(names)) == as_bytes(listed(place)) == as_bytes(place.open().read(names))
        assert found == {edit.name: edit.after for edit in done if edit.after}
        assert place.open().read(names[:1]) == {names[0]: found[names[0]]}
        for name, record in found.items():
            assert record.name == record.data["name"] == name and record.data["description"] == f"of {name}"
        keys = {profile_key(record.key) for record in found.values()}
        assert len(keys) == len(names)

    check()


def test_names_that_are_nearly_alike(place):
    """None is taken for another one: not when it is read, edited, renamed or removed."""
    put_all(place.open(), [{"name": name, "description": name} for name in VALID])
    assert listed(place) == sorted(VALID)
    for name in ("work", "Work", "ｗｏｒｋ", "firma", "Straße", "STRASSE", "İ", "i", "ſ", "null", "01"):
        (record,) = place.open().read([name]).values()
        assert record.data["description"] == name
    before = place.open().read()
    renamed = put(place.open(), "WoRk", renamed_from="WORK").after
    removed = put(place.open(), "ﬁrma", state="absent").before
    assert (renamed.id, removed.id) == (before["WORK"].id, before["ﬁrma"].id)
    kept = {name: record for name, record in before.items() if name not in ("WORK", "ﬁrma")}
    assert place.open().read() == dict(sorted({**kept, "WoRk": renamed}.items()))


def test_two_spellings_of_the_same_characters_are_one_profile(place):
    put(place.open(), "Büro (Łódź)")
    decomposed = unicodedata.normalize("NFD", "Büro (Łódź)")
    assert not put(place.open(), decomposed).changed
    assert put(place.open(), "Kopie", copy_from=decomposed).action == "created"
    assert put_all(place.open(), [{"name": decomposed}])[0].action == "unchanged"
    assert put(place.open(), "Büro", renamed_from=decomposed).action == "renamed"
    assert listed(place) == ["Büro", "Kopie"]


def change_row(place, statement):
    with closing(sqlite3.connect(place.url)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_name_that_no_module_writes_is_damage_in_a_database(sqlite_place, database, server):
    """A row that another program wrote would be found by one reader and missed by the next."""
    for name in ("Bu\u0308ro", "Biuro #1"):
        for place in (sqlite_place, database):
            put(place.open())
        statement = f"UPDATE {{}}profiles SET name = '{name}'"
        change_row(sqlite_place, statement.format(""))
        server.sql(statement.format("mailops_profiles."), dbname="mailops")
        for place in (sqlite_place, database):
            with pytest.raises(MailopsError, match=f"profile {re.escape(repr(name))} is damaged"):
                place.open().read()
        change_row(sqlite_place, "DELETE FROM profiles")
        server.sql("DELETE FROM mailops_profiles.profiles", dbname="mailops")


# --- files ---


@given(some_names)
def test_labels_differ_on_every_file_system(names):
    """They are in lower-case ASCII, whatever the name is, so that neither case nor a form of Unicode matters, nor git's core.quotePath."""
    taken = set()
    for name in names:
        label = free_label(name, taken)
        assert label not in taken and re.fullmatch(r"[a-z0-9-]+\.yml", label) and LABEL.match(label) and len(label) < 255
        taken.add(label)


def test_many_labels_from_one_slug():
    taken = set()
    for _turn in range(300):
        taken.add(free_label("工作邮箱", taken))
    assert len(taken) == 300 and {"profile.yml", "profile-2.yml", "profile-300.yml"} < taken


@given(some_names)
def test_keys_of_names_without_a_store(names):
    """Without a store a key depends on the name alone, always in the same way."""
    keys = [profile_key(derived_key(name)) for name in names]
    assert keys == [derived_key(name) for name in names] and len(set(keys)) == len(names)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Poczta firmowa (Gdynia)", "Büro", "Почта", "工作邮箱", "हिन्दी डाक", "null", "2024", "R&D + Jan's"])
def test_a_file_without_a_name(path, name, form):
    """macOS, and Git there, spell the names of files in another form."""
    path.mkdir()
    (path / f"{unicodedata.normalize(form, name)}.yml").write_text(HAND_WRITTEN)
    (found,) = opened(path).read().values()
    assert found.name == name and found.key == derived_key(name)
    put(opened(path), name, default=True)
    assert visible(path) == [f"{unicodedata.normalize(form, name)}.yml"] and opened(path).read()[name].data["default"]


def test_a_file_whose_name_is_no_profile_s(path):
    path.mkdir()
    for stem in ("Biuro #1", "a,b", "two  words", "-x", "x" * 65, "y\udcff"):
        (path / f"{stem}.yml").write_text(HAND_WRITTEN)
    problems = refusal(opened(path).read).splitlines()[1:]
    assert [problem.partition(": a profile name")[0] for problem in problems] == [
        f"- store {path}: {label}: name: is required here, because the name of the file is not a profile's: it {reason}"
        for label, reason in [
            ("-x.yml", "begins with '-'"),
            ("Biuro #1.yml", "holds '#', at which YAML cuts a name that is not in quotes"),
            ("a,b.yml", "holds ',', which separates the names of a list"),
            ("two  words.yml", "holds two spaces in a row"),
            (f"{'x' * 65}.yml", "has 65 characters, a profile name has at most 64"),
            ("'y\\udcff.yml'", "holds the control character U+DCFF, which is not allowed here"),
        ]
    ]


def test_two_files_of_one_name_in_two_spellings(path):
    path.mkdir()
    for form in ("NFC", "NFD"):
        (path / f"{unicodedata.normalize(form, 'Büro')}.yml").write_text(HAND_WRITTEN)
    assert "have the same name" in refusal(opened(path).read)


@pytest.mark.parametrize("quotes", ["{}", "'{}'", '"{}"'])
def test_a_name_in_a_file_that_a_person_wrote(path, quotes):
    """The spelling in the file stays: the name is what it is read as."""
    path.mkdir()
    name = "Poczta firmowa (Łódź) + R&D"
    spelling = quotes.format(unicodedata.normalize("NFD", name))
    (path / "x.yml").write_text(f"name: {spelling}  # as it is called\n{HAND_WRITTEN}")
    put(opened(path), name, default=True)
    text = (path / "x.yml").read_text()
    assert f"name: {spelling}  # as it is called\n" in text and opened(path).read()[name].data["default"]
    put(opened(path), "工作", renamed_from=name)
    assert "name: 工作  # as it is called\n" in (path / "x.yml").read_text()


def test_git_sees_plain_file_names(path):
    put_all(opened(path), [{"name": name} for name in VALID])
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "add", "."], check=True)
    files = subprocess.run(["git", "-C", str(path), "ls-files"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert sorted(files) == visible(path) and len(files) == len(VALID)
    assert open_store(f"directory://{path}", {}).read().keys() == set(VALID)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of a whole list: what mail_profiles makes of its options and the store."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import report
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key

from ..refusals import problems
from .records import IDS, RICH, actions, entry, replace, stored


def test_declarative():
    edits = replace(
        [entry("b"), entry("a"), entry("c", default=True)], stored("b", 0, **RICH), stored("c", 1, default=True), stored("d", 2)
    )
    assert actions(edits) == [("a", "created"), ("b", "updated"), ("c", "unchanged")]
    assert edits[1].after.data == stored("b").data  # what is not given has its default
    assert edits[2].after is edits[2].before


def test_purge():
    edits = replace([entry("a")], stored("a"), stored("b", 1), purge=True)
    assert actions(edits) == [("a", "unchanged"), ("b", "removed")]
    assert changes(edits).remove == (IDS[1],)


def test_purge_with_an_empty_list():
    (problem,) = problems(replace, [], stored(), purge=True)
    assert "allow_empty: true" in problem
    assert actions(replace([], stored(), purge=True, allow_empty="yes")) == [("work", "removed")]
    assert replace([], stored()) == []


def test_all_problems_of_all_profiles():
    found = problems(replace, [entry(email="x"), "b", entry("c", id="x", revision=8), {}, entry("e"), entry("e")])
    assert found == [
        "profile 'work': email: 'x' is not an e-mail address: it has no domain",
        "profiles, entry 2: must be a mapping with name, incoming.host and outgoing.host",
        "profile 'c': id: is not a UUID; leave it out, and the profile gets one",
        "profiles, entry 4: name: is required",
        "profiles, entry 4: incoming.host: is required",
        "profiles, entry 4: outgoing.host: is required",
        "'e' is listed twice; leave one",
    ]
    for blank in (None, "", " \n"):
        assert problems(replace, blank, purge=True, allow_empty=True) == [
            "profiles: is required; give a list of profiles, each with name, incoming.host and outgoing.host"
        ]
    assert "profiles: must be a list of" in problems(replace, "work")[0]
    assert problems(replace, [], purge="perhaps") == ["purge: must be true or false"]


def test_profiles_move_between_stores_with_their_ids():
    (created,) = replace([entry(id=IDS[4], revision=9)])
    assert (created.after.id, created.after.revision) == (IDS[4], 9)
    (known,) = replace([entry(id=IDS[4], revision=9)], stored())  # the id of a known profile does not change
    assert not known.changed


def test_a_known_id_under_another_name_is_a_rename():
    (done,) = replace([entry("job", id=IDS[0])], stored())
    assert (done.action, done.after.id, done.after.revision) == ("renamed", IDS[0], 2)
    swapped = replace([entry("a", id=IDS[1]), entry("b", id=IDS[0])], stored("a", 0), stored("b", 1))
    assert actions(swapped) == [("a", "renamed"), ("b", "renamed")]
    assert report(swapped)["updated"] == 2


def test_a_known_key_under_another_name_is_a_rename():
    before = stored()
    (done,) = replace([entry("job", key=before.key)], before)
    assert (done.action, done.after.id, done.after.key) == ("renamed", before.id, before.key)
    (moved,) = replace([entry("job", key=before.key, id=IDS[7])], before)  # from another store, where it has another id
    assert (moved.action, moved.after.id) == ("renamed", before.id)
    (by_id,) = replace([entry("job", id=before.id)], before)
    assert by_id.after.key == before.key


def test_keys_that_contradict():
    work, other = stored(), stored("other", 1)
    assert problems(replace, [entry("a", key="mail"), entry("b", key="mail")]) == [
        "profiles 'a' and 'b': have the same key 'mail'; change or remove one of them"
    ]
    assert problems(replace, [entry(id=work.id, key=other.key)], work, other) == [
        f"profile 'work': key: '{other.key}' is the key of profile 'other'; give another one, or leave it out"
    ]
    (problem,) = problems(replace, [entry(key="mail")], work)
    assert problem.startswith(f"profile 'work': key: is '{work.key}' and never changes")
    assert "both are the stored profile 'work'" in problems(replace, [entry(), entry("job", key=work.key)], work)[0]
    assert "key: must be 1 to 40 lower-case ASCII letters" in problems(replace, [entry(key="Mail")])[0]


def test_derived_keys_do_not_depend_on_the_order_of_the_list():
    """Nor on profiles that go in the same task."""
    entries = [entry("a"), entry("b", key=derived_key("a")), entry("c")]
    keys = {done.name: done.after.key for done in replace(entries)}
    assert keys == {"a": derived_key("a", {derived_key("a")}), "b": derived_key("a"), "c": derived_key("c")}
    assert keys == {done.name: done.after.key for done in replace(entries[::-1])}
    renamed = stored("office", 1, key=derived_key("work"))
    assert [done.after and done.after.key for done in replace([entry()], renamed, purge=True)] == [None, derived_key("work")]
    assert [done.after.key for done in replace([entry()], renamed)] == [derived_key("work", {derived_key("work")})]


def test_profiles_as_text():
    text = '[{"name": "work", "incoming": {"host": "imap.example.org", "port": ""}, "outgoing": "host=smtp.example.org"}]'
    assert replace(text)[0].after.data == stored().data
    assert actions(replace("- name: work\n  incoming: {host: i}\n  outgoing: {host: s}\n", purge="", allow_empty="no")) == [
        ("work", "created")
    ]


def test_ids_that_contradict_names():
    assert (
        "both are the stored profile 'work', by id, key or name"
        in problems(replace, [entry(), entry("job", id=IDS[0])], stored())[0]
    )
    assert "profiles 'job' and 'work': have the same id" in problems(replace, [entry(id=IDS[0]), entry("job", id=IDS[0])])[0]
    taken = [stored("a", 0), stored("b", 1)]
    assert "another profile has the name already" in problems(replace, [entry("b", id=IDS[0])], *taken)[0]
    assert actions(replace([entry("b", id=IDS[0])], *taken, purge=True)) == [("b", "renamed"), ("b", "removed")]

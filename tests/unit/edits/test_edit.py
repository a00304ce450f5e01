# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import uuid

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes, edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import MASK, diff, diffs, report
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

IDS = [str(uuid.UUID(int=number, version=4)) for number in range(1, 10)]
SERVERS = {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}
RICH = {
    "reply_to": "office@example.org",
    "folders": {"sent": "Sent", "junk": "Spam"},
    "variables": {"Region": "north", "Team": None},
    "incoming": {"host": "imap.example.org", "password": "{UserPassword}", "username": "{UserName}"},
}


def stored(name="work", number=0, revision=1, **changes):
    return Stored(IDS[number], name, revision, read_profile({"name": name, "key": derived_key(name), **SERVERS, **changes}).as_data())


def snapshot(*records):
    return {record.name: record for record in records}


def edit(store, name="work", **options):
    return edit_profile({"name": name, **options}, store, new_id=lambda: "new")


def problems(function, *arguments, **options):
    with pytest.raises(MailopsError) as refused:
        function(*arguments, **options)
    return refused.value.problems


def test_create():
    done = edit({}, **SERVERS, default=True)
    assert (done.before, done.action) == (None, "created")
    assert (done.after.id, done.after.name, done.after.revision) == ("new", "work", 1)
    assert done.after.data["default"] is True and done.after.data["email"] == "{UserEmail}"


def test_update_of_given_fields_only():
    before = stored(revision=4, **RICH)
    done = edit(snapshot(before), default=True, description=None)
    assert done.action == "updated"
    assert (done.after.id, done.after.revision) == (before.id, 5)
    assert done.after.data == {**before.data, "default": True}


@pytest.mark.parametrize("options", [{}, {"reply_to": "office@example.org"}, RICH, {"incoming": {"port": 993}}, {"clear": ["signature"]}])
def test_nothing_to_do(options):
    before = stored(**RICH)
    done = edit(snapshot(before), **options)
    assert not done.changed and done.after is before and not changes([done])


BLANK = [
    {"description": "", "reply_to": " ", "signature": "\n", "default": "", "check_interval": "", "account_type": "", "key": ""},
    {"incoming": "", "outgoing": {}, "folders": " ", "variables": None},
    {"incoming": {"host": "", "port": "", "password": "", "password_command": "", "allow_cleartext": " "}, "folders": {"sent": ""}},
    {"state": "", "clear": " ", "copy_from": "", "renamed_from": "\t"},
]


@pytest.mark.parametrize("options", BLANK)
def test_blank_means_not_given(options):
    """As AWX sends what was left blank in a survey."""
    before = stored(**RICH)
    assert edit(snapshot(before), **options).after is before
    created = edit({}, **{**options, "incoming": {**SERVERS["incoming"], "port": ""}, "outgoing": "host=smtp.example.org port=''"})
    assert created.after.data == stored().data


def test_the_values_of_variables_may_be_blank():
    assert edit(snapshot(stored(**RICH)), variables={"Region": "", "City": " "}).after.data["variables"] == {
        "City": " ", "Region": "", "Team": None
    }  # fmt: skip


def test_mappings_and_flags_as_text():
    done = edit(
        {}, incoming='{"host": "imap.example.org", "port": "994"}', outgoing="host=smtp.example.org security=starttls",
        folders="sent=Sent junk=Spam", variables='{"Region": "north"}', default="yes", check_interval="5",
    )  # fmt: skip
    assert done.after.data["incoming"]["port"] == 994 and done.after.data["outgoing"]["security"] == "starttls"
    assert done.after.data["folders"] == {"sent": "Sent", "junk": "Spam"} and done.after.data["variables"] == {"Region": "north"}
    assert done.after.data["default"] is True and done.after.data["check_interval"] == 5


MERGED = [
    ({"incoming": {"security": "starttls"}}, "incoming", {"host": "imap.example.org", "security": "starttls", "password": "{UserPassword}"}),
    ({"incoming": {"host": "x.example.org", "port": None}}, "incoming", {"host": "x.example.org", "username": "{UserName}"}),
    ({"folders": {"sent": "Gesendet"}}, "folders", {"sent": "Gesendet", "junk": "Spam"}),
    ({"folders": {"sent": None}}, "folders", {"sent": "Sent", "junk": "Spam"}),
    ({"variables": {"City": "x"}}, "variables", {"City": "x", "Region": "north", "Team": None}),
    ({"variables": {"Region": None}}, "variables", {"Region": None, "Team": None}),
]


@pytest.mark.parametrize("options, field, expected", MERGED)
def test_nested_fields_merge_key_by_key(options, field, expected):
    after = edit(snapshot(stored(**RICH)), **options).after.data[field]
    assert {name: after[name] for name in expected} == expected


CLEARED = [
    (["reply_to"], lambda data: data["reply_to"] is None),
    (["incoming.password"], lambda data: data["incoming"]["password"] is None and data["incoming"]["username"] == "{UserName}"),
    (["incoming.username"], lambda data: data["incoming"]["username"] == "{UserEmail}"),
    (["folders.sent"], lambda data: data["folders"] == {"junk": "Spam"}),
    (["folders.sent", "folders.junk"], lambda data: data["folders"] is None),
    (["folders"], lambda data: data["folders"] is None),
    (["variables.Region"], lambda data: data["variables"] == {"Team": None}),
    (["variables"], lambda data: data["variables"] == {}),
    ('["folders"]', lambda data: data["folders"] is None),
    ("- folders\n- reply_to", lambda data: data["reply_to"] is None and data["folders"] is None),
    ("reply_to,folders", lambda data: data["reply_to"] is None and data["folders"] is None),
]


@pytest.mark.parametrize("clear, expected", CLEARED)
def test_clear(clear, expected):
    done = edit(snapshot(stored(**RICH)), clear=clear)
    assert done.changed and expected(done.after.data)
    assert not edit(snapshot(done.after), clear=clear).changed


REFUSED = [
    ({"clear": ["name"]}, "clear: name: is required and cannot be cleared"),
    ({"clear": ["incoming"]}, "clear: incoming: is required and cannot be cleared"),
    ({"clear": ["outgoing.host"]}, "clear: outgoing.host: is required and cannot be cleared"),
    ({"clear": ["repyl_to"]}, "clear: repyl_to: there is no such field (did you mean 'reply_to'?)"),
    ({"clear": ["incoming.pasword"]}, "(did you mean 'incoming.password'?)"),
    ({"clear": ["variables.foo"]}, "clear: variables.foo: there is no such field"),
    ({"clear": ["id"]}, "clear: id: there is no such field"),
    ({"clear": ["reply_to"], "reply_to": "a@b.c"}, "clear: reply_to: is given and cleared at once"),
    ({"clear": ["folders"], "folders": {"sent": "x"}}, "clear: folders: is given and cleared at once"),
    ({"clear": ["variables.Team"], "variables": {"Team": None}}, "clear: variables.Team: is given and cleared at once"),
    ({"clear": [1]}, "clear: must be a list of field names"),
    ({"clear": ["key"]}, "clear: key: never changes and cannot be cleared; leave it out"),
    ({"key": "job"}, "key: is 'work-fe4292b5' and never changes, because accounts on hosts are called so; leave it out"),
    ({"key": derived_key("other")}, f"key: '{derived_key('other')}' is the key of profile 'other'; give another one, or leave it out"),
    ({"key": "", "incoming": {"password": "  "}}, "incoming.password: is only white space"),
    ({"state": "gone"}, "state: must be one of present, absent"),
    ({"state": "absent", "clear": ["reply_to"], "copy_from": "x"}, "clear, copy_from: means nothing with state: absent"),
    ({"copy_from": "a", "renamed_from": "b"}, "copy_from and renamed_from: give one of them"),
    ({"copy_from": "work"}, "copy_from: names the profile itself"),
    ({"renamed_from": "other"}, "renamed_from: 'other' and 'work' both exist; remove one of them first"),
    ({"account_type": "pop"}, "folders: is for IMAP only"),
    ({"incoming": {"port": 143}}, "incoming.port: 143 is the IMAP port with STARTTLS"),
]


@pytest.mark.parametrize("options, message", REFUSED)
def test_refused(options, message):
    (problem,) = problems(edit, snapshot(stored(**RICH), stored("other", 1)), **options)
    assert problem.startswith("profile 'work': ") and message in problem


@pytest.mark.parametrize("name", ["a/b", "..", "two words", "📧", "a" * 300, 5, None, ""])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_bad_names(name, state):
    (problem,) = problems(edit_profile, {"name": name, "state": state, **SERVERS}, {})
    assert "name: " in problem and len(problem) < 300


def test_problems_of_clear_and_fields_at_once():
    assert len(problems(edit, snapshot(stored(**RICH)), clear=["nope", "name"], email="x", check_interval=0)) == 4


def test_a_misspelt_name():
    found = problems(edit, snapshot(stored()), name="wrok", default=True)
    assert found[0] == (
        "profile 'wrok': does not exist (did you mean 'work'?); to create it, give incoming.host and outgoing.host"
    )
    assert problems(edit, {}, outgoing={"host": "x"}) == ["profile 'work': incoming.host: is required"]


def test_copy():
    source = stored(revision=7, **RICH)
    store = snapshot(source)
    done = edit(store, "job", copy_from="work", incoming={"host": "x.example.org"}, clear=["reply_to"])
    assert (done.action, done.after.id, done.after.revision) == ("created", "new", 1)
    incoming = {**source.data["incoming"], "host": "x.example.org"}
    assert done.after.data == {**source.data, "name": "job", "key": derived_key("job"), "incoming": incoming, "reply_to": None}
    # Twice is once, also when the source has changed or gone since.
    options = {"copy_from": "work", "incoming": {"host": "x.example.org"}, "clear": ["reply_to"]}
    assert not edit(snapshot(done.after, stored(default=True)), "job", **options).changed
    assert not edit(snapshot(done.after), "job", **options).changed
    assert edit(snapshot(done.after), "job", copy_from="work", default=True).action == "updated"


def test_copy_of_nothing():
    assert problems(edit, snapshot(stored()), "job", copy_from="wrk", **SERVERS) == [
        "profile 'job': copy_from: there is no profile 'wrk' (did you mean 'work'?)"
    ]


def test_keys_of_new_profiles():
    assert edit({}, **SERVERS).after.key == "work-fe4292b5"
    assert edit({}, **SERVERS, key="company").after.key == "company"
    old_name = edit(snapshot(stored()), "office", renamed_from="work").after
    assert old_name.key == "work-fe4292b5"
    again = edit(snapshot(old_name), **SERVERS).after.key
    assert again == derived_key("work", {"work-fe4292b5"}) and again != "work-fe4292b5"
    assert edit(snapshot(old_name), "copy", copy_from="office").after.key == derived_key("copy")


def test_rename():
    old = stored(revision=3, **RICH)
    done = edit(snapshot(old), "job", renamed_from="work", default=True)
    assert (done.action, done.after.id, done.after.revision) == ("renamed", old.id, 4)
    assert done.after.data == {**old.data, "name": "job", "default": True}
    assert changes([done]).remove == ()
    assert not edit(snapshot(done.after), "job", renamed_from="work", default=True).changed


def test_rename_of_nothing():
    assert edit({}, "job", renamed_from="work", **SERVERS).action == "created"
    (problem,) = problems(edit, snapshot(stored("works")), "job", renamed_from="work", incoming={"host": "x"})
    assert problem.startswith("profile 'job': neither it nor 'work' (renamed_from) exists (did you mean 'works'?)")


def test_remove():
    before = stored()
    done = edit(snapshot(before), state="absent", email="ignored")
    assert (done.action, done.after, changes([done]).remove) == ("removed", None, (before.id,))
    assert not edit({}, state="absent").changed


def test_warnings():
    assert "25 is for mail between servers" in edit({}, **{**SERVERS, "outgoing": {"host": "x", "port": 25, "security": "starttls"}}).warnings[0]


# --- mail_profiles ---


def entry(name="work", **changes):
    return {"name": name, **SERVERS, **changes}


def replace(entries, *records, **options):
    counter = itertools.count()
    return replace_all(entries, snapshot(*records), new_id=lambda: f"new-{next(counter)}", **options)


def actions(edits):
    return [(done.name, done.action) for done in edits]


def test_declarative():
    edits = replace([entry("b"), entry("a"), entry("c", default=True)], stored("b", 0, **RICH), stored("c", 1, default=True), stored("d", 2))
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
    assert actions(replace("- name: work\n  incoming: {host: i}\n  outgoing: {host: s}\n", purge="", allow_empty="no")) == [("work", "created")]


def test_ids_that_contradict_names():
    assert "both are the stored profile 'work', by id, key or name" in problems(replace, [entry(), entry("job", id=IDS[0])], stored())[0]
    assert "profiles 'job' and 'work': have the same id" in problems(replace, [entry(id=IDS[0]), entry("job", id=IDS[0])])[0]
    taken = [stored("a", 0), stored("b", 1)]
    assert "another profile has the name already" in problems(replace, [entry("b", id=IDS[0])], *taken)[0]
    assert actions(replace([entry("b", id=IDS[0])], *taken, purge=True)) == [("b", "renamed"), ("b", "removed")]


# --- what is shown ---


def test_diff():
    done = edit(snapshot(stored(**RICH)), "job", renamed_from="work", signature="a\nb\n", clear=["folders"])
    shown = diff(done)
    assert (shown["before_header"], shown["after_header"]) == ("work", "job")
    gone = set(shown["before"].splitlines()) - set(shown["after"].splitlines())
    come = set(shown["after"].splitlines()) - set(shown["before"].splitlines())
    assert gone == {"name: work", "folders:", "  sent: Sent", "  junk: Spam"}
    assert come == {"name: job", "signature: |", "  a", "  b"}
    assert diff(edit({}, **SERVERS))["before"] == ""
    assert diff(edit(snapshot(stored()), state="absent"))["after"] == ""


def test_literal_secrets_are_masked_on_both_sides():
    def literal(password):  # no edit makes one yet; a store may come with one
        record = stored()
        return Stored(record.id, record.name, 1, {**record.data, "incoming": {**record.data["incoming"], "password": password}})

    for old, new, expected in [("s3cret", "s3cret2", f"{MASK} (changed)"), ("s3cret", "s3cret", MASK), (None, "s3cret", MASK)]:
        shown = diff(type(edit({}, **SERVERS))(literal(old), literal(new)))
        assert "s3cret" not in str(shown)
        assert (MASK in shown["before"]) == (old is not None)
        assert expected in shown["after"] and ("(changed)" in shown["after"]) == ("(changed)" in expected)


def test_results_stay_small():
    edits = replace([entry(f"p{number}", signature="x" * 5000) for number in range(300)])
    shown = diffs(edits)
    assert sum(len(text) for one in shown for text in one.values()) < 201_000
    assert shown[-1] == {"prepared": f"({300 - len(shown) + 1} more profiles differ; their diffs are left out)\n"}
    assert len(report(edits)["changes"]) == 100 and report(edits)["created"] == 300

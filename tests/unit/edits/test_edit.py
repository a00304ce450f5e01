# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One edit of a profile: what mail_profile makes of its options and the store."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes, edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key

from ..refusals import problems
from .records import RICH, SERVERS, edit, snapshot, stored


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


@pytest.mark.parametrize(
    "options", [{}, {"reply_to": "office@example.org"}, RICH, {"incoming": {"port": 993}}, {"clear": ["signature"]}]
)
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
    (
        {"incoming": {"security": "starttls"}},
        "incoming",
        {"host": "imap.example.org", "security": "starttls", "password": "{UserPassword}"},
    ),
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
    (
        {"key": derived_key("other")},
        f"key: '{derived_key('other')}' is the key of profile 'other'; give another one, or leave it out",
    ),
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


@pytest.mark.parametrize("name", ["a/b", "..", "two  words", "📧", "a" * 300, 5, None, ""])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_bad_names(name, state):
    (problem,) = problems(edit_profile, {"name": name, "state": state, **SERVERS}, {})
    assert "name: " in problem and len(problem) < 300


def test_problems_of_clear_and_fields_at_once():
    assert len(problems(edit, snapshot(stored(**RICH)), clear=["nope", "name"], email="x", check_interval=0)) == 4


def test_a_misspelt_name():
    found = problems(edit, snapshot(stored()), name="wrok", default=True)
    assert found[0] == ("profile 'wrok': does not exist (did you mean 'work'?); to create it, give incoming.host and outgoing.host")
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
    assert (
        "25 is for mail between servers"
        in edit({}, **{**SERVERS, "outgoing": {"host": "x", "port": 25, "security": "starttls"}}).warnings[0]
    )

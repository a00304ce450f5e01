# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypted passwords in edits: what needs the key and what does not, and what comes out at an account."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import change_key, replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import MASK, diff, planned, record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import is_sealed
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey, salt_of
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed

KEY = StoreKey("a key of these tests")
OTHER = StoreKey("another key of these tests")
CLEAR = "tr0ub4dor&3 \\{UserPassword} ż"
INCOMING = {"host": "imap.example.org", "password": CLEAR}
OUTGOING = {"host": "smtp.example.org", "password": "{UserPassword}"}
numbers = itertools.count()


def edit(name, snapshot=None, key=None, **options):
    """mail_profile; the snapshot is changed, as the store would be."""
    found = edit_profile({"name": name, **options}, snapshot if snapshot is not None else {}, key)
    if snapshot is not None:
        put(snapshot, [found])
    return found


def put(snapshot, edits):
    for each in edits:
        if each.before:
            snapshot.pop(each.before.name, None)
    snapshot.update({each.after.name: each.after for each in edits if each.after})


@pytest.fixture
def store():
    """A store with one profile whose incoming password is encrypted."""
    snapshot = {}
    edit("work", snapshot, KEY, incoming=INCOMING, outgoing=OUTGOING)
    return snapshot


def password(stored):
    return stored.data["incoming"]["password"]


def opened(stored, key=KEY):
    profile = read_profile({**stored.data, "name": stored.name})
    return revealed(profile, stored.id, key).incoming.password


def refused(message, function, *arguments, **options):
    with pytest.raises(MailopsError) as found:
        function(*arguments, **options)
    assert message in str(found.value)
    assert "tr0ub4dor" not in str(found.value) and "$mailops$" not in str(found.value)


def test_a_literal_is_stored_encrypted_and_comes_back(store):
    assert is_sealed(password(store["work"])) and store["work"].data["outgoing"]["password"] == "{UserPassword}"
    assert opened(store["work"]) == CLEAR


def test_profiles_that_say_the_same_have_passwords_of_their_own():
    snapshot = {}
    put(snapshot, replace_all([{"name": name, "incoming": INCOMING, "outgoing": OUTGOING} for name in "ab"], snapshot, key=KEY))
    assert password(snapshot["a"]) != password(snapshot["b"])
    assert opened(snapshot["a"]) == opened(snapshot["b"]) == CLEAR


def test_a_literal_without_a_key_is_refused():
    refused(
        "incoming.password: a literal password would lie in the store in clear: give it to mail_profile",
        edit,
        "work",
        incoming=INCOMING,
    )
    for text, message in (("   ", "is only white space"), (MASK, "is the mask that is displayed")):
        given = {**INCOMING, "password": text}
        refused(f"incoming.password: {message}", edit, "work", {}, KEY, incoming=given, outgoing=OUTGOING)


def test_a_key_once_is_no_key_later(store):
    """What was read with a key is not taken for valid without one."""
    again = {"name": "work", "incoming": INCOMING, "outgoing": OUTGOING}
    replace_all([again], store, key=KEY)
    refused("would lie in the store in clear", replace_all, [again], store)


def test_the_same_password_again_is_no_change(store):
    assert not edit("work", store, KEY, incoming=INCOMING, outgoing=OUTGOING).changed
    assert not replace_all([{"name": "work", "incoming": INCOMING, "outgoing": OUTGOING}], store, key=KEY)[0].changed
    assert edit("work", store, KEY, incoming={"password": "other password"}).changed
    assert opened(store["work"]) == "other password"


WITHOUT_KEY = [
    {"description": "other", "email": "x@example.org", "incoming": {"username": "x"}},
    {"outgoing": {"host": "elsewhere.example.org"}},
    {"incoming": {"port": 993}},
    {"variables": {"Region": "north"}},
]


@pytest.mark.parametrize("options", WITHOUT_KEY)
def test_without_the_key_all_but_the_secret_can_be_edited(store, options):
    before = password(store["work"])
    edit("work", store, **options)
    assert password(store["work"]) == before and opened(store["work"]) == CLEAR


def test_without_the_key_it_can_be_renamed_cleared_and_removed(store):
    edit("renamed", store, renamed_from="work")
    assert opened(store["renamed"]) == CLEAR
    edit("renamed", store, clear=["incoming.password"])
    assert password(store["renamed"]) is None
    assert edit("renamed", store, state="absent").after is None


SERVER_CHANGES = [
    {"incoming": {"host": "imap2.example.org"}},
    {"incoming": {"port": 10993}},
    {"incoming": {"security": "starttls"}},
    {"account_type": "pop"},
]


@pytest.mark.parametrize("options", SERVER_CHANGES)
def test_another_server_needs_the_key_or_a_password(store, options):
    refused("profile 'work': incoming.password: is encrypted for another profile, another server", edit, "work", store, **options)
    again = {**options, "incoming": {**options.get("incoming", {}), "password": "{UserPassword}"}}
    assert edit("work", dict(store), **again).changed
    before = password(store["work"])
    edit("work", store, KEY, **options)
    assert opened(store["work"]) == CLEAR and password(store["work"]) != before


def test_a_default_that_leads_to_another_server_needs_the_key():
    store = {}
    edit("work", store, KEY, incoming={**INCOMING, "host": "{Server}"}, outgoing=OUTGOING, variables={"Server": "imap.example.org"})
    refused(
        "incoming.password: is encrypted for another profile, another server",
        edit,
        "work",
        store,
        variables={"Server": "evil.example.org"},
    )
    edit("work", store, KEY, variables={"Server": "imap2.example.org"})
    assert opened(store["work"]) == CLEAR


def test_a_copy_needs_the_key_or_a_password(store):
    refused("profile 'copy': incoming.password: is encrypted for another profile", edit, "copy", store, copy_from="work")
    assert edit("copy", store, copy_from="work", incoming={"password": "{UserPassword}"}).changed
    edit("second", store, KEY, copy_from="work")
    assert opened(store["second"]) == CLEAR and password(store["second"]) != password(store["work"])


def test_one_salt_and_one_key_a_store(store):
    edit("more", store, KEY, incoming=INCOMING, outgoing={**OUTGOING, "password": "yet another"})
    assert (
        len(
            {
                salt_of(text)
                for each in store.values()
                for side in ("incoming", "outgoing")
                if is_sealed(text := each.data[side]["password"])
            }
        )
        == 1
    )
    refused(
        "incoming.password: store_key is not the key of profile 'work'",
        edit,
        "third",
        store,
        OTHER,
        incoming=INCOMING,
        outgoing=OUTGOING,
    )
    refused("is encrypted with another key than store_key", edit, "work", store, OTHER, incoming={"host": "imap2.example.org"})


# --- what stands in the store is not trusted ---


def tampered(store, side="incoming", **changes):
    record = store["work"]
    data = {**record.data, side: {**record.data[side], **changes}}
    return {"work": record._replace(data=data)}


@pytest.mark.parametrize("changes", [{"host": "evil.example.org"}, {"port": 10993}, {"security": "starttls"}])
def test_a_server_changed_in_the_store_gets_no_password(store, changes):
    refused(
        "profile 'work': incoming.password: is not what was stored for this profile and server",
        opened,
        tampered(store, **changes)["work"],
    )


def test_a_password_moved_in_the_store_opens_nowhere(store):
    secret = password(store["work"])
    edit("attacker", store, incoming={"host": "evil.example.org"}, outgoing=OUTGOING)
    attacker = store["attacker"]
    moved = attacker._replace(data={**attacker.data, "incoming": {**attacker.data["incoming"], "password": secret}})
    refused("profile 'attacker': incoming.password: is not what was stored", opened, moved)
    whole = store["work"]._replace(id=attacker.id)
    refused("is not what was stored", opened, whole)
    refused(
        "outgoing.password: is not what was stored",
        opened,
        tampered(tampered(store, password=None), "outgoing", password=secret)["work"],
    )


def test_nobody_lends_the_key_to_a_forger(store):
    """An edit with the key must not seal a password anew for a server that was put into the store behind its back."""
    forged = tampered(store, host="evil.example.org")
    refused("is not what was stored", edit, "work", forged, KEY, incoming={"security": "starttls"})
    refused("is not what was stored", edit, "copy", forged, KEY, copy_from="work")
    refused(
        "can only be stored with its whole profile",
        edit,
        "mine",
        store,
        KEY,
        incoming=dict(INCOMING, password=password(store["work"])),
        outgoing=OUTGOING,
    )
    edit("work", forged, KEY, incoming=INCOMING)
    assert opened(forged["work"]) == CLEAR


AT_ANOTHER_SERVER = [
    ({"host": "evil.example.org"}, {}),
    ({"port": 10993}, {"host": "imap.example.org"}),
    ({"security": "none", "allow_cleartext": True}, {"host": "imap.example.org"}),
    ({"host": "evil.example.org", "password": None}, {}),  # and nothing is left to notice it by
    ({"host": "evil.example.org", "password": "{UserPassword}"}, {}),
]


@pytest.mark.parametrize("changes, named", AT_ANOTHER_SERVER)
def test_a_password_given_again_does_not_go_to_a_server_that_only_the_store_names(store, changes, named):
    forged = tampered(store, **changes)
    for password in (CLEAR, "a new password"):
        again = {**named, "password": password}
        refused("give it together with all that leads to its server", edit, "work", forged, KEY, incoming=again)
    complete = {"host": "imap.example.org", "port": 993, "security": "tls", "password": CLEAR}
    edit("work", forged, KEY, incoming=complete)
    assert opened(forged["work"]) == CLEAR and forged["work"].data["incoming"]["host"] == "imap.example.org"


def test_a_default_changed_in_the_store_leads_no_password_away():
    store = {}
    edit("work", store, KEY, incoming={**INCOMING, "host": "{Server}"}, outgoing=OUTGOING, variables={"Server": "imap.example.org"})
    record = store["work"]
    forged = {"work": record._replace(data={**record.data, "variables": {"Server": "evil.example.org"}})}
    for host in ({}, {"host": "{Server}"}):
        refused(
            "give it together with all that leads to its server", edit, "work", forged, KEY, incoming={**host, "password": CLEAR}
        )
    edit("work", forged, KEY, incoming={"host": "{Server}", "password": CLEAR}, variables={"Server": "imap.example.org"})


def test_a_copy_of_a_forgery_gets_no_password(store):
    forged = tampered(store, host="evil.example.org")
    refused("give it together with all", edit, "copy", forged, KEY, copy_from="work", incoming={"password": CLEAR})
    assert edit("copy", store, KEY, copy_from="work", incoming={"password": "a new password"}).changed


def test_a_server_that_a_password_proves_need_not_be_named(store):
    edit("work", store, KEY, incoming={"password": "a new password"})
    edit("work", store, KEY, incoming={"host": "imap2.example.org", "password": "yet another one"})
    assert opened(store["work"]) == "yet another one"


def test_a_list_does_not_take_a_password_to_another_server(store):
    """The text is that of the store, and the entry says where it belongs: with the key or without, that is not believed."""
    (entry,) = exported(store)
    moved = {**entry, "incoming": {**entry["incoming"], "host": "evil.example.org"}}
    for key in (None, KEY):
        refused("incoming.password: is encrypted for another server than this one", move, [moved], dict(store), key)
    with pytest.raises(MailopsError, match="is not what was stored"):
        move([moved], {}, KEY)


def test_one_profile_does_not_take_a_password_out_of_a_copy(store):
    """mail_profile fed with what a tampered copy of the store says."""
    copied = tampered(store, host="evil.example.org")["work"].data
    refused("can only be stored with its whole profile", edit, "work", store, KEY, incoming=copied["incoming"])


def test_names_swapped_without_ids_and_keys(store):
    edit("more", store, KEY, incoming=INCOMING, outgoing=OUTGOING)
    work, more = ({name: value for name, value in entry.items() if name not in ("id", "key")} for entry in exported(store))
    swapped = [{**work, "name": "more"}, {**more, "name": "work"}]
    refused("is another encrypted password than the stored one: give the id", move, swapped, dict(store), KEY)


def test_records_that_are_no_profiles(store):
    for field, value in {"security": "bogus", "port": "x", "host": None}.items():
        broken = tampered(store, **{field: value})
        refused("profile 'work': incoming.", edit, "work", broken, KEY, description="other")
        edit("work", broken, KEY, incoming={**complete_server(), "password": CLEAR})
        assert opened(broken["work"]) == CLEAR
    other = store["work"]._replace(name="other", id="0", data={**store["work"].data, "key": "other", "incoming": {"host": "x"}})
    assert edit("work", {"other": other, **store}, KEY, incoming={"password": "a new password"}).changed


def complete_server():
    return {"host": "imap.example.org", "port": 993, "security": "tls"}


def test_wrong_and_missing_keys(store):
    refused("profile 'work': incoming.password: is encrypted with another key than store_key", opened, store["work"], OTHER)
    refused(
        "profile 'work': incoming.password: is encrypted: give store_key, store_key_file or MAILOPS_STORE_KEY",
        opened,
        store["work"],
        None,
    )


# --- moving ---


def exported(snapshot):
    return [record(each) for each in snapshot.values()]


def move(entries, target, key=None):
    put(target, replace_all(entries, target, key=key))
    return target


def test_a_store_can_be_moved_without_the_key(store):
    edit("work", store, description="changed once")
    there = move(exported(store), {})
    assert exported(there) == exported(store)
    assert opened(there["work"]) == CLEAR
    assert not any(each.changed for each in replace_all(exported(store), there))
    edit("more", there, KEY, incoming=INCOMING, outgoing=OUTGOING)
    assert salt_of(password(there["more"])) == salt_of(password(store["work"]))


def test_into_a_store_with_another_salt_or_id_with_the_key_only(store):
    there, same_name = {}, {}
    edit("more", there, KEY, incoming=INCOMING, outgoing=OUTGOING)
    edit("work", same_name, incoming={"host": "imap.example.org"}, outgoing=OUTGOING)
    for target in (there, same_name):
        refused(
            "profile 'work': incoming.password: is encrypted for another profile, another server", move, exported(store), target
        )
        move(exported(store), target, KEY)
        assert opened(target["work"]) == CLEAR
        assert not any(each.changed for each in replace_all(exported(store), target, key=KEY))
    assert salt_of(password(there["work"])) == salt_of(password(there["more"]))
    refused("another key than store_key", move, exported(store), {**there, "work": there["more"]._replace(name="work")}, OTHER)


def test_an_encrypted_password_without_its_id(store):
    entry = {name: value for name, value in exported(store)[0].items() if name != "id"}
    refused("is another encrypted password than the stored one: give the id", move, [entry], {})
    assert not replace_all([entry], store)[0].changed, "here the store knows the id"
    refused("is encrypted, which needs the id that the profile was stored with", revealed, read_profile(entry), None, KEY)


# --- another key ---


def test_another_key(store):
    edit("more", store, KEY, incoming=OUTGOING, outgoing={**OUTGOING, "password": "yet another"})
    edit("plain", store, incoming=OUTGOING, outgoing=OUTGOING)
    edits = change_key(store, KEY, OTHER)
    assert [(each.name, each.action) for each in edits] == [("work", "updated"), ("more", "updated"), ("plain", "unchanged")]
    put(store, edits)
    assert store["work"].revision == 2 and opened(store["work"], OTHER) == CLEAR
    assert salt_of(password(store["work"])) == salt_of(store["more"].data["outgoing"]["password"])
    refused("is encrypted with another key than store_key", opened, store["work"])
    assert not any(each.changed for each in change_key(store, KEY, OTHER)), "the same task again"


def test_half_of_it_is_done_already(store):
    """As after a merge in Git: what is there stays, under one salt with what comes."""
    edit("more", store, KEY, incoming=INCOMING, outgoing=OUTGOING)
    done = {each.name: each.after for each in change_key(store, KEY, OTHER)}
    half = {"work": done["work"], "more": store["more"]}
    edits = change_key(half, KEY, OTHER)
    assert [each.action for each in edits] == ["unchanged", "updated"]
    assert salt_of(password(edits[1].after)) == salt_of(password(done["work"]))
    forged = done["work"]._replace(
        data={**done["work"].data, "incoming": {**done["work"].data["incoming"], "host": "evil.example.org"}}
    )
    refused("is not what was stored", change_key, {"work": forged}, KEY, OTHER)


def test_a_store_that_is_replaced_as_a_whole_may_get_another_key(store):
    entry = {"name": "new", "incoming": INCOMING, "outgoing": OUTGOING}
    edits = replace_all([entry], store, purge=True, key=OTHER)
    assert opened(next(each.after for each in edits if each.after), OTHER) == CLEAR


def test_another_key_without_the_old_one(store):
    refused("store_key_new: needs the key that passwords are encrypted with now", change_key, store, None, OTHER)
    refused(
        "profile 'work': incoming.password: is encrypted with another key",
        change_key,
        store,
        StoreKey("a third key, which is wrong"),
        OTHER,
    )
    refused("is not what was stored", change_key, tampered(store, host="evil.example.org"), KEY, OTHER)


# --- what is shown ---


def test_shown(store):
    before = dict(store)
    changed = edit("work", store, KEY, incoming={"password": "other password"})
    shown = diff(changed)
    assert planned(changed, False)["incoming"]["password"] == MASK
    assert f"password: '{MASK}'" in shown["before"] and f"password: '{MASK} (changed)'" in shown["after"]
    assert "$mailops$" not in str(shown) and "other" not in str(shown)
    assert record(before["work"])["incoming"]["password"] == password(before["work"])

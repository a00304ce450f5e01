# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypted passwords move to another store, and to another key."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import change_key, replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey, salt_of
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed

from .sealed import CLEAR, INCOMING, KEY, OTHER, OUTGOING, edit, exported, move, opened, password, put, refused, tampered


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

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypted passwords in edits: what needs the key and what does not."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import MASK, diff, planned, record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import is_sealed
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import salt_of

from .sealed import CLEAR, INCOMING, KEY, OTHER, OUTGOING, edit, opened, password, put, refused


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


def test_passwords_are_redacted(store):
    before = dict(store)
    changed = edit("work", store, KEY, incoming={"password": "other password"})
    found = diff(changed)
    assert planned(changed, False)["incoming"]["password"] == MASK
    assert f"password: '{MASK}'" in found["before"] and f"password: '{MASK} (changed)'" in found["after"]
    assert "$mailops$" not in str(found) and "other" not in str(found)
    assert record(before["work"])["incoming"]["password"] == password(before["work"])

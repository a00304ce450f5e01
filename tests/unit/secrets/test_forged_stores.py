# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store says is not trusted: a person who can write to it gets no password."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from .sealed import CLEAR, INCOMING, KEY, OTHER, OUTGOING, edit, exported, move, opened, password, refused, tampered


@pytest.mark.parametrize("changes", [{"host": "evil.example.org"}, {"port": 10993}, {"security": "starttls"}])
def test_a_server_changed_in_the_store_gets_no_password(store, changes):
    refused(
        "profile 'work': incoming.password: is not what was stored for this profile and server",
        opened,
        tampered(store, **changes)["work"],
    )


COMMAND = ["cat", "{File}"]


@pytest.mark.parametrize("changes", [
    {"ca_file": "/tmp/mine.pem"}, {"outgoing": {"host": "smtp.example.org", "password_command": ["cat", "/home/x/.mbsyncrc"]}},
    {"outgoing": {"host": "smtp.example.org", "password_command": None}}, {"variables": {"File": "/home/x/.mbsyncrc"}},
])  # fmt: skip
def test_neither_an_authority_nor_a_command_of_a_forger_leads_to_a_password(changes):
    """A server would be proven by another authority; the command of the other side could read the file that the password is written to."""
    store = {}
    whole = {
        "ca_file": "/etc/ssl/site.pem", "variables": {"File": "/etc/smtp-password"}, "incoming": INCOMING,
        "outgoing": {"host": "smtp.example.org", "password_command": COMMAND},
    }  # fmt: skip
    edit("work", store, KEY, **whole)
    assert opened(store["work"]) == CLEAR
    record = store["work"]
    forged = {"work": record._replace(data={**record.data, **changes})}
    refused("incoming.password: is not what was stored for this profile and server", opened, forged["work"])
    refused("give it together with all that leads to its server", edit, "work", dict(forged), KEY, incoming={"password": CLEAR})
    edit("work", forged, KEY, **whole)
    assert opened(forged["work"]) == CLEAR and forged["work"].data["ca_file"] == "/etc/ssl/site.pem"
    edit("work", forged, KEY, ca_file="/etc/ssl/other.pem")  # whoever has the key may change it
    assert opened(forged["work"]) == CLEAR


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


def test_the_key_seals_nothing_for_a_forger(store):
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
    for text in (CLEAR, "a new password"):
        again = {**named, "password": text}
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

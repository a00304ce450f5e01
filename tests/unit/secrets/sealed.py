# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of a store with an encrypted password, and what becomes of the password."""

from __future__ import annotations

import itertools

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed

from ..refusals import refusal

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


def password(stored):
    return stored.data["incoming"]["password"]


def opened(stored, key=KEY):
    profile = read_profile({**stored.data, "name": stored.name})
    return revealed(profile, stored.id, key).incoming.password


def refused(message, function, *arguments, **options):
    found = refusal(function, *arguments, **options)
    assert message in found
    assert "tr0ub4dor" not in found and "$mailops$" not in found


def tampered(store, side="incoming", **changes):
    record = store["work"]
    data = {**record.data, side: {**record.data[side], **changes}}
    return {"work": record._replace(data=data)}


def exported(snapshot):
    return [record(each) for each in snapshot.values()]


def move(entries, target, key=None):
    put(target, replace_all(entries, target, key=key))
    return target

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records and edits for the tests of edits."""

from __future__ import annotations

import itertools
import uuid

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

from ...profiles import SERVERS

IDS = [str(uuid.UUID(int=number, version=4)) for number in range(1, 10)]
RICH = {
    "reply_to": "office@example.org",
    "folders": {"sent": "Sent", "junk": "Spam"},
    "variables": {"Region": "north", "Team": None},
    "incoming": {"host": "imap.example.org", "password": "{UserPassword}", "username": "{UserName}"},
}


def stored(name="work", number=0, revision=1, **changes):
    return Stored(
        IDS[number], name, revision, read_profile({"name": name, "key": derived_key(name), **SERVERS, **changes}).as_data()
    )


def snapshot(*records):
    return {record.name: record for record in records}


def edit(store, name="work", **options):
    return edit_profile({"name": name, **options}, store, new_id=lambda: "new")


def entry(name="work", **changes):
    return {"name": name, **SERVERS, **changes}


def replace(entries, *records, **options):
    counter = itertools.count()
    return replace_all(entries, snapshot(*records), new_id=lambda: f"new-{next(counter)}", **options)


def actions(edits):
    return [(done.name, done.action) for done in edits]

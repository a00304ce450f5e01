# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of profiles: one as a new one is written, and what reading and editing make of a text."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import edited_text, new_text, parse

from ...profiles import SERVERS

ID = "6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b"
KEY = "work-fe4292b5"


def record(revision=1, **fields):
    return Stored(ID, "work", revision, read_profile({"name": "work", "key": KEY, **SERVERS, **fields}).as_data())


def read(content):
    return parse("work.yml", content).record


def found(text):
    """What a text says, as the store has it: a file without a key gets one."""
    file = parse("work.yml", text.encode())
    return file._replace(record=file.record._replace(data={**file.record.data, "key": file.record.key or KEY}))


def edited(text, **fields):
    """The text after an edit that gives the profile these fields."""
    file = found(text)
    data = read_profile({**file.record.data, **fields}).as_data()
    new = file.record._replace(name=data["name"], revision=file.record.revision + 1, data=data)
    after = edited_text("work.yml", new, file) or new_text(new)
    assert read(after) == new
    return after.decode()


# The file of ``record`` with all kinds of fields.
NEW = """\
name: work
key: work-fe4292b5
id: 6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b
revision: 3
description: 'no'
email: '{UserEmail}'
account_name: '{UserEmail}'
sender_name: '{UserDisplayName}'
account_type: imap
default: false
notifications: true
signature: |
  {UserDisplayName}

    Żółć Ltd: mail
signature_format: text
incoming:
  host: imap.example.org
  security: tls
  username: '{UserEmail}'
  password_command: [pass, show, mail]
  authentication: password
  allow_cleartext: false
outgoing:
  host: smtp.example.org
  port: 2525
  security: starttls
  username: '{UserEmail}'
  authentication: password
  allow_cleartext: false
leave_on_server: true
folders:
  sent: Gesendet
variables:
  Region: null
  'Yes': '12:30'
"""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an edit changes in a file that a person wrote, and what stays."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import edited_text

from .profile_texts import KEY, NEW, edited, found

BY_HAND = """\
# Everybody's mailbox.

# what the help desk calls it
description: Work   # short
# where mail comes from
incoming:
    # moved in May
    host: imap.example.org  # the new one
    # see the wiki
    username: "{UserName}"
# and where it goes

outgoing: {host: smtp.example.org}  # one line

default: true
# the lawyers want this
signature: |
  one

  two


# nobody answers
reply_to:   # yet
"""


HEAD = f"name: work\nkey: {KEY}\nid: {found(BY_HAND).record.id}\nrevision: 2\n"


# fields, then what is replaced in the text
EDITS = [
    ({}, []),
    ({"description": "Büro: 1"}, [("description: Work   # short", "description: 'Büro: 1'   # short")]),
    ({"email": "a@example.org"}, [("   # short\n", "   # short\nemail: a@example.org\n")]),
    ({"default": False}, [("default: true", "default: false")]),
    ({"reply_to": "a@example.org"}, [("reply_to:   # yet", "reply_to: a@example.org   # yet")]),
    ({"signature": "{UserName}"}, [("signature: |\n  one\n\n  two\n", "signature: '{UserName}'\n")]),
    ({"signature": None}, [("signature: |\n  one\n\n  two\n", "")]),
    ({"description": "", "signature_format": "html"}, [("Work ", "'' "), ("  two\n", "  two\nsignature_format: html\n")]),
    ({"incoming": {"host": "h", "username": "{UserName}"}}, [("imap.example.org", "h")]),
    (
        {"incoming": {"host": "h", "port": 994, "username": "{UserName}", "password": "{UserPassword}"}},
        [
            ("imap.example.org  # the new one\n", "h  # the new one\n    port: 994\n"),
            ('}"\n', "}\"\n    password: '{UserPassword}'\n"),
        ],
    ),
    (
        {"outgoing": {"host": "s"}, "check_interval": 5},
        [
            (
                "outgoing: {host: smtp.example.org}  # one line\n",
                "outgoing:\n  host: s\n  security: tls\n  username: '{UserEmail}'\n  authentication: password\n  allow_cleartext: false\n"
                "check_interval: 5\n",
            )
        ],
    ),
    ({"variables": {"A": "x"}}, [("# one line\n", "# one line\nvariables:\n  A: x\n")]),
]


@pytest.mark.parametrize("fields, replaced", EDITS, ids=lambda item: " ".join(item) if isinstance(item, dict) else "")
def test_an_edit_by_the_collection(fields, replaced):
    expected = BY_HAND.replace("# what the help", f"{HEAD}# what the help")
    for before, after in replaced:
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert edited(BY_HAND, **fields) == expected


def test_nested_entries_come_and_go():
    text = NEW.replace("  Region: null\n", "  # asked for\n  Region: null\n")
    after = edited(text, variables={"B": "x", "Yes": "12:30"}, folders=None)
    assert after == text.replace("  Region: null\n", "").replace("revision: 3", "revision: 4").replace(
        "  # asked for\n", "  B: x\n  # asked for\n"
    ).replace("folders:\n  sent: Gesendet\n", "")


def test_keys_in_an_order_of_their_own():
    """A new key follows the one that precedes it in the documentation, wherever that is."""
    text = "outgoing: {host: s}\ndescription: x\nincoming: {host: i}\n"
    assert edited(text, email="a@b.org", ca_file="/etc/ca.pem").splitlines()[4:] == [
        "outgoing: {host: s}", "ca_file: /etc/ca.pem", "description: x", "email: a@b.org", "incoming: {host: i}"
    ]  # fmt: skip


SPELLINGS = {
    "JSON": '{"incoming": {"host": "i"}, "outgoing": {"host": "s"}, "description": "x"}',
    "no newline at the end": "incoming: {host: i}\noutgoing: {host: s}\ndescription: x",
    "a document's marks": "%YAML 1.1\n---\nincoming: {host: i}\noutgoing: {host: s}\ndescription: x\n...\n# end\n",
    "a byte order mark": "\ufeffdescription: x\nincoming: {host: i}\noutgoing: {host: s}\n",
    "CRLF": "description: x\r\nincoming:\r\n  host: i\r\noutgoing: {host: s}\r\n",
    "nulls": "id:\nrevision: ~\ndescription: x\nfolders: {}\nincoming:\n  host: i\n  port:\noutgoing: {host: s}\nvariables:\n",
    "indented": "  description: x\n  incoming: {host: i}\n  outgoing: {host: s}\n",
    "explicit keys": "? description\n: x\n? incoming\n: {host: i}\n? outgoing\n: {host: s}\n",
    "quoted keys": "'description': x\n\"incoming\": {host: i}\noutgoing: {host: s}\n",
    "kept line ends": "signature: |+\n  x\n\n\nincoming: {host: i}\noutgoing: {host: s}\n",
    "over several lines": 'description: "a\n  b"\nincoming: {host: i,\n  port: 994}\noutgoing:\n  {host: s}\n',
    "value in the next line": "description:\n  x\nincoming:\n  host: i\noutgoing: {host: s}\n",
    "emoji": "description: 🙂 # 🙂\nincoming: {host: i} # 🙂\noutgoing: {host: s}\n",
}


CHANGES = [
    {"description": "y", "signature": "a\nb", "email": "a@b.org"}, {"signature": None, "incoming": {"host": "x", "port": 994}},
    {"outgoing": {"host": "x", "password_command": ["a", "b: c"]}, "variables": {"A": None}, "default": True},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=["texts", "server", "new"])
@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_can_be_edited(text, change):
    after = edited(text, **change)
    assert edited(after, **change).partition("revision: 3")[2] == after.partition("revision: 2")[2]


# A file says what follows from another field; then that changes.
DERIVED = """\
# top
incoming:
  host: i # host
  # why
  port: 993 # the port
  security: tls # secure
outgoing: {host: s, port: 465} # out
reply_to: # nobody
variables: # none
"""


@pytest.mark.parametrize(
    "fields, removed, replaced",
    [
        ({"incoming": {"host": "x"}}, "", ("host: i ", "host: x ")),
        ({"incoming": {"host": "i", "security": "starttls"}}, "  port: 993 # the port\n", ("tls #", "starttls #")),
        ({"account_type": "pop"}, "  port: 993 # the port\n", ("# top", "account_type: pop\n# top")),
    ],
)
def test_a_port_that_has_followed(fields, removed, replaced):
    expected = DERIVED.replace(removed, "").replace(*replaced)
    assert edited(DERIVED, **fields).partition("revision: 2\n")[2] == expected


@pytest.mark.parametrize("signature", ["a\n\n", "a\n\n\nb\n\n", "a\n", "\n a", "a \nb"])
def test_line_ends_of_a_text(signature):
    text = edited(BY_HAND, signature=signature)
    assert text.partition("signature:")[0] == f"{HEAD}{BY_HAND}".partition("signature:")[0].replace(HEAD, "").replace(
        "# what the help", f"{HEAD}# what the help"
    )
    assert text.endswith("# nobody answers\nreply_to:   # yet\n")


@pytest.mark.parametrize("style", ["|", "|2", "|+", ">"])
def test_a_text_at_the_end_of_a_file_without_a_newline(style):
    """There it ends without one as well."""
    text = f"# top\nincoming: {{host: i}}\noutgoing: {{host: s}}\nsignature: {style}\n  a"
    assert edited(text, description="x").partition("revision: 2\n")[2] == f"description: x\n{text}"


@pytest.mark.parametrize(
    "text", ["# top\n{incoming: {host: i}, outgoing: {host: s}}\n", "incoming: {host: i}\noutgoing: {host: s}\nsignature: |\n  a"]
)
def test_what_cannot_be_edited(text):
    file = found(text)
    new = file.record._replace(data=read_profile({**file.record.data, "signature_format": "html"}).as_data())
    assert edited_text("work.yml", new, file) is None


def test_without_libyaml(monkeypatch):
    monkeypatch.setattr(strict_yaml, "LOADER", yaml.BaseLoader)  # as where PyYAML was installed without it
    test_an_edit_by_the_collection(*EDITS[9])
    test_an_edit_by_the_collection(*EDITS[5])

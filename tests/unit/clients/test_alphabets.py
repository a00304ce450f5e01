# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client may write without quotes has an alphabet, and validation keeps it; everything else adds no line to any file.

Validation is asked for each hostile character; clients render what it lets through.
"""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ...profiles import profile
from .accounts import JOANNA, files_of, options_of, resolved

every_client = pytest.mark.parametrize("client", clients.all_clients(), ids=lambda client: client.name)
HOSTILE = [
    *string.punctuation, *string.whitespace, "\0", "\x1b", "\x7f", "\x85", "\xa0", "\u2028", "\u202e", "\u200b", "\ufeff", "\u0142", "\u201d", "\uff0f",
    "`touch x`", "$(touch x)", "${x}", "\\n", "%(x)s", "%0a", "\"; x", "' x", "{x", "}", "/../", "://", "//", "]:", "<!--", "]]>",
]  # fmt: skip
# What a program may find where nothing is quoted: letters, digits and a few signs that mean nothing to any of them.
HOST = re.compile(r"[a-z0-9]([a-z0-9.:-]*[a-z0-9])?|[0-9a-f:.]+|::")
KEY = re.compile(r"[a-z0-9][a-z0-9-]*")
# Each a place for hostile text: "{}" is replaced.
HOSTS = ["imap{}.example.org", "{}imap.example.org", "imap.example.org{}", "fe80::1{}", "[::1]{}", "192.0.2.1{}", "fe80::1%{}"]


def accounts_with(client: Client, value: str | None = None, **changes: Any):
    """The accounts of a profile whose variable {X} is the value, or None when it is refused."""
    data = profile(account_type=client.account_types[0], **changes, **({"variables": {"X": None}} if value is not None else {}))
    try:
        return resolved([data], {**JOANNA, "variables": {} if value is None else {"X": value}})
    except MailopsError:
        return None


@every_client
@pytest.mark.parametrize("side", ["incoming", "outgoing"])
def test_hosts(client: Client, side: str) -> None:
    """Given in the profile, and by a user."""
    for pattern in HOSTS:
        for sign in HOSTILE:
            text = pattern.replace("{}", sign)
            literal = text.replace("{", "\\{")
            for found in (accounts_with(client, **{f"{side}__host": literal}), accounts_with(client, text, **{f"{side}__host": "{X}"})):
                if found is not None:
                    (account,), _context = found
                    assert HOST.fullmatch(getattr(account, side).host), text


@every_client
def test_ports_keys_and_addresses(client: Client) -> None:
    for sign in HOSTILE:
        assert accounts_with(client, incoming__port=f"993{sign}") is None or not sign.strip()
        assert accounts_with(client, key=f"work{sign}") is None or sign == "-"
        found = accounts_with(client, name=f"A{sign}b")
        if found is not None:
            assert KEY.fullmatch(found[0][0].key)
        found = accounts_with(client, f"jan@ex{sign}ample.org", email="{X}")
        if found is not None:
            assert HOST.fullmatch(found[0][0].email.partition("@")[2]), sign


FREE = {
    "ca_file": lambda text: {"ca_file": f"/etc/{text}/ca.pem"},
    "incoming.username": lambda text: {"incoming__username": "{X}"},
    "outgoing.username": lambda text: {"outgoing__username": "{X}"},
    "sender_name": lambda text: {"sender_name": "{X}"},
    "account_name": lambda text: {"account_name": "{X}"},
    "folders.sent": lambda text: {"folders": {"sent": "{X}"}},
    "namespace": lambda text: {"incoming__namespace": f"A{text}B/", "folders": {"sent": "{X}"}},
}


@pytest.mark.parametrize(("client", "field"), [
    pytest.param(client, field, id=f"{field}-{client.name}")
    for client in clients.all_clients() for field in FREE
    if "imap" in client.account_types or field not in ("folders.sent", "namespace")  # POP has no folders
])  # fmt: skip
def test_other_values_add_no_line(client: Client, field: str) -> None:
    """And no file, section or setting: the lines of each file begin as they do with a plain value."""
    plain = skeleton(client, FREE[field]("x"), "x")
    assert plain
    for sign in HOSTILE:
        hostile = skeleton(client, FREE[field](sign), f"a{sign}b")
        assert hostile in (None, plain), sign


def skeleton(client: Client, changes: dict[str, Any], value: str) -> dict[str, list[str]] | None:
    """Path -> what each line begins with; None where the value is refused, or the account skipped."""
    found = accounts_with(client, value, **changes)
    if found is None:
        return None
    accounts, context = found
    if client.skip_reason(accounts[0], options_of(client)):
        return None
    files = files_of(client, accounts, context)
    texts = {(file.path, number): text for file in files for number, text in enumerate((_text(file), *(each.content for each in file.variants)))}
    return {where: [re.match(r"\s*[\[(<{]?[\w-]*", line)[0] for line in (text or b"").decode().split("\n")] for where, text in texts.items()}


def _text(file: File) -> bytes | None:
    """The content, or of an image what it says."""
    return file.redacted.encode() if file.content and b"\0" in file.content else file.content

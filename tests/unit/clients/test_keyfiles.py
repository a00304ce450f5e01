# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key files: GLib itself reads back what was written, and writes the same bytes. The system's Python has GLib."""

from __future__ import annotations

import json
import os
import subprocess
from email.policy import default as policy
from typing import Any, Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._keyfile import key_file

from ...profiles import profile
from .accounts import resolved
from .drawn import Drawn, any_text, examples, profiles_and_user, taken
from .programs import PYTHON

pytestmark = pytest.mark.programs

GLIB = """
import json, sys
from gi.repository import GLib

def read(text):
    keys = GLib.KeyFile()
    keys.load_from_data(text, len(text.encode()), GLib.KeyFileFlags.NONE)
    getters = keys.get_value, keys.get_string, keys.get_string_list
    return {group: {key: [attempt(get, group, key) for get in getters] for key in keys.get_keys(group)[0]}
            for group in keys.get_groups()[0]}

def attempt(get, *place):
    try:
        return get(*place)
    except GLib.Error:
        return None

def write(groups):
    keys = GLib.KeyFile()
    setters = {str: keys.set_string, list: keys.set_string_list, int: keys.set_integer, bool: keys.set_boolean}
    for group, values in groups.items():
        for key, value in values.items():
            setters[type(value)](group, key, value)
    return keys.to_data()[0]

for line in sys.stdin:
    name, argument = json.loads(line)
    print(json.dumps({"read": read, "write": write}[name](argument)), flush=True)
"""

signature = st.lists(any_text, min_size=1, max_size=4).map("\n".join)
value = any_text | signature | st.lists(any_text, max_size=3) | st.booleans() | st.integers(-(2**31), 2**31 - 1)
name = st.text("abcXYZ_0", min_size=1)


@pytest.fixture(scope="module")
def glib() -> Iterator[Callable[[str, Any], Any]]:
    """``glib("read", text)`` gives each key's raw value, string and list of strings; ``glib("write", groups)`` a text."""
    if subprocess.run([PYTHON, "-c", "from gi.repository import GLib"], capture_output=True, check=False).returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("python3-gi is not installed")
    with subprocess.Popen([PYTHON, "-c", GLIB], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(*order: Any) -> Any:
            print(json.dumps(order), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def test_glib_writes_and_reads_the_same(glib: Any) -> None:
    @examples(25)
    @given(st.dictionaries(name, st.dictionaries(name, value, min_size=1), min_size=1))
    def check(groups: dict[str, dict[str, Any]]) -> None:
        text = key_file(groups)
        assert text == glib("write", groups)
        for group, keys in glib("read", text).items():
            for key, (raw, string, strings) in keys.items():
                wanted = groups[group][key]
                readings = {str: string, list: strings}
                assert readings.get(type(wanted), raw) == (wanted if type(wanted) in readings else str(wanted).lower())

    check()


def strings(glib: Any, text: str) -> dict[str, dict[str, str]]:
    return {group: {key: string for key, (_raw, string, _list) in keys.items()} for group, keys in glib("read", text).items()}


def test_evolution_reads_what_was_written(glib: Any) -> None:
    @examples(25)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, context = taken("evolution", drawn)
        files = {file.path.rpartition("/")[2]: file.content.decode() for file in clients.get("evolution").files(accounts, context)}
        for account in accounts:
            read = {part: strings(glib, files[f"mailops-{account.key}{part}.source"]) for part in ("", "-identity", "-transport")}
            for part, server in (("", account.incoming), ("-transport", account.outgoing)):
                expected = {"Host": server.host, "Port": str(server.port), "User": server.username}
                assert expected.items() <= read[part]["Authentication"].items()
                assert read[part]["Data Source"]["DisplayName"] == account.account_name
            expected = {"Name": account.sender_name, "Address": account.email}
            assert expected.items() <= read["-identity"]["Mail Identity"].items()
            assert read["-identity"]["Mail Identity"].get("ReplyTo") == account.reply_to
            groups = {"Data Source", "Mail Account", "Authentication", "Security", "Refresh", "Imapx Backend", "Pop Backend"}
            assert set(read[""]) <= groups
            if account.signature:
                assert files[f"mailops-{account.key}-signature"] == account.signature

    check()


def test_geary_reads_what_was_written(glib: Any) -> None:
    @examples(25)
    @given(profiles_and_user(types=("imap",)))
    def check(drawn: Drawn) -> None:
        accounts, context = taken("geary", drawn)
        for account, file in zip(accounts, clients.get("geary").files(accounts, context)):
            read = strings(glib, file.content.decode())
            assert list(read) == ["Metadata", "Account", "Folders", "Incoming", "Outgoing"]
            for group, server in (("Incoming", account.incoming), ("Outgoing", account.outgoing)):
                expected = {"host": server.host, "port": str(server.port), "login": server.username}
                assert expected.items() <= read[group].items()
            assert read["Account"]["label"] == account.account_name
            (_raw, _string, mailboxes) = glib("read", file.content.decode())["Account"]["sender_mailboxes"]
            (sender,) = policy.header_factory("From", mailboxes[0]).addresses
            # Headers do not preserve white space between words.
            assert (sender.display_name.split(), sender.addr_spec) == (account.sender_name.split(), account.email)
            folders = {key: levels for key, (_raw, _string, levels) in glib("read", file.content.decode())["Folders"].items()}
            named = {"sent": "sent_folder", "drafts": "drafts_folder", "trash": "trash_folder"}
            assert folders == {named[each]: path.split("/") for each, path in account.folders.items()}

    check()


@pytest.mark.parametrize(("client", "changes", "part"), [
    ("evolution", {"incoming__authentication": "none", "incoming__password": None}, "incoming.authentication"),
    ("evolution", {"account_type": "pop", "delete_after_days": 366}, "365 days"),
    ("geary", {"incoming__authentication": "none", "incoming__password": None}, "incoming.authentication"),
])  # fmt: skip
def test_an_unsupported_account_has_a_reason(client: str, changes: dict[str, Any], part: str) -> None:
    accounts, _context = resolved([profile(**changes)])
    assert part in (clients.get(client).skip_reason(accounts[0]) or "")

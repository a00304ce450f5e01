# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thunderbird's accounts without Thunderbird; tests/lab/test_thunderbird_*.py run it."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import resolved

CLIENT = clients.get("thunderbird")
PREFERENCES, SCRIPT = (file.content.decode() for file in CLIENT.host_files)


def folder_uri(name: str, username: str = "joanna") -> str:
    accounts, context = resolved([profile(folders={"sent": name}, incoming__username=username)])
    (file,) = CLIENT.files(accounts, context)
    return json.loads(file.content)["identity"]["fcc_folder"]


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="{</") | st.just("&"), min_size=1, max_size=12).filter(
        lambda name: not re.search("&[^&]*-", name)  # may be refused
    )
)
def test_folders_are_named_as_imap_names_them(name: str) -> None:
    encoded = folder_uri(name).removeprefix("imap://joanna@imap.example.org/")
    assert encoded.isascii()

    def unshifted(found: re.Match[str]) -> str:
        shifted = found[1].replace(",", "/")
        return base64.b64decode(shifted + "=" * (-len(shifted) % 4)).decode("utf-16-be") if shifted else "&"

    assert re.sub("&([^-]*)-", unshifted, encoded) == name


def test_a_user_name_in_a_folder_is_escaped_as_thunderbird_does() -> None:
    assert folder_uri("Sent", "a@b~c*d'\u00e9/-._") == "imap://a%40b%7Ec*d%27%C3%A9%2F-._@imap.example.org/Sent"


def test_the_script_accepts_every_preference_that_is_rendered() -> None:
    profiles = [
        profile("imap", reply_to="team@example.org", signature="x", check_interval=5,
                folders=dict.fromkeys(("sent", "drafts", "trash", "archive", "junk"), "Folder")),
        profile("pop", account_type="pop", delete_after_days=14),
    ]  # fmt: skip
    for file in CLIENT.files(*resolved(profiles)):
        data = json.loads(file.content)
        for part in ("server", "identity", "smtpserver"):
            known = re.search(rf"^    {part}: {{(.*?)^    }}", SCRIPT, re.MULTILINE | re.DOTALL)[1]
            assert set(data[part]) <= set(re.findall(r"(\w+): (?:is|oneOf)", known))


def test_the_script_may_occur_more_than_once_in_an_administrators_file() -> None:
    assert SCRIPT.count("var mailopsProfiles = mailopsProfiles || ") == 1
    assert not re.search(r"^(?:const|let|class|function) ", SCRIPT, re.MULTILINE)
    assert "mailops.profiles default" not in SCRIPT


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("/etc/thunderbird/pref/*.js", 'pref("general.config.filename", "company.cfg");', True),
        ("/etc/thunderbird/pref/*.js", "defaultPref( 'general.config.filename' , 'thunderbird.cfg2')", True),
        ("/etc/thunderbird/defaults/pref/*.js", PREFERENCES, False),
        ("/etc/thunderbird/defaults/pref/*.js", 'pref("general.config.obscure_value", 13);', True),
        ("/usr/lib*/thunderbird/defaults/pref/*.js", 'pref("mail.shell.checkDefaultClient", false);', False),
        ("/usr/lib*/thunderbird/application.ini", "[App]\nVersion=140.12.0\n", True),
        ("/usr/lib*/thunderbird/application.ini", "[App]\nVersion=102.15.1\n", True),
        ("/usr/lib*/thunderbird/application.ini", "[App]\nVersion=91.0\n", True),
        ("/opt/thunderbird/application.ini", "[App]\nVersion=153.7.0\n[Gecko]\nMinVersion=140.0\n", False),
    ],
)
def test_a_probe_finds_what_hides_our_files(pattern: str, text: str, found: bool) -> None:
    (probe,) = (each for each in CLIENT.host_probes if each.pattern == pattern)
    assert probe.reason.startswith("Thunderbird") and probe.blocks
    assert bool(re.search(probe.matching.encode(), text.encode(), re.MULTILINE)) == found


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"incoming__host": "2001:db8::1"}, "incoming.host"),
        ({"incoming__authentication": "none", "incoming__password": None}, "incoming.authentication"),
    ],
)
def test_an_unsupported_account_has_a_reason(changes: dict[str, str], part: str) -> None:
    accounts, _context = resolved([profile(**changes)])
    assert part in (CLIENT.skip_reason(accounts[0]) or "")

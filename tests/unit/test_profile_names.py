# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of profiles: one reader, so that every option, file and store accepts, writes and rejects the same."""

from __future__ import annotations

import datetime
import unicodedata
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.profiles.plugins.action.mail_profile_info import ActionModule
from ansible_collections.mailops.profiles.plugins.filter.mail_account import mail_account
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.profiles import read_definitions
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.names import profile_name
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import profile_names, read_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import parse

from .names import INVALID, MAX_NAME, VALID, any_name

SERVERS = {"incoming": {"host": "imap.example.org"}, "outgoing": {"host": "smtp.example.org"}}
JOANNA = {"name": "jkowalska", "email": "j.kowalska@example.org", "display_name": "Joanna Kowalska"}
DECOMPOSED = [name for name in VALID if unicodedata.normalize("NFD", name) != name]

REFUSED = (MailopsError, AnsibleFilterError)

# Every way in for a name, by option; each returns the name that it understood.
ENTRIES: dict[str, Callable[[Any], str]] = {
    "mail_profile name": lambda name: edit_profile({"name": name, **SERVERS}, {}).after.name,
    "mail_profile name, to remove": lambda name: edit_profile({"name": name, "state": "absent"}, {}).name or profile_name(name),
    "mail_profile copy_from": lambda name: _origin("copy_from", name),
    "mail_profile renamed_from": lambda name: _origin("renamed_from", name),
    "mail_profiles profiles": lambda name: replace_all([{"name": name, **SERVERS}], {})[0].name,
    "mail_account profiles": lambda name: profile_names([name])[0],
    "mail_account profile_definitions": lambda name: next(iter(read_definitions([{"name": name, **SERVERS}]))),
    "a user's profiles": lambda name: read_users([{**JOANNA, "profiles": [name]}])[0].profiles[0],
    "a user's default_profile": lambda name: read_users([{**JOANNA, "default_profile": name}])[0].default_profile,
    "the filter": lambda name: mail_account({"name": name, **SERVERS}, JOANNA)["profile"],
    "a file": lambda name: parse("x.yml", strict_yaml.dump({"name": name, **SERVERS}).encode()).record.name,
}


def _origin(option: str, name: Any) -> str:
    """The name of the stored profile that copy_from or renamed_from finds."""
    stored = edit_profile({"name": profile_name(name), "description": "found", **SERVERS}, {}).after
    found = edit_profile({"name": "another one", option: name}, {stored.name: stored}).after
    assert found.data["description"] == "found"
    return stored.name


@pytest.mark.parametrize("name", VALID)
def test_what_people_call_a_profile(name: str) -> None:
    assert {way: read(name) for way, read in ENTRIES.items()} == dict.fromkeys(ENTRIES, name)


@given(any_name)
def test_any_valid_name_stays_as_it_is_everywhere(name: str) -> None:
    assert {way: read(name) for way, read in ENTRIES.items()} == dict.fromkeys(ENTRIES, name)
    assert profile_names(name) == (name,) and profile_names(f"{name}, other") == (name, "other")


@pytest.mark.parametrize("name, message", INVALID, ids=lambda value: ascii(value)[:20])
def test_what_nobody_may_call_a_profile(name: Any, message: str) -> None:
    for way, read in ENTRIES.items():
        with pytest.raises(REFUSED) as refused:
            read(name)
        assert message in str(refused.value), way
        assert str(refused.value).isprintable(), way


def _is_valid(text: str) -> bool:
    """The rule once more, as the documentation has it."""
    categories = [unicodedata.category(sign) for sign in text]
    known = [sign in " ._-()+&'@" or category[0] in "LM" or category == "Nd" for sign, category in zip(text, categories)]
    return (
        0 < len(text) <= MAX_NAME and all(known) and (categories[0][0] == "L" or categories[0] == "Nd")
        and "  " not in text and text[-1] != " "
    )  # fmt: skip


@given(st.text(max_size=10) | st.text("aA1 ._-()+&'@#,/é\u0301\u00a0", max_size=6) | st.text("ab", min_size=60, max_size=70))
def test_any_text_is_a_name_or_refused_alike_everywhere(text: str) -> None:
    """Blank is "not given", which is another matter."""
    if not text.strip():
        return
    name = unicodedata.normalize("NFC", text)
    if _is_valid(name):
        assert {read(text) for read in ENTRIES.values()} == {name}
        return
    with pytest.raises(Invalid) as refused:
        profile_name(text)
    for way in set(ENTRIES) - {"a file"}:  # whose reader may reject the text before
        with pytest.raises(REFUSED) as other:
            ENTRIES[way](text)
        assert str(refused.value) in str(other.value), way
    with pytest.raises(MailopsError):
        ENTRIES["a file"](text)


@pytest.mark.parametrize("name", DECOMPOSED)
def test_two_spellings_of_the_same_characters_are_one_name(name: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    assert {way: read(decomposed) for way, read in ENTRIES.items()} == dict.fromkeys(ENTRIES, name)


def test_one_sign_for_another() -> None:
    """Unicode has a few signs twice; NFC keeps one of them."""
    assert profile_name("\u212aelvin \u212bngstr\u00f6m \u2126") == "Kelvin \u00c5ngstr\u00f6m \u03a9"


def test_a_name_may_be_longer_before_it_is_composed() -> None:
    name = "\u1ed3" * MAX_NAME
    assert len(unicodedata.normalize("NFD", name)) == 3 * MAX_NAME and profile_name(unicodedata.normalize("NFD", name)) == name
    assert profile_name("\u0958" * 32) == "\u0915\u093c" * 32
    with pytest.raises(Invalid, match="has 66 characters"):
        profile_name("\u0958" * 33)


@pytest.mark.parametrize("value, kind", [(datetime.date(2024, 1, 1), "a date"), (2024, "a number"), (False, "a boolean")])
def test_what_yaml_does_not_read_as_text(value: Any, kind: str) -> None:
    with pytest.raises(Invalid, match=f"must be text, not {kind}: put it in quotes"):
        profile_name(value)
    with pytest.raises(Invalid, match=f"entry 2: must be text, not {kind}: put it in quotes"):
        profile_names(["work", value])


def test_everything_that_is_wrong_with_a_list_of_names() -> None:
    with pytest.raises(MailopsError) as refused:
        read_users([{**JOANNA, "profiles": ["work", "a/b", "Biuro #1"], "default_profile": "b/c"}])
    assert [problem.partition(": a profile name")[0] for problem in refused.value.problems] == [
        "user 'jkowalska': profiles: 'a/b': holds '/'",
        "user 'jkowalska': profiles: 'Biuro #1': holds '#', at which YAML cuts a name that is not in quotes",
        "user 'jkowalska': default_profile: holds '/'",
    ]


def test_the_whole_name_is_in_messages() -> None:
    long = "Ł" * MAX_NAME
    with pytest.raises(MailopsError, match=f"there is no profile '{long}'"):
        resolve_users(read_users([{**JOANNA, "profiles": [long]}]), {"work": read_profile({"name": "work", **SERVERS})}, None, None, "default")
    with pytest.raises(MailopsError, match=f"copy_from: there is no profile '{long}'"):
        edit_profile({"name": "work", "copy_from": long}, {})


def test_mail_profile_info_has_the_same_rule() -> None:
    action = object.__new__(ActionModule)
    action._task = SimpleNamespace(check_mode=False)
    with pytest.raises(MailopsError, match="profile 'Biuro #1': name: holds '#'"):
        action.work({"name": "Biuro #1", "store": "/nowhere/profiles.db"}, {})

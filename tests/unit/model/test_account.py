# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import account_key, resolve, resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import MASK
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users

from ...profiles import bare_profile
from ..refusals import problems

JANE = {"name": "jane", "email": "jane@Example.org", "display_name": "Jane {UserPassword}", "password": "p{UserName}'\"\\$`#%|"}


def profile(name="work", **changes):
    return read_profile(bare_profile(name, **changes))


def user(**changes):
    return read_users([{**JANE, **changes}])[0]


FILLED = [
    ("{UserEmail}", "jane@example.org"),
    ("{UserName}", "jane"),
    ("{UserEmailLocalPart}/{UserEmailDomain}", "jane/example.org"),
    ("{UserDisplayName}", "Jane {UserPassword}"),  # inserted once
    ("{HostName}", "laptop-17"),
    (r"\{UserName} {x} <b>", "{UserName} {x} <b>"),
    ("<UserName>", "jane"),
]


@pytest.mark.parametrize("text, expected", FILLED)
def test_filled_in(text, expected):
    assert resolve(profile(account_name=text), user(), "laptop-17").account_name == expected


def test_an_account_has_numbers_for_ports_and_the_password_as_given():
    data = profile(incoming={"host": "i.{UserEmailDomain}", "password": "{UserPassword}", "security": "starttls"})
    account = resolve(data, user())
    assert (account.incoming.host, account.incoming.port, account.outgoing.port) == ("i.example.org", 143, 465)
    assert account.incoming.password == JANE["password"]
    assert account.as_data()["incoming"]["password"] == JANE["password"]


def test_no_secret_in_texts_about_it():
    jane = user(variables={"Pin": "1234-secret"})
    account = resolve(profile(incoming={"host": "i", "password": "{UserPassword}"}), jane)
    assert JANE["password"] not in repr(jane) + repr(account)
    assert "1234-secret" not in repr(jane)
    assert account.redacted().incoming.password == MASK
    assert account.redacted().outgoing.password is None


def test_variables_of_profile_and_user():
    work = profile(account_name="{Region} {Team}", variables={"Region": "north", "Team": None})
    assert resolve(work, user(variables={"Team": "sales"})).account_name == "north sales"
    assert resolve(work, user(variables={"Team": "sales", "Region": "south"})).account_name == "south sales"
    (problem,) = problems(resolve, work, user(variables={"Taem": "x"}))
    assert problem.startswith("user 'jane', profile 'work': {Team} has no value (used in account_name)")
    assert "did you mean 'Taem'?" in problem


def test_a_display_name_is_made_of_first_and_last_name():
    jane = user(display_name=None, first_name="Jane", last_name="Roe")
    assert resolve(profile(), jane).sender_name == "Jane Roe"


def test_signatures_escape_values_in_html_only():
    signature = "<b>{UserDisplayName}</b>"
    jane = user(display_name="A & <B>")
    assert resolve(profile(signature=signature, signature_format="html"), jane).signature == "<b>A &amp; &lt;B&gt;</b>"
    assert resolve(profile(signature=signature), jane).signature == "<b>A & <B></b>"


def test_what_is_filled_in_is_checked():
    jane = user(variables={"Host": "a b", "Word": "-x", "Mail": "nobody"})
    work = profile(
        variables={"Host": None, "Word": None, "Mail": None},
        reply_to="{Mail}",
        incoming={"host": "{Host}", "password_command": ["pass", "{Word}"]},
    )
    found = problems(resolve, work, jane)
    assert len(found) == 3
    assert all(problem.startswith("user 'jane', profile 'work': ") for problem in found)
    assert "'nobody' is not an e-mail address: it has no domain" in found[0]


USERS = [
    ([{}], "users, entry 1: name: is required"),
    (["jane"], "users, entry 1: must be a dictionary"),
    ([{"name": "jane"}, {"name": "jane"}], "user 'jane': is listed twice"),
    ([{"name": "../x"}], "user '../x': name: would leave its directory"),
    ([{"name": "jane", "emial": "x"}], "user 'jane': emial: there is no such field (did you mean 'email'?)"),
    ([{"name": "jane", "email": "jane"}], "user 'jane': email: 'jane' is not an e-mail address: it has no domain"),
    ([{"name": "jane", "password": 1234}], "user 'jane': password: must be text, not a number: put it in quotes"),
    ([{"name": "jane", "password": "s3cret\nx"}], "user 'jane': password: holds a newline"),
    ([{"name": "jane", "display_name": "x" * 10_000}], "user 'jane': display_name: has 10000 characters"),
    ([{"name": "jane", "variables": {"UserEmail": "x"}}], "UserEmail is built in; give the user's email instead"),
    ([{"name": "jane", "profiles": ["a", "a"]}], "user 'jane': profiles: names a profile twice"),
]


@pytest.mark.parametrize("data, message", USERS)
def test_users_refused(data, message):
    found = problems(read_users, data)
    assert any(message in problem for problem in found), found
    assert "s3cret" not in "".join(found)


def test_a_user_without_email():
    (problem,) = problems(resolve, profile(), user(email=""))
    assert problem.startswith("user 'jane', profile 'work': {UserEmail} has no value")
    assert problem.endswith("give the user email")


def resolved(users, *profiles, selected=None):
    return resolve_users(read_users(users), {item.name: item for item in profiles}, selected, "h", "default")


def test_the_default_account_comes_first():
    accounts = resolved([JANE], profile("a"), profile("b", default=True))["jane"]
    assert [(account.profile, account.default) for account in accounts] == [("b", True), ("a", False)]


def test_none_is_the_default_unless_the_administrator_says_so():
    accounts = resolved([{**JANE, "profiles": ["b", "a"]}], profile("a"), profile("b"))["jane"]
    assert [(account.profile, account.default) for account in accounts] == [("b", False), ("a", False)]


def test_defaults_and_profiles_of_all_users_at_once():
    users = [
        JANE,
        {**JANE, "name": "joe", "profiles": ["wrok"]},
        {**JANE, "name": "jim", "default_profile": "c"},
        {**JANE, "name": "jo", "default_profile": "b"},
    ]
    found = problems(lambda: resolved(users, profile("work", default=True), profile("b", default=True)))
    assert found == [
        "user 'jane': the profiles work, b are all marked as default; mark one, or give the user a default_profile",
        "user 'joe': there is no profile 'wrok' (did you mean 'work'?)",
        "user 'jim': default_profile 'c' is none of the user's profiles (work, b)",
    ]


def test_an_absent_user_needs_nothing_but_a_name():
    assert resolved([{"name": "jane", "state": "absent"}], profile()) == {"jane": []}


def test_what_an_account_is_called_on_hosts():
    """Its profile's key, or what follows from the name, and a hash of the instance."""
    assert account_key(profile("work"), "default") == "work-fe4292b5"
    assert account_key(profile("office", key="work"), "default") == "work"
    assert account_key(profile("office", key="work"), "phones") == "work-" + hashlib.sha256(b"phones").hexdigest()[:8]


def test_profiles_of_one_task_with_the_same_key():
    both = {"a": profile("a", key="mail"), "b": profile("b", key="mail")}
    assert problems(resolve_users, [user()], both, None, None, "default") == [
        "profiles 'a' and 'b': both have the key 'mail'; give one of them another key"
    ]


def test_a_password_of_one_profile_stands_in_no_text_of_another():
    bank = profile("bank", variables={"Pin": None}, incoming={"host": "i", "password": "{Pin}"})
    club = profile("club", variables={"Pin": None}, signature="{Pin}", outgoing={"host": "o", "password_command": ["pass", "{Pin}"]})
    both = {"bank": bank, "club": club}
    jane, joan = user(variables={"Pin": "1234-secret"}), user(name="joan", variables={"Pin": "5678-secret"}, profiles=["club"])
    found = problems(resolve_users, [jane, joan], both, ("bank", "club"), None, "default")
    assert found == ["user 'jane': {Pin} is a password in profile 'bank' and must not be used in signature of profile 'club'"]
    assert len(resolve_users([joan], both, None, None, "default")["joan"]) == 1

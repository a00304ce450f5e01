# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users out of the lists that organisations have."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.mailops.profiles.plugins.filter.users_from import FilterModule
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user_map import users_from as people

users_from = FilterModule().filters()["users_from"]
JOANNA = {"name": "jkowalska", "email": "j.kowalska@example.org", "display_name": "Joanna Kowalska"}
ADAM = {"name": "anowak", "email": "a.nowak@example.org"}


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(AnsibleFilterError) as failure:
        users_from(*arguments, **options)
    return str(failure.value.message if hasattr(failure.value, "message") else failure.value)


PASSWD = {
    "root": ["x", "0", "0", "root", "/root", "/bin/bash"],
    "list": ["x", "38", "38", "Mailing List Manager", "/var/list", "/usr/sbin/nologin"],
    "nobody": ["x", "65534", "65534", "nobody", "/nonexistent", "/usr/sbin/nologin"],
    "jkowalska": ["x", "1000", "1000", "Joanna Kowalska,Room 7,,", "/home/jkowalska", "/bin/bash"],
    "ada": ["x", "1001", "1001", "& Lovelace", "/home/ada", "/bin/sh"], "plain": ["x", "1002", "1002", "", "/home/plain", "/bin/sh"],
}  # fmt: skip

# Source, map, users.
SOURCES: dict[str, tuple[Any, Any, list[dict[str, Any]]]] = {
    "our own names": ([{**JOANNA, "room": "7", "password": ""}, ADAM], None, [JOANNA, ADAM]),
    "a CSV file of Excel's": (
        {"list": [{"\ufeffLogin": " jkowalska ", "E-Mail": "j.kowalska@example.org", "Name ": "Joanna Kowalska"},
                  {"\ufeffLogin": "", "E-Mail": "", "Name ": " "}],
         "dict": {}, "changed": False},
        {"name": "login", "email": "e-mail", "display_name": "name"}, [JOANNA],
    ),
    "a byte order mark before quotes": ([{'\ufeff"Login"': "anowak", "mail": "a.nowak@example.org"}], {"name": "login", "email": "mail"}, [ADAM]),
    "LDAP": (
        {"results": [
            {"dn": "uid=jkowalska", "uid": "jkowalska", "mail": ["j.kowalska@example.org", "joanna@example.org"], "cn": "Joanna Kowalska"},
            {"dn": "uid=anowak", "uid": ["anowak"], "mail": "a.nowak@example.org"}]},
        {"name": "UID", "email": "mail", "display_name": ["displayName", "cn"]}, [JOANNA, ADAM],
    ),
    "passwd": (PASSWD, {"name": "name", "email": "{name}@example.org", "display_name": "display_name"}, [
        {"name": "jkowalska", "email": "jkowalska@example.org", "display_name": "Joanna Kowalska"},
        {"name": "ada", "email": "ada@example.org", "display_name": "Ada Lovelace"}, {"name": "plain", "email": "plain@example.org"}]),
    "Keycloak": (
        {"existing": [{"username": "jkowalska", "email": "j.kowalska@example.org", "firstName": "Joanna", "enabled": True, "attributes": {"phone": ["58"]}}]},
        {"name": "username", "email": "email", "first_name": "firstName", "enabled": "enabled", "variables": {"Phone": "attributes.phone.0"}},
        [{"name": "jkowalska", "email": "j.kowalska@example.org", "first_name": "Joanna", "variables": {"Phone": "58"}}],
    ),
    "Entra": (
        {"json": {"value": [{"onPremisesSamAccountName": None, "userPrincipalName": "a.nowak@example.org", "mailNickname": "anowak"}]}, "status": 200},
        {"name": ["onPremisesSamAccountName", "mailNickname"], "email": "userPrincipalName"}, [ADAM],
    ),
    "nobody": ([], {"name": "uid"}, []),
    "a result without entries": ({"results": []}, {"name": "uid"}, []),
    "numbers": ([{"id": 17, "mail": "a@example.org"}], {"name": "id", "email": "mail"}, [{"name": "17", "email": "a@example.org"}]),
    "several profiles": ([{"n": "a", "p": "work, shop"}, {"n": "b", "p": ["work"]}], {"name": "n", "profiles": "p"},
                         [{"name": "a", "profiles": ["work", "shop"]}, {"name": "b", "profiles": ["work"]}]),
    "a password with spaces": ([{"n": "a", "p": " 1 "}], {"name": "n", "password": "p"}, [{"name": "a", "password": " 1 "}]),
    "half a text with braces": ([{"n": "a", "x": ""}], {"name": "n", "email": "{n}@{x}.org"}, [{"name": "a"}]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "user_map", "users"), SOURCES.values(), ids=SOURCES)
def test_sources(source: Any, user_map: Any, users: list[dict[str, Any]]) -> None:
    assert users_from(source, user_map) == users
    assert len(read_users(users)) == len(users)  # mail_account takes them


@pytest.mark.parametrize(("rule", "value", "is_absent"), [
    ({"disabled": "x"}, "TRUE", True), ({"disabled": "x"}, "no", False), ({"disabled": "x"}, "", False), ({"disabled": "x"}, None, False),
    ({"disabled": "x"}, [True], True), ({"enabled": "x"}, False, True), ({"enabled": "x"}, "yes", False), ({"enabled": "x"}, "", False),
    ({"enabled": "x"}, 0, True), ({"disabled": {"x": ["left", "Retired"]}}, "retired ", True), ({"disabled": {"x": "left"}}, "here", False),
    ({"enabled": {"x": ["here"]}}, "away", True),
    ({"enabled": {"x": ["here"]}}, " ", False), ({"enabled": {"x": ["here"]}}, [], False), ({"enabled": {"x": ["here"]}}, ["Here", "away"], False),
    ({"state": "x"}, "absent", True), ({"state": "x"}, "present", False),
])  # fmt: skip
def test_who_is_disabled(rule: dict[str, Any], value: Any, is_absent: bool) -> None:
    row = {"name": "a", "email": "not an address", "display_name": "A", "password": "s3cret", "x": value}
    fields = {key: key for key in ("name", "email", "display_name", "password")}
    (user,) = users_from([row], {**fields, **rule}, invalid="keep")
    assert (user == {"name": "a", "display_name": "A", "state": "absent"}) is is_absent
    assert (user.get("state") == "absent") is is_absent


@pytest.mark.parametrize(("flags", "is_absent"), [("512", False), ("514", True), ("66050", True), ("66048", False)])
def test_active_directory(flags: str, is_absent: bool) -> None:
    (user,) = users_from([{"dn": "x", "sAMAccountName": "a", "userAccountControl": flags}], {"name": "samaccountname", "disabled": "useraccountcontrol"})
    assert ("state" in user) is is_absent


def test_all_bad_entries_are_named() -> None:
    rows = [{"u": "a", "m": "no address", "p": "s3cret\n"}, {"u": "", "m": "b@example.org"}, {"u": "c", "m": "c@example.org"},
            {"u": "c", "m": "d@example.org"}, {"u": "e", "m": "e@example.org", "off": "perhaps"}, {"u": "../f", "off": "yes"}]  # fmt: skip
    text = refused(rows, {"name": "u", "email": "m", "password": "p", "disabled": "off"})
    assert text.splitlines()[0].endswith("6 problems:"), text
    for line in ("entry 1 ('a'): email: ", "entry 1 ('a'): password: ", "entry 2: has no log-in name", "entry 4 ('c'): is the user of entry 3 again",
                 "entry 5: off: 'perhaps' is neither yes nor no"):  # fmt: skip
        assert f"- {line}" in text, text
    assert "'../f'" in text and "s3cret" not in text
    kept = users_from(rows[:2], {"name": "u", "email": "m"}, invalid="keep")
    assert kept == [{"name": "a", "email": "no address"}, {"email": "b@example.org"}]


@pytest.mark.parametrize(("source", "user_map", "message"), [
    ("a;b", {"name": "a"}, "must be a list of dictionaries (for the text of a CSV file"),
    (7, {"name": "a"}, "must be a list of dictionaries"),
    ([{"a": 1}, 7, "x"], {"name": "a"}, "entry 2, 3 is none"),
    ({"stdout": "x", "rc": 0}, {"name": "a"}, "with the keys stdout, rc"),
    ([{"Login;E-Mail": "a;b"}], {"name": "login"}, "the only column is 'Login;E-Mail': give the delimiter"),
    ([{"login": "a", "mail": "b"}], {"name": "login", "email": "mial"}, "map.email: no entry has an attribute 'mial' (did you mean 'mail'?)"),
    ([{"login": "a"}], {"name": "login", "disabled": "locked"}, "map: no entry has an attribute 'locked'"),
    ([{"dn": "x", "cn": "a"}], {"name": "uid"}, "map.name: no entry has an attribute 'uid'"),
    ([{"login": "a"}], {"email": "login"}, "map: name is required"),
    ([{"login": "a"}], "login", "users_from: map: must be a dictionary"),
    ([{"login": "a"}], {"name": "login", "mail": "x"}, "map: there is no key 'mail' (did you mean 'email'?)"),
    ([{"login": "a"}], {"name": 7}, "map.name: must be the name of an attribute"),
    ([{"a": 1, "b": 1}], {"name": "a", "enabled": "b", "disabled": "b"}, "give one of them"),
])  # fmt: skip
def test_what_cannot_be_meant(source: Any, user_map: Any, message: str) -> None:
    assert message in refused(source, user_map)
    assert "host: the map has no host" in refused([{"name": "a"}], None, "desk-1")
    assert "invalid: must be one of fail, keep" in refused([], None, invalid="x")


def test_an_attribute_of_ldap_may_be_missing_everywhere() -> None:
    assert users_from([{"dn": "x", "uid": "a"}], {"name": "uid", "email": "mail", "disabled": "nsAccountLock"}) == [{"name": "a"}]


@pytest.mark.parametrize(("user_map", "said"), [
    ({"name": "uid", "disabled": "employeType"}, ["map: no entry has an attribute 'employeType' (did you mean 'employeeType'?): is it misspelled"]),
    ({"name": "uid", "enabled": {"stat": ["yes"]}, "host": "pc"}, ["'stat'"]),
    ({"name": "uid", "email": "{uidd}@{domain}"}, ["'uidd' (did you mean 'uid'?)", "'domain'"]),
    ({"name": "uid", "email": ["mail"]}, ["'mail'"]),
    ({"name": "uid", "display_name": ["displayName", "cn"], "disabled": "EMPLOYEETYPE"}, []),
])  # fmt: skip
def test_a_misspelled_attribute_of_a_directory_is_a_warning(user_map: Any, said: list[str]) -> None:
    rows = [{"dn": "x", "uid": "a", "cn": "A"}, {"dn": "y", "uid": "b", "employeeType": "no", "pc": "desk-1"}]
    warnings: list[str] = []
    people(rows, user_map, None, False, warn=warnings.append)
    assert len(warnings) == len(said) and all(text in warning for text, warning in zip(said, warnings)), warnings
    people([], user_map, None, False, warn=pytest.fail)


def test_the_filter_displays_its_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_more, **_options: displayed.append(text))
    assert users_from([{"dn": "x", "uid": "a"}], {"name": "uid", "disabled": "locked"}) == [{"name": "a"}]
    assert displayed == ["users_from: map: no entry has an attribute 'locked': is it misspelled, or blank for everybody?"]


def test_hosts() -> None:
    rows = [{"name": "a", "pc": "desk-1, desk-2"}, {"name": "b", "pc": ["desk-2"]}, {"name": "c", "pc": ""}, {"name": "d", "pc": "desk-3;desk-1"}]
    user_map = {"name": "name", "host": "pc"}
    grouped = users_from(rows, user_map)
    names = {host: [user["name"] for user in users] for host, users in grouped.items()}
    assert names == {"desk-1": ["a", "d"], "desk-2": ["a", "b"], "desk-3": ["d"]}
    assert all(users_from(rows, user_map, host) == users for host, users in grouped.items()) and users_from(rows, user_map, "desk-9") == []
    assert "entry 5 ('b'): is the user of entry 2 again, for host 'desk-2'" in refused([*rows, {"name": "b", "pc": "desk-2"}], user_map)
    # What is wrong for another host does not stop this one.
    assert users_from([*rows, {"name": "x y/z", "pc": "desk-9"}], user_map, "desk-1") == grouped["desk-1"]


def test_a_thousand_hosts_and_ten_thousand_users_take_seconds() -> None:
    """Twice as many take twice as long: measured in time of the processor, because others work on the machine."""
    seconds = {}
    for count in (5_000, 10_000):
        rows = [{"uid": f"u{number}", "mail": f"u{number}@example.org", "cn": f"User {number}", "pc": f"desk-{number % 1000}"} for number in range(count)]
        start = time.process_time()
        grouped = users_from(rows, {"name": "uid", "email": "mail", "display_name": "cn", "host": "pc"})
        seconds[count] = time.process_time() - start
        assert len(grouped) == 1000 and {len(users) for users in grouped.values()} == {count // 1000}
    assert seconds[10_000] < 5 and seconds[10_000] < 4 * seconds[5_000], seconds

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles for Apple Mail follow Apple's schema, have every value as it was, and are never taken for one another."""

from __future__ import annotations

import datetime
import plistlib
from typing import Any, Sequence

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Context, OptionCheck
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._options import read_options
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account, resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users

from ...profiles import profile
from ..refusals import refusal
from .accounts import JOANNA, resolved
from .apple_schema import KEYS, violations
from .drawn import Drawn, examples, profiles_and_user, taken

CLIENT = clients.get("mobileconfig")
NOW = datetime.datetime(2026, 11, 27, tzinfo=datetime.timezone.utc)


def document(accounts: Sequence[Account], context: Context, **options: Any) -> dict[str, Any]:
    (file,) = CLIENT.files(accounts, context._replace(options=read_options(CLIENT, options)))
    return plistlib.loads(file.content)


def payload(user: dict[str, Any] | None = None, include_passwords: bool = True, **changes: Any) -> dict[str, Any]:
    """That of one account."""
    (found,) = document(*resolved([profile(**changes)], user), include_passwords=include_passwords)["PayloadContent"]
    return found


@examples(40)
@given(profiles_and_user())
def test_every_value_is_as_it_was_and_follows_the_schema(drawn: Drawn) -> None:
    accounts, context = taken("mobileconfig", drawn)
    found = document(accounts, context, include_passwords=True)
    for account, keys in zip(accounts, found["PayloadContent"], strict=True):
        assert violations(keys) == []
        assert keys["EmailAccountType"] == {"imap": "EmailTypeIMAP", "pop": "EmailTypePOP"}[account.account_type]
        assert (keys["EmailAddress"], keys["EmailAccountName"]) == (account.email, account.sender_name)
        assert keys["EmailAccountDescription"] == keys["PayloadDisplayName"] == account.account_name
        same = keys["OutgoingPasswordSameAsIncomingPassword"]
        for side, server in (("Incoming", account.incoming), ("Outgoing", account.outgoing)):
            words = [keys[f"{side}MailServer{name}"] for name in ("HostName", "PortNumber", "UseSSL", "Username")]
            assert words == [server.host, server.port, server.security != "none", server.username]
            assert keys.get(f"{side}Password") == (None if same and side == "Outgoing" else server.password)
        assert same == ((account.incoming.username, account.incoming.password) == (account.outgoing.username, account.outgoing.password))
    identities = [found, *found["PayloadContent"]]
    for name in ("PayloadUUID", "PayloadIdentifier"):
        assert len({each[name] for each in identities}) == len(identities)


def test_the_judge_knows_a_wrong_payload() -> None:
    right = payload()
    assert violations(right) == []
    for name in ("EmailAccountType", "IncomingMailServerHostName", "PayloadUUID"):
        assert violations({key: value for key, value in right.items() if key != name})
    for change in ({"EmailAccountType": "IMAP"}, {"IncomingMailServerPortNumber": "993"}, {"IncomingMailServerUseSSL": 1}, {"UseSSL": True},
                   {"PayloadVersion": "1"}, {"SMIMESigningCertificateUUID": ""}):  # fmt: skip
        assert violations({**right, **change})


def test_ports_and_ssl_are_always_there_and_nothing_is_empty() -> None:
    for changes in ({}, {"account_type": "pop"}, {"outgoing__authentication": "none", "outgoing__password": None}):
        found = payload(**changes)
        assert all(f"{side}MailServer{name}" in found for side in ("Incoming", "Outgoing") for name in ("PortNumber", "UseSSL"))
        assert "" not in found.values()
    assert "OutgoingMailServerUsername" not in found and found["OutgoingMailServerAuthentication"] == "EmailAuthNone"


def test_no_password_unless_asked() -> None:
    found = payload(include_passwords=False)
    assert not [key for key in found if key.endswith("Password") and key != "OutgoingPasswordSameAsIncomingPassword"]
    assert found["OutgoingPasswordSameAsIncomingPassword"] is True
    (file,) = CLIENT.files(*resolved([profile()]))
    assert not file.secret and JOANNA["password"].encode() not in file.content


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"outgoing__username": "{UserName}"}, False),
        ({"outgoing__password": "{Pin}"}, False),
        ({"outgoing__password": None}, False),
        ({"incoming__password": None, "outgoing__password": None}, True),
    ],
)  # fmt: skip
def test_one_password_for_both_only_when_user_and_password_are_equal(changes: dict[str, Any], same: bool) -> None:
    for included in (True, False):
        found = payload({**JOANNA, "variables": {"Pin": "4711"}}, included, variables={"Pin": None}, **changes)
        assert found["OutgoingPasswordSameAsIncomingPassword"] == same and not (same and "OutgoingPassword" in found)


def test_another_user_profile_or_instance_has_other_identifiers() -> None:
    """A device would replace one by the other. An equal e-mail address makes no difference."""
    profiles = {name: read_profile(profile(name)) for name in ("work", "Work")}
    seen: list[set[str]] = []
    for name in ("jan", "anna"):
        for instance in ("default", "other"):
            (reader,) = read_users([{**JOANNA, "name": name}])
            accounts = resolve_users([reader], profiles, None, "laptop-17", instance)[name]
            found = document(accounts, Context(reader, {}, instance))
            seen.append({each[key] for each in (found, *found["PayloadContent"]) for key in ("PayloadUUID", "PayloadIdentifier")})
    assert [len(each) for each in seen] == [6] * 4
    assert len(set().union(*seen)) == 24


def test_identifiers_stay_when_settings_and_the_order_change() -> None:
    before, after = (
        document(*resolved([profile("work", sender_name=name, incoming__host=f"{name.lower()}.example.org"), profile("home", default=default)]))
        for name, default in (("One", False), ("Two", True))
    )
    identities = [
        {tuple(each[name] for name in ("PayloadUUID", "PayloadIdentifier")) for each in (found, *found["PayloadContent"])}
        for found in (before, after)
    ]
    assert identities[0] == identities[1] and before != after


def test_what_the_device_displays_and_enforces() -> None:
    given = {
        "organization": "Zażółć Sp. z o.o.", "description": "Mail", "identifier_prefix": "org.example.mail", "removal_disallowed": True,
        "consent_text": {"default": "I agree.\nReally.", "pl": "Zgoda."}, "removal_date": "2027-06-30T18:00:00+02:00", "target_device": "iphone",
    }  # fmt: skip
    found = document(*resolved([profile()]), **given)
    assert found["PayloadDisplayName"] == "Zażółć Sp. z o.o. (j.kowalska@example.org)"
    assert found["PayloadIdentifier"].startswith("org.example.mail.") and found["ConsentText"] == given["consent_text"]
    assert (found["PayloadRemovalDisallowed"], found["TargetDeviceType"], found["PayloadScope"]) == (True, 1, "User")
    assert found["RemovalDate"] == datetime.datetime(2027, 6, 30, 16)
    plain = document(*resolved([profile()]))
    assert not {"PayloadOrganization", "ConsentText", "PayloadRemovalDisallowed", "TargetDeviceType", "RemovalDate"} & set(plain)


@pytest.mark.parametrize("given", ["2027-06-30T16:00:00Z", "2027-06-30 18:00:00+02:00", "2027-06-30T16:00:00"])
def test_dates_are_in_utc(given: str) -> None:
    """The second form is what a date without quotes in YAML becomes."""
    assert document(*resolved([profile()]), removal_date=given)["RemovalDate"] == datetime.datetime(2027, 6, 30, 16)


def test_every_switch_is_a_key_of_the_schema_with_a_test_of_its_own() -> None:
    switches = [option.name for option in CLIENT.options if option.name.startswith(("smime", "prevent", "allow", "disable"))]
    for name in switches:
        on, off = (document(*resolved([profile()]), **{name: value})["PayloadContent"][0] for value in (True, False))
        (changed,) = [key for key in on if on[key] != off[key]]
        assert changed in KEYS and (on[changed], off[changed]) == (True, False)
    assert len(switches) == 11


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"identifier_prefix": "a b"}, "identifier_prefix: must be a name such as org.example.mail"),
        ({"identifier_prefix": "a..b"}, "identifier_prefix: must be"),
        ({"consent_text": {"polish!": "x"}}, "consent_text.polish!: is not a language"),
        ({"consent_text": {"pl": 1}}, "consent_text.pl: must be text, not a number"),
        ({"removal_date": "tomorrow"}, "removal_date: must be a date such as 2027-06-30"),
    ],
)
def test_options_that_are_wrong(options: dict[str, Any], problem: str) -> None:
    (found,) = CLIENT.check_options(read_options(CLIENT, options), NOW).problems
    assert found.startswith(problem)


def test_options_that_are_worth_a_warning() -> None:
    given = {"removal_date": "2026-11-26", "removal_disallowed": True}
    found = CLIENT.check_options(read_options(CLIENT, given), NOW)
    assert [each.partition(":")[0] for each in found.warnings] == ["signing_key_file", "removal_date", "removal_disallowed"]
    later = CLIENT.check_options(read_options(CLIENT, {"removal_date": "2026-11-28"}), NOW)
    assert later == OptionCheck(warnings=found.warnings[:1])
    assert "must be one of any, iphone, mac" in refusal(read_options, CLIENT, {"target_device": "android"})


@pytest.mark.parametrize(("port", "taken"), [(143, True), (1143, False)])
def test_starttls_needs_a_port_where_a_device_expects_it(port: int, taken: bool) -> None:
    accounts, _context = resolved([profile(incoming__security="starttls", incoming__port=port)])
    reason = CLIENT.skip_reason(accounts[0])
    assert reason is None if taken else "begins with TLS on every port but 25, 110, 143, 587, and incoming.port is 1143" in reason


def test_no_password_form_for_oauth() -> None:
    command = {f"{side}__{key}": value for side in ("incoming", "outgoing")
               for key, value in (("password", None), ("password_command", ["x"]), ("authentication", "oauth2"))}  # fmt: skip
    accounts, _context = resolved([profile(**command)])
    assert CLIENT.skip_reason(accounts[0]) == "Apple Mail does not support incoming.authentication: oauth2"


def test_a_diff_has_masks() -> None:
    accounts, context = resolved([profile(outgoing__password="{Pin}", variables={"Pin": None})], {**JOANNA, "variables": {"Pin": "4711"}})
    (file,) = CLIENT.files(accounts, context._replace(options={"include_passwords": True}))
    assert file.redacted.count("********") == 2 and file.secret
    assert file.redacted == file.content.decode().replace("tr0ub4dor&amp;3", "********").replace(">4711<", ">********<")

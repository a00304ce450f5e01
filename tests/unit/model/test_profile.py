# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import FIELDS, SERVER_FIELDS, derived_key, profile_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile

from ...profiles import bare_profile
from ..refusals import problems

DEFAULTS = {
    "description": "", "email": "{UserEmail}", "account_name": "{UserEmail}", "sender_name": "{UserDisplayName}",
    "reply_to": None, "key": None, "account_type": "imap", "default": False, "notifications": True, "signature": None,
    "signature_format": "text", "leave_on_server": True, "delete_after_days": None, "check_interval": None,
    "folders": None, "ca_file": None, "variables": {},
}  # fmt: skip
SERVER_DEFAULTS = {
    "port": None, "security": "tls", "username": "{UserEmail}", "password": None, "password_command": None,
    "authentication": "password", "allow_cleartext": False,
}  # fmt: skip


def server(host="mail.example.org", **changes):
    return {"host": host, **changes}


def test_defaults():
    data = read_profile(bare_profile()).as_data()
    assert tuple(data) == FIELDS
    assert (data["incoming"]["separator"], data["incoming"]["namespace"]) == (None, None)
    assert {name: data[name] for name in DEFAULTS} == DEFAULTS
    for side in ("incoming", "outgoing"):
        assert tuple(data[side]) == SERVER_FIELDS[side]
        assert {name: data[side][name] for name in SERVER_DEFAULTS} == SERVER_DEFAULTS


FULL = {
    "description": "all", "email": "{UserName}@example.org", "account_name": "a {Foo}", "sender_name": "{UserFirstName}",
    "reply_to": "office@bücher.example", "default": True, "notifications": False, "signature": "a\n<b> {x: 1} {Foo} \\{Foo}",
    "signature_format": "html", "check_interval": 5, "folders": {"sent": "Sent/{Foo}", "junk": "Spam"}, "ca_file": "/ca.pem",
    "variables": {"Foo": "x", "Secret": None},
    "incoming": server("[2001:db8::1]", port=10993, password="{Secret}", authentication="encrypted"),
    "outgoing": server("smtp.{UserEmailDomain}", security="starttls", password_command=["pass", "show", "{UserEmail}"]),
}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, FULL, {"account_type": "pop", "leave_on_server": False}])
def test_the_stored_form_reads_back_unchanged(changes):
    profile = read_profile(bare_profile(**changes))
    assert read_profile(profile.as_data()) == profile
    assert read_profile({**profile.as_data(), "id": "x", "revision": 3}) == profile


BLANK = {
    "key": "", "description": " ", "reply_to": "", "signature": "\n", "default": "", "check_interval": "", "ca_file": "", "folders": "",
    "account_type": " ", "variables": "", "incoming": server("imap.example.org", port="", security="", password="", password_command=" ", authentication=""),
}  # fmt: skip


def test_blank_means_not_given():
    assert read_profile(bare_profile(**BLANK)) == read_profile(bare_profile())
    assert read_profile(bare_profile(variables={"Foo": "", "Bar": " ", "Baz": None})).variables == {"Foo": "", "Bar": " ", "Baz": None}


def test_mappings_and_lists_as_text():
    profile = read_profile(
        bare_profile(
            incoming='{"host": "mail.example.org", "port": "10993", "password_command": ["pass", "show"]}',
            outgoing="host=mail.example.org security=starttls",
            folders="sent=Sent",
            variables="Foo=x",
            leave_on_server="yes",
        )
    )
    assert (profile.incoming.port, profile.incoming.password_command, profile.outgoing.security) == (10993, ("pass", "show"), "starttls")
    assert (profile.folders, profile.variables, profile.leave_on_server) == ({"sent": "Sent"}, {"Foo": "x"}, True)
    for text in ('["pass", "show", "a, b"]', '- pass\n- show\n- "a, b"\n'):
        assert read_profile(bare_profile(incoming=server(password_command=text))).incoming.password_command == ("pass", "show", "a, b")


# --- the key ---


def test_derived_keys():
    assert derived_key("work") == "work-fe4292b5"
    assert derived_key("Work") != derived_key("work") and derived_key("Work").startswith("work-")
    second = derived_key("work", {"work-fe4292b5"})
    third = derived_key("work", {"work-fe4292b5", second})
    assert len({"work-fe4292b5", second, third}) == 3


@pytest.mark.parametrize("name", ["x" * 64, "Poczta firmowa (Gdynia)", "日本", "-", "a-" * 20, "ﬀ" * 20])
def test_a_derived_key_is_a_key(name):
    assert profile_key(derived_key(name)) == derived_key(name)


HUGE = 16**6000  # Python prints no number of so many digits; YAML and JSON give them


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"check_interval": HUGE}, "check_interval: must be a whole number from 1 to 10080"),
        ({"default": HUGE}, "default: must be true or false"),
        ({"incoming": server(port=HUGE)}, "incoming.port: must be a whole number from 1 to 65535"),
        ({"incoming": HUGE}, "incoming: must be a mapping, such as {host: mail.example.org}"),
    ],
)
def test_a_number_of_thousands_of_digits(changes, problem):
    found = problems(read_profile, bare_profile(**changes))
    assert found[0] == f"profile 'work': {problem}"


def test_thousands_of_levels():
    deep = []
    for _level in range(100_000):
        deep = [deep]
    for changes in ({"signature": deep}, {"incoming": {"host": deep}}, {"variables": {"A": deep}}):
        with pytest.raises(MailopsError):
            read_profile(bare_profile(**changes))
    while deep:  # Python itself would need as many levels to free it
        deep = deep.pop()


def test_passwords_in_clear_must_be_allowed():
    data = bare_profile(incoming=server(password="sesame"))
    assert read_profile(data, literals=True).incoming.password == "sesame"
    with pytest.raises(MailopsError):
        read_profile(data)


def test_one_stored_form():
    profile = read_profile(
        bare_profile(
            email="<UserName>@Bücher.Example", incoming=server("IMAP.Example.Org.", port="993"), outgoing=server(port=465)
        )
    )
    assert profile.incoming.host == "imap.example.org"
    assert profile.email == "{UserName}@Bücher.Example"  # with a variable in it, the address is checked when it is filled in
    assert profile.incoming.port is None and profile.outgoing.port is None  # they follow from type and security


PORTS = [
    ("imap", "incoming", 993, "starttls", "IMAP with STARTTLS is 143"),
    ("imap", "incoming", 143, "tls", "IMAP over TLS is 993"),
    ("imap", "incoming", 995, "tls", "IMAP over TLS is 993"),
    ("imap", "incoming", 25, "tls", "25 is the SMTP port"),
    ("pop", "incoming", 995, "starttls", "POP3 with STARTTLS is 110"),
    ("pop", "incoming", 110, "tls", "POP3 over TLS is 995"),
    ("pop", "incoming", 993, "tls", "POP3 over TLS is 995"),
    ("imap", "outgoing", 587, "tls", "submission over TLS is 465"),
    ("imap", "outgoing", 465, "starttls", "submission with STARTTLS is 587"),
    ("imap", "outgoing", 993, "tls", "993 is the IMAP port over TLS; submission over TLS is 465"),
    ("imap", "outgoing", 110, "starttls", "submission with STARTTLS is 587"),
]


@pytest.mark.parametrize("account_type, side, port, security, message", PORTS)
def test_port_and_security_that_contradict(account_type, side, port, security, message):
    data = bare_profile(account_type=account_type, **{side: server(port=port, security=security)})
    (problem,) = problems(read_profile, data)
    assert problem.startswith(f"profile 'work': {side}.port: ")
    assert message in problem


def test_port_25_is_a_warning():
    (warning,) = read_profile(bare_profile(outgoing=server(port=25, security="starttls"))).warnings
    assert "profile 'work': outgoing.port: 25 is for mail between servers" in warning


REFUSED = [
    ({"email": {"UserEmail": None}}, 'email: YAML read {UserEmail} as a mapping: put it in quotes: "{UserEmail}"'),
    ({"account_name": "{UserEmial}"}, "account_name: {UserEmial} is neither built in nor declared in variables (did you mean 'UserEmail'?)"),
    ({"account_name": "{Regoin}", "variables": {"Region": "x"}}, "(did you mean 'Region'?)"),
    ({"emial": "x"}, "emial: there is no such field (did you mean 'email'?)"),
    ({"incoming": server(hots="x")}, "incoming.hots: there is no such field (did you mean 'host'?)"),
    ({"incoming": None}, "incoming.host: is required"),
    ({"incoming": {}}, "incoming.host: is required"),
    ({"incoming": "imap.example.org"}, "incoming: must be a mapping, such as {host: mail.example.org}"),
    ({"incoming": server(port=0)}, "incoming.port: 0 is not between 1 and 65535"),
    ({"incoming": server("imap.example.org:993")}, "incoming.host: 'imap.example.org:993' is not a host name"),
    ({"incoming": server(security="auto")}, "incoming.security: must be one of tls, starttls, none"),
    ({"reply_to": "jan"}, "reply_to: 'jan' is not an e-mail address: it has no domain"),
    ({"sender_name": "x" * 10_000}, "sender_name: has 10000 characters, at most 500"),
    ({"sender_name": "a\nb"}, "sender_name: holds a newline"),
    ({"account_name": "{UserName}\nx"}, "account_name: holds a newline"),
    ({"signature": "x" * 10_001}, "signature: has 10001 characters"),
    ({"signature": "a\rb"}, "signature: holds a carriage return"),
    ({"ca_file": "ca.pem"}, "ca_file: must be an absolute path"),
    ({"default": "maybe"}, "default: must be true or false"),
    ({"check_interval": 0}, "check_interval: 0 is not between 1 and 10080"),
    ({"check_interval": 10**5000}, "check_interval: must be a whole number from 1 to 10080"),
    ({"name": "a/b"}, "name: holds '/': a profile name consists of"),
    ({"name": "📧"}, "name: holds '📧': a profile name consists of"),
    ({"name": 5}, "name: must be text, not a number"),
    ({"leave_on_server": False}, "leave_on_server: is for POP only, and account_type is imap"),
    ({"delete_after_days": 3}, "delete_after_days: is for POP only, and account_type is imap"),
    ({"folders": {"sent": "Sent"}, "account_type": "pop"}, "folders: is for IMAP only, and account_type is pop"),
    ({"folders": {"snet": "Sent"}}, "folders.snet: there is no such field (did you mean 'sent'?)"),
    ({"account_type": "pop", "leave_on_server": False, "delete_after_days": 3}, "delete_after_days: means nothing with"),
    ({"incoming": server(password=1234)}, "incoming.password: must be text, not a number: put it in quotes"),
    ({"incoming": server(password="hunter2")}, "incoming.password: a literal password would lie in the store in clear"),
    ({"incoming": server(password="x{UserPassword}")}, "incoming.password: must be exactly one variable"),
    ({"incoming": server(password="{UserEmail}")}, "incoming.password: {UserEmail} is no secret"),
    ({"incoming": server(password={"UserPassword": None})}, 'put it in quotes: "{UserPassword}"'),
    ({"incoming": server(password="{UserPassword}", security="none")}, "incoming.security: none sends the password in clear"),
    ({"incoming": server(password_command=["pass"], security="none")}, "incoming.security: none sends the password in clear"),
    ({"incoming": server(password="{UserPassword}", password_command=["pass"])}, "give either password or password_command"),
    ({"incoming": server(password="{UserPassword}", authentication="none")}, "is never used with authentication: none"),
    ({"incoming": server(password_command="pass show")}, 'incoming.password_command: must be a list of words: write ["pass", "show", "mail"]'),
    ({"incoming": server(password_command="pass,show")}, "incoming.password_command: must be a list of words"),
    ({"incoming": server(password="  ")}, "incoming.password: is only white space"),
    ({"sender_name": "{UserName}\nx"}, "sender_name: holds a newline"),
    ({"key": "Work"}, "key: must be 1 to 40 lower-case ASCII letters, digits and '-', and begin with a letter or digit"),
    ({"key": "x" * 41}, "key: must be 1 to 40"),
    ({"key": 5}, "key: must be 1 to 40"),
    ({"incoming": server(password_command=["{UserName}"])}, "the first word must be a program, and not a variable"),
    ({"incoming": server(password_command=["pass", "x/{UserName}"])}, "a variable must be a word of its own"),
    ({"incoming": server(password_command=["echo", "{UserPassword}"])}, "would be visible in the process list"),
    ({"incoming": server(password_command=["-x"])}, "the first word must be a program"),
    ({"signature": "{UserPassword}"}, "signature: {UserPassword} is for password fields only"),
    ({"signature": "{Pw}", "variables": {"Pw": None}, "incoming": server(password="{Pw}")}, "is for password fields only"),
    ({"variables": {"Pw": "x"}, "incoming": server(password="{Pw}")}, "a default would be a password kept in clear"),
    ({"variables": {"UserName": "x"}}, "variables.UserName: is built in; choose another name"),
    ({"variables": {"foo": "x"}}, "variables.foo: a name is a capital letter"),
    ({"variables": ["Foo"]}, "variables: must be a mapping of variable names to defaults"),
]


@pytest.mark.parametrize("changes, message", REFUSED)
def test_refused(changes, message):
    found = problems(read_profile, bare_profile(**changes))
    assert any(message in problem for problem in found), found
    assert "hunter2" not in "".join(found)


def test_every_problem_at_once():
    found = problems(read_profile, bare_profile(email="x", sender_name="{Nope}", incoming=server(port=143), check_interval=-1))
    assert len(found) == 4 and all(problem.startswith("profile 'work': ") for problem in found)


def test_cleartext_only_when_it_is_meant():
    data = bare_profile(incoming=server(password="{UserPassword}", security="none", allow_cleartext=True))
    assert read_profile(data).warnings == ()


def test_none_without_a_password_is_a_warning():
    (warning,) = read_profile(bare_profile(incoming=server(security="none"))).warnings
    assert "crosses the network in clear" in warning

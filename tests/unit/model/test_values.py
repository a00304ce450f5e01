# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, nearest

from ..refusals import refusal

ACCEPTED = [
    (values.address, "j.kowalska@example.org", "j.kowalska@example.org"),
    (values.address, "a+b@Example.ORG.", "a+b@example.org"),
    (values.address, "jan@bücher.example", "jan@xn--bcher-kva.example"),
    (values.address, "o'hara{x}|~@example.org", "o'hara{x}|~@example.org"),
    (values.host, "IMAP.Example.org", "imap.example.org"),
    (values.host, "bücher.example", "xn--bcher-kva.example"),
    (values.host, "192.0.2.1", "192.0.2.1"),
    (values.host, "[2001:DB8::1]", "2001:db8::1"),
    (values.host, "mail", "mail"),
    (values.login, "j.kowalska", "j.kowalska"),
    (values.login, "żółć", "żółć"),
    (values.text, "quotes \" ' back\\slash `x` $x #x %x |x", "quotes \" ' back\\slash `x` $x #x %x |x"),
    (lambda value: values.whole_number(value, 1, 65535), "993", 993),
    (lambda value: values.whole_number(value, 1, 65535), 65535, 65535),
    (values.boolean, "yes", True),
    (values.absolute_path, "/etc/ssl/ca.pem", "/etc/ssl/ca.pem"),
]


@pytest.mark.parametrize("check, value, expected", ACCEPTED)
def test_accepted(check, value, expected):
    assert check(value) == expected


REFUSED = [
    (values.address, "jan", "no domain"),
    (values.address, "jan@", "no domain"),
    (values.address, "jan@exa mple.org", "not a domain name"),
    (values.address, "żółć@example.org", "must be ASCII"),
    (values.address, "a..b@example.org", "before the @ has two dots in a row"),
    (values.address, f"{'a' * 65}@example.org", "before the @ has 65 characters, at most 64 are allowed"),
    (values.address, f"{'a' * 30}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}", "at most 254"),
    (values.host, "imap.example.org:993", "not a host name"),
    (values.host, "https://imap.example.org", "not a host name"),
    (values.host, "300.1.2.3", "not a host name"),
    (values.host, "fe80::1%eth0", "IPv6 address with a zone"),
    (values.host, "[fe80::1%`id`]", "IPv6 address with a zone"),
    (values.host, "::1%25;x", "IPv6 address with a zone"),
    (values.host, "-imap.example.org", "not a host name"),
    (values.host, "imap..example.org", "not a host name"),
    (values.host, "x" * 64, "not a host name"),
    (values.host, "", "must not be empty"),
    (values.login, "../x", "would leave its directory"),
    (values.login, "..", "would leave its directory"),
    (values.login, "a/b", "would leave its directory"),
    (values.login, "-x", "begins with '-', which a log-in name must not"),
    (values.login, "jan  kowalski", "holds white space other than single spaces, which a log-in name must not"),
    (values.login, "jan\u00a0kowalski", "holds white space other than single spaces, which a log-in name must not"),
    (values.login, "jan:kowalski", "holds a ':', which a log-in name must not"),
    (values.text, 1234, "a number: put it in quotes"),
    (values.text, 1.5, "a number: put it in quotes"),
    (values.text, True, "a boolean: put it in quotes"),
    (values.text, datetime.date(2026, 1, 1), "a date: put it in quotes"),
    (values.text, {"UserEmail": None}, 'put it in quotes: "{UserEmail}"'),
    (values.text, {"a": 1}, "must be text, not a mapping"),
    (values.text, ["x"], "must be text, not a list: put it in quotes, and end a template that gives it with | string"),
    (values.text, b"x", "must be text"),
    (values.text, "x" * 10_000, "has 10000 characters, at most 500"),
    (values.text, "a\nb", "a newline"),
    (values.text, "a\rb", "a carriage return"),
    (values.text, "a\x00b", "a NUL"),
    (values.text, "a\x1bb", "U+001B"),
    (values.text, "a\x85b", "U+0085"),
    (values.text, "a\u2028b", "U+2028"),
    (values.text, "a\u202eb", "U+202E"),
    (values.text, "a\u2066b", "U+2066"),
    (values.text, "a\ud800b", "U+D800"),
    (values.word, " x", "must not begin or end with a space"),
    (lambda value: values.whole_number(value, 1, 65535), 0, "not between 1 and 65535"),
    (lambda value: values.whole_number(value, 1, 65535), 65536, "not between 1 and 65535"),
    (lambda value: values.whole_number(value, 1, 65535), True, "must be a whole number"),
    (lambda value: values.whole_number(value, 1, 65535), "imap", "must be a whole number"),
    (values.boolean, "maybe", "must be true or false"),
    (values.absolute_path, "ca.pem", "must be an absolute path"),
    (values.absolute_path, "/etc/../x", "must be an absolute path"),
]


@pytest.mark.parametrize("check, value, message", REFUSED)
def test_refused(check, value, message):
    refused = refusal(check, value)
    assert message in refused


def test_newlines_are_allowed_where_asked_for():
    assert values.text("a\nb", newline=True) == "a\nb"


def test_one_problem_is_a_sentence_and_many_are_a_list():
    assert str(MailopsError("a", "a")) == "a"
    assert str(MailopsError("a", "b")) == "2 problems:\n- a\n- b"
    assert str(MailopsError(*map(str, range(250)))).splitlines()[-1] == "- ... and 150 more"


def test_nearest():
    assert nearest("UserEmial", ["UserEmail", "UserName"]) == " (did you mean 'UserEmail'?)"
    assert nearest("xyz", ["UserEmail"]) == ""


@pytest.mark.parametrize("check, value", [
    (values.text, {"Sesame1": None}),  # an unquoted password in braces
    (values.host, "imaps://jane:Sesame1@imap.example.org"),
    (values.host, "jane:Sesame1@imap.example.org"),
])  # fmt: skip
def test_what_may_be_a_password_is_not_repeated(check, value):
    refused = refusal(check, value)
    assert "Sesame1" not in refused


def test_an_unquoted_variable_is_named():
    with pytest.raises(Invalid, match='put it in quotes: "{UserEmail}"'):
        values.text({"UserEmail": None})

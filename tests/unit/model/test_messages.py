# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A message says what is wrong with this value, and nothing about what nobody wrote."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import password_command
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile

from ...profiles import bare_profile


@pytest.mark.parametrize(
    ("check", "value", "part"),
    [
        (values.address, "jan..kowalski@docomo.example", "has two dots in a row"),
        (values.address, "jan.@docomo.example", "has a dot at the end"),
        (values.address, ".jan@docomo.example", "has a dot at the beginning"),
        (values.address, '"jan..kowalski"@docomo.example', "is in double quotes"),
        (values.address, "Jan <jan@example.org>", "with a name and brackets: write jan@example.org alone"),
        (values.address, "<jan@example.org>", "with brackets: write jan@example.org alone"),
        (values.address, "mailto:jan@example.org", "is a URL: write jan@example.org"),
        (values.address, "jan@example.org, ewa@example.org", "holds ',': give one address"),
        (values.address, "jan kowalski@example.org", "holds a space"),
        (values.address, "jan@home@example.org", "holds another @"),
        (values.address, "jan(work)@example.org", "holds '('"),
        (values.address, "@example.org", "is missing"),
        (values.address, "jan@exa_mple.org", "holds '_'"),
        (values.address, "jan@example..org", "two dots in a row"),
        (values.address, "jan@-example.org", "'-example' begins or ends with '-'"),
        (values.host, "imap_1.example.org", "holds '_', which the name of a host must not hold"),
        (values.host, "imaps://imap.example.org:993/", "is a URL, not a host name: write imap.example.org"),
        (values.host, "imap.example.org:993", "write imap.example.org, and 993 in port"),
        (values.host, "ssl:imap.example.org", "write imap.example.org (what stands before the ':' belongs in security)"),
        (values.host, "imap.example.org:imaps", "holds ':' (the port has a field of its own)"),
        (values.host, "fe80::1::2", "holds ':'"),
        *((values.host, address, "four numbers from 0 to 255, without a zero") for address in ("10.0.0.256", "10.0.0", "010.0.0.1", "1.2.3.4.5")),
        (values.host, "imap..example.org", "two dots in a row"),
        (values.host, ".example.org", "begins with a dot"),
        (values.host, "imap.example.org/mail", "holds '/'"),
        (values.host, "imap example.org", "holds a space"),
        (values.host, "imap.example.org;x", "holds ';'"),
        (values.host, "*.example.org", "holds '*'"),
        (values.host, f"{'a' * 64}.example.org", "has more than 63 characters"),
        (values.absolute_path, "~/ca.pem", "must be an absolute path without '..', not one with ~"),
        (values.login, "jan\u00a0kowalski", "holds white space other than single spaces, which a log-in name must not"),
    ],
)
def test_what_is_wrong_with_a_value(check, value, part):
    with pytest.raises(Invalid) as refused:
        check(value)
    assert part in str(refused.value)


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["~/bin/pw"], "word 1 begins with '~'"),
        (["cat", "~ewa/pw"], "word 2 begins with '~'"),
        (["gpg", "--homedir=~/.gnupg"], "word 2 holds '~'"),
        (["gpg", "--homedir=$HOME/.gnupg"], "word 2 holds a variable such as $HOME"),
        (["cat", "/home/$USER/pw"], "word 2 holds a variable such as $HOME"),
        (["cat", "${HOME}/pw"], "word 2 begins with a variable such as $HOME"),
        (["cat", "/run/user/$(id -u)/pw"], "word 2 holds a command such as $(id -u)"),
        (["cat", "`pwd`/pw"], "word 2 begins with a command such as $(id -u)"),
        (["/usr/bin/pass show mail"], 'give each word by itself, ["pass", "show", "mail"]'),
        (["pass", "mail/{UserEmail}"], 'word 2 has a variable and other text, and a variable must be a word of its own: write ["sh", "-c", '),
        (["sh", "-c", "pass mail/{UserEmail}"], 'word 3 has a variable and other text, and a variable must be a word of its own: write ["sh", "-c", '),
        (["{UserName}", "show"], "the first word must be a program, and not a variable"),
        (["cat", "$HOME/pw"], "word 2 begins with a variable such as $HOME"),
        (["cat", "${XDG_RUNTIME_DIR}/pw"], "word 2 begins with a variable such as $HOME"),
        (["pass", "show", "mail", "|", "head"], 'word 4 is \'|\', which only a shell understands: no shell runs the command'),
        (["pass", "show", "mail", "2>/dev/null"], "word 4 is '2>/dev/null'"),
        (["GNUPGHOME=/x", "pass", "show"], 'the first word is an assignment, which only a shell understands: write "env" before it'),
        (["pass show mail"], 'give each word by itself, ["pass", "show", "mail"]'),
        ("pass show mail | head -n 1", 'where one is needed write ["sh", "-c", "pass show mail | head -n 1"]'),
        ("cat ~/pw", "instead of pass show mail; word 2 begins with '~'"),
        ("GNUPGHOME=/x pass show", "instead of pass show mail; the first word is an assignment"),
        ("", "must be a list of words"),
        ("pass show mail", 'write ["pass", "show", "mail"] instead of pass show mail'),
    ],
)
def test_what_is_wrong_with_a_command(command, part):
    with pytest.raises(Invalid) as refused:
        password_command(command, {})
    assert part in str(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "pass show mail | head -n 1"],
        ["sh", "-c", "~/bin/pw"],
        ["/bin/bash", "-lc", '"$HOME/bin/pw" "$1"', "pw", "~"],
        ["env", "GNUPGHOME=/x", "pass", "show"],
        ["secret-tool", "lookup", "user", "a|b", "x~", "$5"],
        ["/opt/My Tools/pw"],
        ["awk", "{print $NF}", "/etc/pw"],
        ["printf", "%s", "pa$HOME"],
        ["awk", "{print $(NF-1)}", "/srv/~jan/pw"],
    ],
)
def test_a_command_that_needs_no_shell(command):
    assert password_command(command, {}) == tuple(command)


SPELLINGS = {
    "tls": ["tls", "TLS", "SSL", "ssl", "SSL/TLS", "TLS/SSL", "Implicit TLS", "imaps"],
    "starttls": ["starttls", "STARTTLS", "StartTLS", "START-TLS", "start tls", "TLS (STARTTLS)", "explicit TLS"],
    "none": ["none", "None", "NONE", "no encryption"],
}


@pytest.mark.parametrize(("stored", "written"), [(stored, each) for stored, spellings in SPELLINGS.items() for each in spellings])
def test_security_in_other_words(stored, written):
    assert read_profile(bare_profile(incoming={"host": "imap.example.org", "security": written})).incoming.security == stored


AUTHENTICATIONS = {
    "password": ["password", "PLAIN", "LOGIN", "Normal password"],
    "encrypted": ["encrypted", "CRAM-MD5", "SCRAM-SHA-256", "Encrypted password"],
    "gssapi": ["GSSAPI", "Kerberos", "Kerberos / GSSAPI"],
    "ntlm": ["NTLM"],
    "oauth2": ["OAuth2", "XOAUTH2", "OAUTHBEARER"],
    "client_certificate": ["TLS Certificate", "EXTERNAL"],
}


@pytest.mark.parametrize(("stored", "written"), [(stored, each) for stored, spellings in AUTHENTICATIONS.items() for each in spellings])
def test_authentication_in_other_words(stored, written):
    assert read_profile(bare_profile(incoming={"host": "imap.example.org", "authentication": written})).incoming.authentication == stored


def test_a_ca_file_has_no_variables():
    with pytest.raises(MailopsError, match="ca_file: takes no variables"):
        read_profile(bare_profile(ca_file="/home/{UserName}/ca.pem"))
    assert read_profile(bare_profile(ca_file="/srv/{ca}.pem")).ca_file == "/srv/{ca}.pem"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outgoing": {"host": "x", "security": "auto", "port": 587}}, "outgoing.security: must be one of tls, starttls, none"),
        ({"outgoing": {"host": "x", "security": "auto", "password": "{UserPassword}"}}, "outgoing.security: must be one of"),
        ({"incoming": {"host": "x", "port": "x", "security": "none", "allow_cleartext": "x", "password": "{UserPassword}"}}, ""),
        ({"account_type": "exchange", "folders": {"sent": "x"}, "incoming": {"host": "x", "port": 995}}, "account_type: must be one of imap, pop"),
        ({"account_type": "exchange", "leave_on_server": False}, "account_type: must be one of imap, pop"),
        ({"variables": ["Site"], "incoming": {"host": "{Site}"}}, "variables: must be a mapping"),
        ({"outgoing": {"host": "x", "authentication": "none", "password": "literal"}}, "outgoing.password: a literal password"),
    ],
)
def test_a_refused_field_is_not_judged_by_its_default(changes, problem):
    with pytest.raises(MailopsError) as refused:
        read_profile(bare_profile(**changes))
    found = refused.value.problems
    if problem:
        assert len(found) == 1 and found[0].startswith(f"profile 'work': {problem}")
    else:
        assert [each.split(": ")[1] for each in found] == ["incoming.port", "incoming.allow_cleartext"]

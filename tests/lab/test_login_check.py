# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers in every way of being wrong: each outcome, what was said to whom, and how often."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from harness import Lab
from login_checks import add_hosts, add_submission, check, findings, make_certificate, start_dovecot

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import Finding

pytestmark = pytest.mark.own_release
WRONG = "not the password at all"


# The right certificate only for who asks for the name (SNI).
_WITH_NAMES = """protocols = imap pop3
local_name names.example.org {
  ssl_cert = </etc/mailops-lab/any.pem
  ssl_key = </etc/mailops-lab/any.key
}
"""


@pytest.fixture(scope="module")
def odd(lab: Lab) -> Lab:
    """The lab, with servers beside its own that are set up wrong, each at an address of its own."""
    make_certificate(lab, "expired", "20200101000000Z", "20210101000000Z")
    make_certificate(lab, "any", "20200101000000Z", "20991231000000Z")
    make_certificate(lab, "future", "20990101000000Z", "20991231000000Z")
    for name, address, changes in (
        ("expired", "127.0.0.11", {"server.pem": "expired.pem", "server.key": "expired.key"}),
        ("future", "127.0.0.12", {"server.pem": "future.pem", "server.key": "future.key"}),
        ("clear", "127.0.0.13", {"ssl = required": "ssl = no", "disable_plaintext_auth = yes": "disable_plaintext_auth = no"}),
        ("names", "127.0.0.15", {"server.pem": "expired.pem", "server.key": "expired.key", "protocols = imap pop3 lmtp\n": _WITH_NAMES}),
        ("tokens", "127.0.0.14", {"auth_mechanisms = plain login cram-md5": "auth_mechanisms = xoauth2", "server.pem": "any.pem", "server.key": "any.key"}),
    ):
        start_dovecot(lab, name, address, changes)
        add_hosts(lab, f"{address} {name}.example.org")
    add_submission(lab, "127.0.0.16", "smtpd_sender_restrictions=reject")
    add_submission(lab, "127.0.0.17", "smtpd_sender_restrictions=reject", "smtpd_delay_reject=no")
    add_submission(lab, "127.0.0.18", "smtpd_recipient_restrictions=reject")
    add_submission(lab, "127.0.0.19", "smtpd_client_restrictions=reject", "smtpd_delay_reject=no")
    add_submission(lab, "127.0.0.20", "smtpd_tls_security_level=encrypt", "smtpd_tls_mandatory_protocols=<=TLSv1.1",
                   "tls_medium_cipherlist=ALL:@SECLEVEL=0")  # fmt: skip
    for number, name in ((16, "sender"), (17, "sender-at-once"), (18, "recipient"), (19, "client"), (20, "old-tls")):
        add_hosts(lab, f"127.0.0.{number} {name}.example.org")
    return lab


WORKS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "imap, tls": (("imap", 993), {}, "PLAIN"),
    "imap, starttls": (("imap", 143, "starttls"), {}, "PLAIN"),
    "imap, challenge": (("imap", 993), {"mechanisms": ("CRAM-MD5",)}, "CRAM-MD5"),
    "imap, login": (("imap", 993), {"mechanisms": ("LOGIN",)}, "LOGIN"),
    "pop, tls": (("pop", 995), {}, "PLAIN"),
    "pop, starttls": (("pop", 110, "starttls"), {}, "PLAIN"),
    "pop, challenge": (("pop", 995), {"mechanisms": ("CRAM-MD5",)}, "CRAM-MD5"),
    "submission, tls": (("smtp", 465), {}, "PLAIN"),
    "submission, starttls": (("smtp", 587, "starttls"), {}, "PLAIN"),
    "submission, challenge": (("smtp", 587, "starttls"), {"mechanisms": ("CRAM-MD5",)}, "CRAM-MD5"),
    "submission, login": (("smtp", 465), {"mechanisms": ("LOGIN",)}, "LOGIN"),
    "an internationalized name": (("imap", 993), {"host": "imap.xn--bcher-kva.example"}, "PLAIN"),
    "a certificate by name": (("imap", 993), {"host": "names.example.org"}, "PLAIN"),
    "in clear, as the profile says": (("imap", 143, "none"), {"host": "clear.example.org", "in_clear": True}, "PLAIN"),
}


@pytest.mark.parametrize("user", ["anna", "lukasz", "longina", "stella"])
def test_what_works(odd: Lab, user: str) -> None:
    """Also passwords that are no ASCII, or too long for a line of POP."""
    person = odd.users[user]
    mark = odd.mark()
    checks = [check(odd, *place, username=person.email, password=person.password, **changes) for place, changes, _mechanism in WORKS.values()]
    checks = [each._replace(senders=(person.email,)) if each.senders else each for each in checks]
    found = findings(odd, checks)
    assert {name: finding.outcome for name, finding in zip(WORKS, found)} == dict.fromkeys(WORKS, "ok")
    assert [finding.mechanism for finding in found] == [mechanism for *_rest, mechanism in WORKS.values()]
    for each, finding in zip(checks, found):
        assert finding.reached and finding.tried == (f"{finding.address}: connected",)
        assert (finding.tls_version, finding.certificate_days is None) == (("", True) if each.security == "none" else ("TLSv1.3", False))
        assert finding.address != "127.0.0.2" or finding.certificate_days in (28, 29, 30)
    assert set(odd.seen_by("example.org", mark)) <= {(person.email, person.password)}
    assert odd.messages(person.email) == []


# (protocol, port, security), what differs from Anna's log-in, outcome, a part of the sentence, a part of the hint
FAILS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str, str, str]] = {
    "no such name": (("imap", 993), {"host": "nowhere.example.org"}, "unreachable", "no address for nowhere.example.org", "check the name"),
    "no listener": (("imap", 144, "starttls"), {}, "refused", "(127.0.0.2: Connection refused)", "tls on 993 and starttls on 143"),
    "tls where starttls was said": (("imap", 993, "starttls"), {}, "timeout", "the greeting within 3 seconds", "the server offers tls on 993"),
    "starttls where tls was said": (("imap", 143), {}, "not_tls", "does not answer in TLS",
                                    "the server offers starttls on 143 and tls on 993; the profile says tls on 143"),
    "pop, starttls where tls was said": (("pop", 110), {}, "not_tls", "does not answer in TLS", "the server offers starttls on 110"),
    "submission, starttls where tls was said": (("smtp", 587), {}, "not_tls", "does not answer in TLS", "the server offers starttls on 587 and tls on 465"),
    "old versions of tls": (("smtp", 465), {"host": "old-tls.example.org"}, "not_tls", "no TLS 1.2 or newer", "let the server offer TLS 1.2"),
    "another authority": (("imap", 993), {"ca_file": "wrong"}, "tls_untrusted", "not trusted", "ca_file"),
    "another authority, starttls": (("imap", 143, "starttls"), {"ca_file": "wrong"}, "tls_untrusted", "certificate", "ca_file"),
    "another authority, submission": (("smtp", 587, "starttls"), {"ca_file": "wrong"}, "tls_untrusted", "certificate", "ca_file"),
    "no ca_file": (("imap", 993), {"ca_file": "/etc/nowhere.pem"}, "tls_untrusted", "ca_file is not on the host", "put /etc/nowhere.pem"),
    "a ca_file without end": (("imap", 993), {"ca_file": "/dev/zero"}, "tls_untrusted", "ca_file is not on the host", ""),
    "a ca_file of another kind": (("imap", 993), {"ca_file": "/etc/passwd"}, "tls_untrusted", "no PEM file", ""),
    "another name": (("imap", 993), {"host": "wrong-name.example.org"}, "tls_name", "not for wrong-name.example.org", "is for mail.example.org"),
    "an address": (("imap", 993), {"host": "127.0.0.2"}, "tls_name", "not for 127.0.0.2", "use such a name as host"),
    "expired": (("imap", 993), {"host": "expired.example.org"}, "tls_expired", "has expired", "renew"),
    "expired, starttls": (("pop", 110, "starttls"), {"host": "expired.example.org"}, "tls_expired", "has expired", "renew"),
    "not valid yet": (("imap", 993), {"host": "future.example.org"}, "tls_expired", "not valid yet", "clocks"),
    "no starttls": (("imap", 143, "starttls"), {"host": "clear.example.org"}, "starttls_missing", "does not offer STARTTLS", ""),
    "no starttls, pop": (("pop", 110, "starttls"), {"host": "clear.example.org"}, "starttls_missing", "does not offer STARTTLS", ""),
    "no starttls, submission": (("smtp", 25, "starttls"), {"host": "localhost"}, "starttls_missing", "does not offer STARTTLS", ""),
    "only with tls": (("imap", 143, "none"), {"in_clear": True}, "login_disabled", "no log-in without TLS", "starttls on this port"),
    "no log-in at all": (("smtp", 25, "none"), {"host": "localhost", "in_clear": True}, "login_disabled", "offers no log-in", ""),
    "tokens only": (("imap", 993), {"host": "tokens.example.org"}, "mechanism_missing", "it offers XOAUTH2", "authentication: oauth2"),
    "tokens only, pop": (("pop", 995), {"host": "tokens.example.org"}, "mechanism_missing", "takes no passwords", "authentication: oauth2"),
    "no kerberos": (("smtp", 465), {"mechanisms": ("GSSAPI",), "password": None, "senders": ()}, "mechanism_missing", "does not offer GSSAPI", "password"),
    "another password": (("imap", 993), {"password": WRONG + "1"}, "password_refused", "AUTHENTICATIONFAILED", "check both"),
    "another password, challenge": (("imap", 993), {"password": WRONG + "2", "mechanisms": ("CRAM-MD5",)}, "password_refused", "AUTHENTICATIONFAILED", ""),
    "another password, pop": (("pop", 995), {"password": WRONG + "3"}, "password_refused", "[AUTH] Authentication failed.", ""),
    "another password, submission": (("smtp", 465), {"password": WRONG + "4"}, "password_refused", "authentication failed", ""),
    "nobody": (("imap", 993), {"username": "nobody@example.org", "password": WRONG}, "password_refused", "AUTHENTICATIONFAILED", ""),
    "not as this sender": (("smtp", 465), {"host": "sender.example.org"}, "sender_refused", "Sender address rejected", "email"),
    "not as this sender, at once": (("smtp", 465), {"host": "sender-at-once.example.org"}, "sender_refused", "Sender address rejected", "email"),
    "not to this recipient": (("smtp", 465), {"host": "recipient.example.org"}, "recipient_refused", "Recipient address rejected", "address"),
    "not from this host": (("smtp", 465), {"host": "client.example.org"}, "refused", "turns the connection away", ""),
    "another protocol": (("imap", 587, "starttls"), {"host": "smtp.example.org"}, "nonsense", "220 mail.example.org ESMTP", "tls on 993"),
    "another protocol, submission": (("smtp", 143, "starttls"), {"host": "imap.example.org"}, "nonsense", "* OK [CAPABILITY", "tls on 465"),
}  # fmt: skip


@pytest.fixture(scope="module")
def failures(odd: Lab) -> dict[str, Finding]:
    checks = [check(odd, *place, **changes) for place, changes, *_expected in FAILS.values()]
    checks = [each._replace(ca_file=odd.wrong_ca_file) if each.ca_file == "wrong" else each for each in checks]
    return dict(zip(FAILS, findings(odd, checks, timeout=3)))


@pytest.mark.parametrize("case", FAILS)
def test_what_fails(failures: dict[str, Finding], case: str) -> None:
    *_check, outcome, sentence, hint = FAILS[case]
    finding = failures[case]
    assert finding.outcome == outcome and sentence in finding.msg and hint in finding.hint, finding
    assert finding.msg[0].islower() and "\n" not in finding.msg and len(finding.msg) < 400


def test_days_of_a_certificate_that_has_expired(failures: dict[str, Finding]) -> None:
    assert -100_000 < (failures["expired"].certificate_days or 0) < -1000 and failures["another name"].certificate_days in (28, 29, 30)


def test_no_password_without_proven_tls(odd: Lab) -> None:
    """The servers write down whatever they are given, in clear, too."""
    mark = odd.mark()
    assert findings(odd, [check(odd, "imap", 143, "none", host="clear.example.org", password=WRONG, in_clear=True)])[0].outcome == "password_refused"
    assert odd.seen_by("clear", mark) == [("anna@example.org", WRONG)]
    mark = odd.mark()
    checks = [
        check(odd, protocol, port, security, username=f"anna@{host}", password=WRONG, host=host, ca_file=ca_file)
        for protocol, port, security in (("imap", 993, "tls"), ("imap", 143, "starttls"), ("pop", 995, "tls"), ("pop", 110, "starttls"))
        for host, ca_file in (("expired.example.org", odd.ca_file), ("wrong-name.example.org", odd.ca_file), ("imap.example.org", odd.wrong_ca_file))
    ] + [check(odd, "imap", 143, "none", host="clear.example.org", password=WRONG)]
    found = findings(odd, checks)
    assert {finding.outcome for finding in found} == {"tls_expired", "tls_name", "tls_untrusted", "login_disabled"}
    assert [odd.seen_by(name, mark) for name in ("example.org", "clear", "expired")] == [[], [], []]


def test_a_refused_password_is_tried_once(odd: Lab) -> None:
    """At whichever of the servers and ports comes first."""
    mark = odd.mark()
    places = (("imap", 993, "tls"), ("imap", 143, "starttls"), ("pop", 995, "tls"), ("smtp", 465, "tls"), ("smtp", 587, "starttls"))
    found = findings(odd, [check(odd, *place, password=WRONG) for place in places])
    assert [finding.outcome for finding in found] == ["password_refused"] * 5
    assert [finding.msg.startswith("not tried") for finding in found] == [False, True, True, True, True]
    assert [password for _name, password in odd.seen_by("example.org", mark)] == [WRONG]


ACCOUNTS = {
    "locked": ({"nologin": "y", "reason": "Account locked by the administrator"}, "Account locked by the administrator"),
    "disabled": ({"nologin": "y", "reason": "This account is disabled"}, "This account is disabled"),
}


@pytest.mark.parametrize("case", ACCOUNTS)
def test_an_account_that_cannot_log_in(odd: Lab, case: str) -> None:
    """And is not tried again."""
    fields, reason = ACCOUNTS[case]
    user = f"{case}@example.org"
    odd.set_accounts({user: "correct horse"})
    path = odd.path(f"/etc/mailops-lab/accounts/{user}")
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")
    found = findings(odd, [check(odd, protocol, port, username=user, password="correct horse") for protocol, port in (("imap", 993), ("smtp", 465))])
    assert [finding.outcome for finding in found] == ["account_disabled"] * 2 and reason in found[0].msg, found
    assert found[1].msg.startswith("not tried")


def test_a_server_that_cannot_log_anybody_in(odd: Lab) -> None:
    """Which is not the user's fault. (Postfix does not say so: it calls this a wrong password.)"""
    odd.set_accounts({"broken@example.org": "correct horse"})
    odd.path("/etc/mailops-lab/accounts/broken@example.org").write_text("no JSON", encoding="utf-8")
    places = (("imap", 993), ("pop", 995))
    found = findings(odd, [check(odd, *place, username="broken@example.org", password="correct horse") for place in places])
    assert [finding.outcome for finding in found] == ["refused"] * 2 and all("cannot log anybody in at the moment" in each.msg for each in found), found


def test_an_inbox_that_cannot_be_read(odd: Lab) -> None:
    odd.set_accounts({"nobox@example.org": "correct horse"})
    nobox = check(odd, "imap", 993, username="nobox@example.org", password="correct horse")
    assert findings(odd, [nobox])[0].outcome == "ok"
    assert odd.run(["chown", "-R", "root:root", "/var/mail/mailops-lab/example.org/nobox"]).returncode == 0
    found = findings(odd, [nobox])[0]
    assert (found.outcome, found.reached) == ("account_disabled", True) and "the log-in works, and INBOX cannot be opened" in found.msg, found


def test_an_ipv6_address_that_does_not_answer(odd: Lab) -> None:
    """IPv4 is tried beside it, long before the time is over."""
    script = "ip link add void type veth peer name nobody && ip link set void up && ip link set nobody up && ip addr add 2001:db8::1/64 dev void nodad"
    done = odd.run(["sh", "-c", script])
    assert done.returncode == 0, done.stderr
    add_hosts(odd, "2001:db8::5 imap.own.example")
    start = time.monotonic()
    found = findings(odd, [check(odd, "imap", 993, host="imap.own.example")])[0]
    assert found.outcome == "ok" and found.tried == ("127.0.0.3: connected", "2001:db8::5: no answer") and time.monotonic() - start < 10, found


@pytest.mark.long
def test_five_hundred_accounts(odd: Lab) -> None:
    """Each with one log-in at each server. docs/check.md has how long that takes."""
    accounts = {f"person{number}@example.org": f"secret {number}" for number in range(500)}
    odd.set_accounts(accounts)
    mark = odd.mark()
    checks = [
        check(odd, protocol, port, username=email, password=password, senders=senders)
        for email, password in accounts.items()
        for protocol, port, senders in (("imap", 993, ()), ("smtp", 465, (email,)))
    ]
    assert {finding.outcome for finding in findings(odd, checks)} == {"ok"}
    assert sorted(odd.seen_by("example.org", mark)) == sorted([*accounts.items()] * 2)

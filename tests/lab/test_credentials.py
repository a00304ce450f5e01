# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's servers write down who was given which name and password, right or wrong: tests of leaks rest on it."""

from __future__ import annotations

import pytest
from harness import Lab

pytestmark = pytest.mark.own_release
SERVICES = ("imaps", "imap", "pop3s", "pop3", "submissions", "submission")
HOSTS = {"example.org": {}, "own.example": {"imap": "imap.own.example", "pop3": "pop.own.example", "submission": "smtp.own.example"}}


@pytest.mark.parametrize("domain", HOSTS)
@pytest.mark.parametrize("service", SERVICES)
def test_each_server_has_its_own_log_ins(lab: Lab, domain: str, service: str) -> None:
    email, password = f"noted@{domain}", f"ł \" \\ of {domain}"
    lab.set_accounts({email: password})
    host = HOSTS[domain].get(service.removesuffix("s"))
    attempts = [{"service": service, "email": email, "password": each, **({"host": host} if host else {})} for each in (password, "wrong")]
    since = lab.mark()
    right, wrong = lab.try_logins(attempts)
    assert right is None and wrong is not None
    assert lab.seen_by(domain, since) == [(email, password), (email, "wrong")]
    (other,) = HOSTS.keys() - {domain}
    assert lab.seen_by(other, since) == []


LOGIN = """
import imaplib, smtplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
imaplib.IMAP4_SSL("imap.own.example", ssl_context=context).login(*sys.argv[2:])
imaplib.IMAP4_SSL("imap.own.example", ssl_context=context).login_cram_md5(*sys.argv[2:])
for initial in (False, True):
    smtp = smtplib.SMTP_SSL("smtp.own.example", context=context)
    smtp.user, smtp.password = sys.argv[2:]
    smtp.ehlo()
    smtp.auth("login", smtp.auth_login, initial_response_ok=initial)
"""


def test_the_other_ways_to_say_it(lab: Lab) -> None:
    lab.set_accounts({"noted@own.example": "secret"})
    since = lab.mark()
    done = lab.run(["/usr/bin/python3", "-c", LOGIN, lab.ca_file, "noted@own.example", "secret"])
    assert done.returncode == 0, done.stderr
    assert lab.seen_by("own.example", since) == [("noted@own.example", "secret")] * 4

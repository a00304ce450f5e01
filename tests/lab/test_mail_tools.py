# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""msmtp, mbsync and fetchmail, started by real users, log in and do their work."""

from __future__ import annotations

import re

import pytest
from deployed import FETCHED, SOME, USERS, against, deploy, impostors, logins, named, pop, profile, securities, some_users
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")
by_name_and_security = pytest.mark.parametrize(
    ("name", "security"), [*named(USERS, "tls"), *named(SOME, "starttls")]
)


@by_name_and_security
def test_msmtp_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    deploy(lab, name, [profile(outgoing__security=security)], ["msmtp"])
    lab.empty(user.email)
    sent = lab.run(["msmtp", user.email], user=name, input=f"Subject: by {security}\n\nHello\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    (message,) = lab.messages(user.email)
    assert message["Return-Path"] == f"<{user.email}>"
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))


@by_name_and_security
def test_mbsync_syncs(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile(incoming__security=security)], ["mbsync"])
    lab.empty(user.email)
    lab.deliver(user.email, "first", "Hello\n")
    synced = lab.run(["mbsync", "--all"], user=name)
    assert synced.returncode == 0, synced.stderr
    box = lab.path(f"{user.home}/.local/share/mailops/mail/mbsync/{account.key}/INBOX")
    (message,) = box.glob("new/*")
    assert "Subject: first" in message.read_text()
    assert box.with_name("Sent").is_dir()
    # Deleted here, by all rules of the Maildir format; on the server it stays.
    message.rename(box / "cur" / f"{message.name.split(',U=')[0]},U=1:2,ST")
    again = lab.run(["mbsync", "--all"], user=name)
    assert again.returncode == 0, again.stderr
    assert [each["Subject"] for each in lab.messages(user.email)] == ["first"]


@some_users
@pytest.mark.parametrize("service", FETCHED)
def test_fetchmail_fetches(lab: Lab, name: str, service: str) -> None:
    user = USERS[name]
    deploy(lab, name, [FETCHED[service]], ["fetchmail"])
    lab.empty(user.email)
    lab.deliver(user.email, f"over {service}", "Hello\n")
    fetched = lab.run(["fetchmail"], user=name)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    lab.wait_for_delivery()
    assert f"Subject: over {service}" in lab.path(f"/var/mail/{name}").read_text()
    assert len(lab.messages(user.email)) == 1
    assert lab.run(["fetchmail"], user=name).returncode == 1  # no new mail: the same message is not fetched twice


def test_fetchmail_takes_pop_mail_off_the_server_when_told_to(lab: Lab) -> None:
    deploy(lab, "anna", [pop(leave_on_server=False)], ["fetchmail"])
    lab.empty(USERS["anna"].email)
    lab.deliver(USERS["anna"].email, "goes", "Hello\n")
    assert lab.run(["fetchmail"], user="anna").returncode == 0
    assert lab.messages(USERS["anna"].email) == []


@pytest.mark.parametrize("client", ["msmtp", "mbsync", "fetchmail"])
def test_a_password_that_is_not_sent(lab: Lab, client: str) -> None:
    deploy(lab, "anna", [profile(incoming__authentication="encrypted", outgoing__authentication="encrypted")], [client])
    before = lab.log().count("CRAM-MD5")
    argv = {"msmtp": ["msmtp", USERS["anna"].email], "mbsync": ["mbsync", "--all"], "fetchmail": ["fetchmail", "--check"]}[client]
    answer = lab.run(argv, user="anna", input="Subject: x\n\nx\n")
    assert answer.returncode in ((0, 1) if client == "fetchmail" else (0,)), answer.stdout + answer.stderr
    lab.wait_for_delivery()
    assert lab.log().count("CRAM-MD5") > before


@impostors
@securities
def test_msmtp_mbsync_and_fetchmail_refuse_an_impostor(lab: Lab, impostor: str, security: str) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, security)], ["msmtp", "mbsync", "fetchmail"])
    commands = {"msmtp": ["msmtp", "anna@example.org"], "mbsync": ["mbsync", "--all"], "fetchmail": ["fetchmail"]}
    refusals = {program: lab.run(argv, user="anna", input="Subject: x\n\nx\n") for program, argv in commands.items()}
    deploy(lab, "anna", [against(impostor, security, pop)], ["fetchmail"])
    refusals["fetchmail pop"] = lab.run(["fetchmail"], user="anna")
    assert {program: refusal.returncode for program, refusal in refusals.items() if refusal.returncode == 0} == {}
    for refusal in refusals.values():
        assert re.search("certificate|verif|trusted", refusal.stdout + refusal.stderr, re.IGNORECASE), refusal
    assert logins(lab) == before

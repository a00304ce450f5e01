# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S-nail, started by real users with nothing but the files that were rendered for them, logs in, reads and sends."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

import pytest
from deployed import USERS, against, deploy, impostors, logins, pop, profile, redeploy, screen, securities
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


def reads(lab: Lab, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The list of messages; when there is none, it fails."""
    return lab.run(["s-nail", "-H", *options], user=name)


def sends(lab: Lab, name: str, *options: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """To oneself."""
    return lab.run(["s-nail", "-s", "sent", *options, USERS[name].email], user=name, input="Hello\n", env=env)


@pytest.mark.parametrize(("name", "security"), [
    ("quentin", "tls"), ("lukasz", "starttls"), ("longina", "tls"), ("ursula", "starttls"),
])  # fmt: skip
def test_s_nail_reads_and_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    folders = {"sent": "Sent/it's $HOME `x` #\u0142"}
    (account,) = deploy(lab, name, [profile(incoming__security=security, outgoing__security=security, folders=folders)], ["s_nail"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    read = reads(lab, name)
    assert (read.returncode, read.stderr) == (0, "")
    assert "is there" in read.stdout
    sent = sends(lab, name)
    assert (sent.returncode, sent.stderr) == (0, "")
    message = lab.messages(user.email)[-1]
    (sender,) = message["From"].addresses
    # S-nail doubles a space between two words that are not ASCII.
    assert (sender.display_name.split(), sender.addr_spec) == (account.sender_name.split(), user.email)
    assert str(message["Reply-To"]) == account.reply_to
    assert message.get_content() == f"Hello\n{account.signature}\n"
    assert message["Return-Path"] == f"<{user.email}>"
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    kept = reads(lab, name, "-f", f"+{folders['sent']}")
    assert len(kept.stdout.splitlines()) == 1 and "sent" in kept.stdout, kept


@pytest.mark.parametrize(("name", "security"), [("stella", "tls"), ("petra", "starttls")])
def test_s_nail_reads_pop(lab: Lab, name: str, security: str) -> None:
    deploy(lab, name, [pop(security)], ["s_nail"])
    lab.empty(USERS[name].email)
    lab.deliver(USERS[name].email, "over pop", "Hello\n")
    read = reads(lab, name)
    assert read.returncode == 0 and "over pop" in read.stdout, read


@pytest.mark.parametrize("make", [profile, pop], ids=["imap", "pop"])
def test_mail_that_was_read_stays_on_the_server(lab: Lab, make) -> None:
    email = USERS["anna"].email
    deploy(lab, "anna", [make()], ["s_nail"])
    lab.path("/home/anna/.mailrc").write_text("unset hold\n" + lab.path("/home/anna/.mailrc").read_text())
    lab.empty(email)
    lab.deliver(email, "read", "Its text\n")
    status, output = lab.pty(["s-nail"], user="anna", input=[(b"read", b"type 1\n"), (b"Its text", b"quit\n")])
    assert status == 0, screen(output)
    assert [message["Subject"] for message in lab.messages(email)] == ["read"]
    assert not lab.path("/home/anna/mbox").exists()


def test_a_script_without_a_locale_sends(lab: Lab) -> None:
    (account,) = deploy(lab, "lukasz", [profile()], ["s_nail"])
    lab.empty(account.email)
    sent = sends(lab, "lukasz", env={"LC_ALL": "C"})
    assert (sent.returncode, sent.stderr) == (0, "")
    (message,) = lab.messages(account.email)
    assert message["From"].addresses[0].display_name.split() == account.sender_name.split()


@pytest.mark.parametrize("name", ["dolores", "stella"])
def test_s_nail_gets_the_password_from_a_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    place = f"{user.home}/it's \"$HOME\" `x`"
    words = {f"{side}__password_command": ["cat", "{Place}"] for side in ("incoming", "outgoing")}
    none = {f"{side}__password": None for side in ("incoming", "outgoing")}
    deploy(lab, name, [profile(variables={"Place": None}, **none, **words)], ["s_nail"], variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\nsecond line\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.deliver(user.email, "by command", "Hello\n")
    for answer in (reads(lab, name), sends(lab, name)):
        assert (answer.returncode, answer.stderr) == (0, "")


def test_s_nail_switches_between_accounts(lab: Lab) -> None:
    anna, basil = USERS["anna"], USERS["basil"]
    other = profile("other", email="{Other}", signature=None, variables={"Other": None, "Secret": None},
                    incoming__username="{Other}", incoming__password="{Secret}",
                    outgoing__username="{Other}", outgoing__password="{Secret}")  # fmt: skip
    accounts = deploy(lab, "anna", [profile(default=True), other], ["s_nail"],
                      variables={"Other": basil.email, "Secret": basil.password})  # fmt: skip
    for user, subject in ((anna, "first"), (basil, "other")):
        lab.empty(user.email)
        lab.deliver(user.email, subject, "Hello\n")
    assert "first" in reads(lab, "anna").stdout
    assert "other" in reads(lab, "anna", "-A", accounts[1].key).stdout
    assert sends(lab, "anna", "-A", accounts[1].key).returncode == 0
    assert lab.messages(anna.email)[-1]["Return-Path"] == f"<{basil.email}>"


def test_the_users_own_account_stays(lab: Lab) -> None:
    deploy(lab, "anna", [], ["s_nail"])
    lab.run(["tee", ".mailrc"], user="anna", input="set from=own@example.net\nset mta=test\n")
    redeploy(lab, "anna", [profile()], ["s_nail"])
    sent = sends(lab, "anna")
    assert sent.returncode == 0 and "From: own@example.net" in sent.stdout, sent


def test_a_password_that_s_nail_does_not_send(lab: Lab) -> None:
    deploy(lab, "anna", [profile(incoming__authentication="encrypted", outgoing__authentication="encrypted")], ["s_nail"])
    lab.deliver(USERS["anna"].email, "is there", "Hello\n")
    before = lab.log().count("CRAM-MD5")
    assert (reads(lab, "anna").returncode, sends(lab, "anna").returncode) == (0, 0)
    assert lab.log().count("CRAM-MD5") == before + 2


@impostors
@securities
def test_s_nail_refuses_an_impostor(lab: Lab, impostor: str, security: str) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, security)], ["s_nail"])
    refusals = [reads(lab, "anna"), sends(lab, "anna")]
    deploy(lab, "anna", [against(impostor, security, pop)], ["s_nail"])
    refusals.append(reads(lab, "anna"))
    for refusal in refusals:
        assert refusal.returncode != 0
        assert re.search("certificate verify failed|certificate does not match", refusal.stderr), refusal
    assert logins(lab) == before

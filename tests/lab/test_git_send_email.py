# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git send-email, started by real users with nothing but the files that were rendered for them, logs in and sends."""

from __future__ import annotations

import re
import subprocess

import pytest
from deployed import USERS, against, deploy, impostors, logins, profile, redeploy, securities
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

# Without knowing whose commits these are, git does not even send; usually user.email says so.
IDENTITY = {"EMAIL": "own@example.net"}
PATCH = """\
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: {author}
Subject: [PATCH] A change

Why it is made.
"""


def send(lab: Lab, name: str, *options: str, author: str = "Own Name <own@example.net>") -> subprocess.CompletedProcess[str]:
    """To oneself."""
    user = USERS[name]
    lab.path(f"{user.home}/a.patch").write_text(PATCH.format(author=author), encoding="utf-8")
    argv = ["git", "send-email", f"--to={user.email}", "--suppress-cc=all", *options, "a.patch"]
    return lab.run(argv, user=name, env=IDENTITY)


@pytest.mark.parametrize(("name", "security"), [
    ("quentin", "tls"), ("lukasz", "starttls"), ("basil", "tls"), ("petra", "starttls"),
])  # fmt: skip
def test_git_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile(outgoing__security=security)], ["git_send_email"])
    lab.empty(user.email)
    sent = send(lab, name)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    (message,) = lab.messages(user.email)
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (account.sender_name, user.email)
    assert message["Return-Path"] == f"<{user.email}>"
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    # The author of the commit is somebody else, and named as such.
    assert message.get_content().startswith("From: Own Name <own@example.net>\n")


def test_git_knows_that_the_sender_is_the_author(lab: Lab) -> None:
    user = USERS["lukasz"]
    (account,) = deploy(lab, "lukasz", [profile()], ["git_send_email"])
    lab.empty(user.email)
    name = "".join(f"={octet:02X}" if octet > 127 or octet == 32 else chr(octet) for octet in account.sender_name.encode())
    sent = send(lab, "lukasz", author=f"=?UTF-8?q?{name}?= <{user.email}>")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    (message,) = lab.messages(user.email)
    assert message.get_content().startswith("Why it is made.")


@pytest.mark.parametrize("name", ["dolores", "stella"])
def test_git_gets_the_password_from_a_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    place = f"{user.home}/it's \"$HOME\" `x`"
    command = {"outgoing__password": None, "outgoing__password_command": ["cat", "{Place}"]}
    deploy(lab, name, [profile(variables={"Place": None}, **command)], ["git_send_email"], variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\nsecond line\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    sent = send(lab, name)
    assert sent.returncode == 0, sent.stdout + sent.stderr


def test_git_sends_as_another_identity(lab: Lab) -> None:
    anna, basil = USERS["anna"], USERS["basil"]
    other = profile("other", email="{Other}", variables={"Other": None, "Secret": None},
                    outgoing__username="{Other}", outgoing__password="{Secret}")
    accounts = deploy(lab, "anna", [profile(default=True), other], ["git_send_email"],
                      variables={"Other": basil.email, "Secret": basil.password})  # fmt: skip
    lab.empty(anna.email)
    for options in ([], [f"--identity={accounts[1].key}"]):
        sent = send(lab, "anna", *options)
        assert sent.returncode == 0, sent.stdout + sent.stderr
    assert [message["Return-Path"] for message in lab.messages(anna.email)] == [f"<{anna.email}>", f"<{basil.email}>"]


def test_the_users_own_settings_stay(lab: Lab) -> None:
    deploy(lab, "anna", [profile()], ["git_send_email"])
    for setting in (("user.email", "own@example.net"), ("sendemail.suppressCc", "author"), ("include.path", "~/own")):
        add = ["--add"] if setting[0] == "include.path" else []
        assert lab.run(["git", "config", "--global", *add, *setting], user="anna").returncode == 0
    redeploy(lab, "anna", [profile(outgoing__security="starttls")], ["git_send_email"])
    values = lab.run(["git", "config", "--global", "--includes", "--list"], user="anna").stdout
    assert {"user.email=own@example.net", "sendemail.suppresscc=author"} <= set(values.splitlines())
    assert "smtpencryption=tls" in values
    assert re.search(r"^sendemail.identity=work-", values, re.MULTILINE)


def test_a_password_that_git_does_not_send(lab: Lab) -> None:
    deploy(lab, "anna", [profile(outgoing__authentication="encrypted")], ["git_send_email"])
    before = lab.log().count("CRAM-MD5")
    sent = send(lab, "anna")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert lab.log().count("CRAM-MD5") > before


@impostors
@securities
def test_git_refuses_an_impostor(lab: Lab, impostor: str, security: str) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, security)], ["git_send_email"])
    sent = send(lab, "anna")
    assert sent.returncode != 0
    assert re.search("certificate verify failed|hostname verification failed", sent.stderr), sent.stderr
    assert logins(lab) == before

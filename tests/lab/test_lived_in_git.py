# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git send-email where the user's own settings would send our mail elsewhere, as somebody else, or with another password."""

from __future__ import annotations

import subprocess

import pytest
from deployed import USERS, deploy, profile, redeploy
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

OWN, OWN_PASSWORD = "anna@own.example", "the user's own"
ANNA = USERS["anna"]
PATCH = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Own <own@example.net>\nSubject: [PATCH] A change\n\nWhy.\n"
SERVER = (
    f"[sendemail]\n\tsmtpServer = smtp.own.example\n\tsmtpServerPort = 465\n\tsmtpEncryption = ssl\n\tsmtpAuth = PLAIN\n\tsmtpUser = {OWN}\n"
    f"\tfrom = Own <{OWN}>\n\tsmtpSSLCertPath = {Lab.ca_file}\n\tsuppresscc = all\n\tconfirm = never\n"
)
PASSWORD = f'\tsmtpPass = "{OWN_PASSWORD}"\n'
HELPER = f'[credential]\n\thelper = "!echo password=\\"{OWN_PASSWORD}\\"; #"\n'
HOSTILE = (
    f"\tbcc = {OWN}\n\tcc = {OWN}\n\tto = {OWN}\n\ttoCmd = echo {OWN} \\\\#\n\tccCmd = echo {OWN} \\\\#\n\theaderCmd = echo X-Own: own \\\\#\n"
    f"\tenvelopeSender = {OWN}\n\tsmtpDomain = own.example\n\tsmtpServerOption = -x\n\tsmtpAuth = CRAM-MD5\n"
)


def send(lab: Lab, *options: str) -> subprocess.CompletedProcess[str]:
    lab.path(f"{ANNA.home}/a.patch").write_text(PATCH, encoding="utf-8")
    argv = ["git", "send-email", f"--to={ANNA.email}", "--confirm=never", *options, "a.patch"]
    return lab.run(argv, user="anna", env={"EMAIL": "own@example.net", "GIT_TERMINAL_PROMPT": "0"})


def own(lab: Lab, text: str) -> None:
    deploy(lab, "anna", [], ["git_send_email"])
    lab.set_accounts({OWN: OWN_PASSWORD})
    lab.run(["sh", "-c", "umask 077; cat > .gitconfig"], user="anna", input=text)
    lab.empty(ANNA.email)


@pytest.mark.parametrize("text", [SERVER + PASSWORD, SERVER + HELPER], ids=["smtpPass", "helper"])
@pytest.mark.parametrize("changes", [{}, {"default": True}, {"outgoing__password": None}], ids=["password", "default", "none"])
def test_each_server_gets_its_own_password(lab: Lab, text: str, changes: dict[str, object]) -> None:
    own(lab, text)
    for present in ([], [profile(**changes)], []):
        accounts = redeploy(lab, "anna", present, ["git_send_email"])
        since = lab.mark()
        sent = send(lab, *(["--no-identity"] if accounts and "default" in changes else []))
        assert sent.returncode == 0, sent.stderr
        assert set(lab.seen_by("own.example", since)) == {(OWN, OWN_PASSWORD)} and lab.seen_by("example.org", since) == []
        if not accounts:
            continue
        since = lab.mark()
        sent = send(lab, *([] if "default" in changes else [f"--identity={accounts[0].key}"]))
        if "outgoing__password" in changes:
            # Without our identity git sends with the user's settings, as with any name that it does not know.
            assert (sent.returncode == 0) == (text == SERVER + PASSWORD)
            assert {password for _user, password in lab.seen_by("example.org", since)} <= set()
        else:
            assert sent.returncode == 0, sent.stderr
            assert lab.seen_by("example.org", since) == [(ANNA.email, ANNA.password)] and lab.seen_by("own.example", since) == []


def test_recipients_and_sender_are_those_of_our_account(lab: Lab) -> None:
    own(lab, SERVER + PASSWORD + HOSTILE)
    (account,) = redeploy(lab, "anna", [profile()], ["git_send_email"])
    since = lab.mark()
    sent = send(lab, f"--identity={account.key}")
    assert sent.returncode == 0, sent.stderr
    (message,) = lab.messages(ANNA.email)
    assert message["Return-Path"] == f"<{ANNA.email}>" and str(message["To"]) == ANNA.email
    assert message["Cc"] is None and message["X-Own"] is None
    assert "own.example" not in message.as_string().replace(OWN, "") and OWN not in message.as_string()
    assert lab.seen_by("own.example", since) == []

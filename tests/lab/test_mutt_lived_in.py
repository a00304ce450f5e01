# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutt and NeoMutt beside an own account with hooks, headers and mailboxes, which no dump shows: by keys to ours and back, and no server
is told what is the other's."""

from __future__ import annotations

import subprocess

import pytest
from deployed import USERS, empty_home, mutts, profile, redeploy, screen
from harness import Lab
from lived_in import OWN, PASSWORD
from lived_in_terminal import MUTT
from terminal import Dialogue

pytestmark = pytest.mark.usefixtures("no_command_ran")
USER = USERS["anna"]
# Everything that runs or adds something, at every opportunity.
HOOKS = f"""\
{MUTT}set mbox="+Sent" move=yes copy=yes imap_authenticators=plain smtp_authenticators=plain
mailboxes "+INBOX" "+Sent"
my_hdr Bcc: {OWN}
folder-hook . 'set from="{OWN}" imap_pass="{PASSWORD}" smtp_pass="{PASSWORD}"'
account-hook . 'set imap_user="{OWN}" imap_pass="{PASSWORD}"'
message-hook . 'set record="imaps://imap.own.example/Sent"'
send-hook . 'set smtp_url="smtps://anna%40own.example@smtp.own.example:465/" smtp_pass="{PASSWORD}"'
send2-hook . 'set from="{OWN}"'
reply-hook . 'set from="{OWN}"'
mbox-hook . "imaps://imap.own.example/Sent"
fcc-save-hook . "imaps://imap.own.example/Sent"
"""
NEOMUTTS = f"""startup-hook 'set from="{OWN}" imap_pass="{PASSWORD}"'\ntimeout-hook 'set imap_pass="{PASSWORD}"'\n"""
PLACES = {"mutt": ".muttrc", "neomutt": ".config/neomutt/neomuttrc"}


def prepared(lab: Lab, program: str, **changes: object) -> int:
    """Deploys ours beside the own account, with a message in either mailbox. A mark in the log of the servers."""
    lab.set_accounts({OWN: PASSWORD})
    empty_home(lab, USER.name)
    path = PLACES[program]
    text = HOOKS + (NEOMUTTS if program == "neomutt" else "")
    written = lab.run(["sh", "-c", 'mkdir -p Mail "$(dirname "$1")" && cat >"$1"', "sh", path], user=USER.name, input=text)
    assert written.returncode == 0, written.stderr
    redeploy(lab, USER.name, [profile(**changes)], ["neomutt"])
    for email, subject in ((USER.email, "HERE"), (OWN, "yonder")):
        lab.empty(email)
        lab.deliver(email, subject, "Hello\n")
    return lab.mark()


def talk(lab: Lab, program: str, dialogue: Dialogue) -> None:
    try:
        status, output = lab.pty([program], user=USER.name, input=dialogue, timeout=60)
    except subprocess.TimeoutExpired as waiting:
        raise AssertionError(f"{waiting}: {screen(waiting.output)[-2000:]}") from waiting
    assert status == 0, screen(output)


def check_log(lab: Lab, since: int) -> None:
    assert set(lab.seen_by("own.example", since)) <= {(OWN, PASSWORD)}
    assert set(lab.seen_by("example.org", since)) == {(USER.email, USER.password)}


@mutts
def test_ours_is_the_default_and_theirs_is_at_a_key(lab: Lab, program: str) -> None:
    since = prepared(lab, program, default=True)
    sent = lab.run([program, "-s", "sent", USER.email], user=USER.name, input="Hello\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    lab.deliver(USER.email, "gone", "Hello\n")
    # What has been read is not moved to the user's server, and what is deleted needs no answer.
    dialogue = [
        (b"HERE", b"\r"), (b"Hello", b"i"), (b"gone", b"/gone\rd"), (b"", b"\x1b0"), (b"yonder", b"\x1b1"), (b"HERE", b"\x1b0"), (b"yonder", b"x"),
    ]  # fmt: skip
    talk(lab, program, dialogue)
    check_log(lab, since)
    assert {message["Subject"] for message in lab.messages(USER.email)} == {"HERE", "sent"}
    (message,) = [each for each in lab.messages(USER.email) if each["Subject"] == "sent"]
    assert message["From"].addresses[0].addr_spec == USER.email
    assert [each["Subject"] for each in lab.messages(OWN)] == ["yonder"]


@mutts
@pytest.mark.parametrize("given", ["password", "none"])
def test_theirs_is_the_default_and_ours_is_at_a_key(lab: Lab, program: str, given: str) -> None:
    without = {} if given == "password" else {"incoming__password": None, "outgoing__password": None}
    since = prepared(lab, program, **without)
    # Without a password in the profile it asks, and does not say the user's other one.
    typed = [] if given == "password" else [(b"Password for", f"{USER.password}\r".encode())]
    dialogue = [(b"yonder", b"\x1b1"), *typed, (b"HERE", b"\x1b0"), (b"yonder", b"x")]
    talk(lab, program, dialogue)
    check_log(lab, since)
    sent = lab.run([program, "-s", "theirs", OWN], user=USER.name, input="Hello\n")
    assert sent.returncode == 0, sent.stderr
    check_log(lab, since)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutt and NeoMutt, started by real users with nothing but the files that were rendered for them, log in, read and send.

What the programs cannot show is proven here: a password that is one octet off does not log in.
"""

from __future__ import annotations

import pytest
from deployed import USERS, deploy, every_user, mutts, opens_mailbox, pop, profile, screen, some_users
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


@mutts
@every_user
def test_mutt_opens_the_mailbox_and_sends(lab: Lab, program: str, name: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile()], ["neomutt"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    opens_mailbox(lab, program, name, "is there")
    dump = lab.run([program, "-D"], user=name)
    # NeoMutt 2025 ends with 1.
    assert dump.stderr == "" and dump.returncode in ((0, 1) if program == "neomutt" else (0,))
    values = {line.removeprefix("set ").replace(" = ", "=", 1) for line in dump.stdout.splitlines()}
    real_name = {"mutt": "realname", "neomutt": "real_name"}[program]
    for variable, text in (
        (real_name, account.sender_name),
        ("imap_user", user.email),
        ("imap_pass", user.password),
        ("smtp_pass", user.password),
    ):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        assert f'{variable}="{escaped}"' in values
    sent = lab.run([program, "-s", "sent", user.email], user=name, input="Hello\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    message = lab.messages(user.email)[-1]
    assert message["Subject"] == "sent"
    # White space between words is not preserved by whoever reads a header.
    assert message["From"].addresses[0].display_name.split() == account.sender_name.split()
    assert message["From"].addresses[0].addr_spec == user.email
    assert str(message["Reply-To"]) == account.reply_to
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))


@mutts
@pytest.mark.parametrize("name", ["anna", "quentin", "lukasz"])
def test_mutt_with_starttls_on_both_sides(lab: Lab, program: str, name: str) -> None:
    deploy(lab, name, [profile(incoming__security="starttls", outgoing__security="starttls")], ["neomutt"])
    lab.deliver(USERS[name].email, "with starttls", "Hello\n")
    opens_mailbox(lab, program, name, "with starttls")
    assert lab.run([program, "-s", "x", USERS[name].email], user=name, input="x\n").returncode == 0


@mutts
@some_users
@pytest.mark.parametrize("security", ["starttls", pytest.param("tls", marks=pytest.mark.long)])
def test_mutt_reads_pop(lab: Lab, program: str, name: str, security: str) -> None:
    deploy(lab, name, [pop(security)], ["neomutt"])
    # Without a local folder, mutt asks at its first start whether it shall make one.
    lab.run(["mkdir", "-p", "Mail"], user=name)
    lab.empty(USERS[name].email)
    lab.deliver(USERS[name].email, "over pop", "Hello\n")
    opens_mailbox(lab, program, name, "over pop")
    assert [message["Subject"] for message in lab.messages(USERS[name].email)] == ["over pop"]


@mutts
def test_mutt_uses_the_folders(lab: Lab, program: str) -> None:
    email = USERS["anna"].email
    deploy(lab, "anna", [profile(folders={"sent": "Archive", "trash": "Junk"})], ["neomutt"])
    lab.empty(email)
    lab.deliver(email, "thrown away", "Hello\n")
    # Delete, write the mailbox, yes.
    lab.pty([program], user="anna", input=[(b"thrown away", b"d"), (b"", b"$"), (b"", b"y"), (b"", b"x")])
    assert [message["Subject"] for message in lab.messages(email, "Junk")] == ["thrown away"]
    assert lab.messages(email) == []
    if program == "mutt":  # NeoMutt keeps no copy of what is sent from a script.
        assert lab.run([program, "-s", "kept", email], user="anna", input="x\n").returncode == 0
        assert [message["Subject"] for message in lab.messages(email, "Archive")] == ["kept"]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@mutts
def test_a_password_is_the_same_in_every_locale(lab: Lab, program: str, locale: str) -> None:
    user = USERS["lukasz"]
    deploy(lab, user.name, [profile()], ["neomutt"])
    lab.deliver(user.email, "is there", "Hello\n")
    status, _output = lab.pty([program], user=user.name, env={"LC_ALL": locale}, input=[(b"is there", b"x")])
    assert status == 0


@mutts
def test_mutt_switches_between_accounts_on_one_server(lab: Lab, program: str) -> None:
    anna, basil = USERS["anna"], USERS["basil"]
    other = profile(
        "other",
        email="{Other}",
        reply_to=None,
        variables={"Other": None, "Secret": None},
        incoming__username="{Other}",
        incoming__password="{Secret}",
        outgoing__username="{Other}",
        outgoing__password="{Secret}",
    )
    deploy(lab, "anna", [profile(default=True), other], ["neomutt"], variables={"Other": basil.email, "Secret": basil.password})
    # Without a letter in common: on the screen, what is the same stays and is not written again.
    for user, subject in ((anna, "first"), (basil, "HELLO")):
        lab.empty(user.email)
        lab.deliver(user.email, subject, "Hello\n")
    status, output = lab.pty([program], user="anna", input=[
        (b"first", b"\x1b2"), (b"HELLO", b"\x1b1"), (b"first", b"\x1b2"), (b"HELLO", b"x"),
    ])  # fmt: skip
    assert status == 0, screen(output)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real programs, started by real users with nothing but the files that were rendered for them, log in and work.

What the programs cannot show is proven here: a password that is one octet off does not log in.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Sequence

import pytest
from deployed import USERS, against, deploy, every_user, impostors, logins, pop, profile, screen, securities
from harness import Lab

mutts = pytest.mark.parametrize("program", ["mutt", "neomutt"])
pytestmark = pytest.mark.usefixtures("no_command_ran")


def opens_mailbox(lab: Lab, program: str, name: str, subject: str) -> None:
    """Started as by a person: no arguments. The message is in the index; x leaves without a change."""
    status, output = lab.pty([program], user=name, input=[(subject.encode(), b"x")])
    assert status == 0, screen(output)


# --- mutt and neomutt


@mutts
@every_user
def test_mutt_opens_the_mailbox_and_sends(lab: Lab, program: str, name: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile()], ["neomutt"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    opens_mailbox(lab, program, name, "is there")
    dump = lab.run([program, "-D"], user=name)
    assert (dump.returncode, dump.stderr) == (0, "")
    values = {line.removeprefix("set ").replace(" = ", "=", 1) for line in dump.stdout.splitlines()}
    real_name = {"mutt": "realname", "neomutt": "real_name"}[program]
    for variable, text in ((real_name, account.sender_name), ("imap_user", user.email), ("imap_pass", user.password),
                           ("smtp_pass", user.password)):
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
@every_user
@pytest.mark.parametrize("security", ["tls", "starttls"])
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


@pytest.mark.parametrize("client", ["msmtp", "mbsync", "fetchmail"])
def test_a_password_that_is_not_sent(lab: Lab, client: str) -> None:
    deploy(lab, "anna", [profile(incoming__authentication="encrypted", outgoing__authentication="encrypted")], [client])
    before = lab.log().count("CRAM-MD5")
    argv = {"msmtp": ["msmtp", USERS["anna"].email], "mbsync": ["mbsync", "--all"], "fetchmail": ["fetchmail", "--check"]}[client]
    answer = lab.run(argv, user="anna", input="Subject: x\n\nx\n")
    assert answer.returncode in ((0, 1) if client == "fetchmail" else (0,)), answer.stdout + answer.stderr
    lab.wait_for_delivery()
    assert lab.log().count("CRAM-MD5") > before


@mutts
def test_mutt_switches_between_accounts_on_one_server(lab: Lab, program: str) -> None:
    anna, basil = USERS["anna"], USERS["basil"]
    other = profile("other", email="{Other}", reply_to=None, variables={"Other": None, "Secret": None},
                    incoming__username="{Other}", incoming__password="{Secret}",
                    outgoing__username="{Other}", outgoing__password="{Secret}")
    deploy(lab, "anna", [profile(default=True), other], ["neomutt"], variables={"Other": basil.email, "Secret": basil.password})
    # Without a letter in common: on the screen, what is the same stays and is not written again.
    for user, subject in ((anna, "first"), (basil, "HELLO")):
        lab.empty(user.email)
        lab.deliver(user.email, subject, "Hello\n")
    status, output = lab.pty([program], user="anna", input=[
        (b"first", b"\x1b2"), (b"HELLO", b"\x1b1"), (b"first", b"\x1b2"), (b"HELLO", b"x"),
    ])  # fmt: skip
    assert status == 0, screen(output)


# --- msmtp, mbsync, fetchmail


@every_user
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_msmtp_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    deploy(lab, name, [profile(outgoing__security=security)], ["msmtp"])
    lab.empty(user.email)
    sent = lab.run(["msmtp", user.email], user=name, input=f"Subject: by {security}\n\nHello\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    (message,) = lab.messages(user.email)
    assert message["Return-Path"] == f"<{user.email}>"
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))


@every_user
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mbsync_syncs(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile(incoming__security=security)], ["mbsync"])
    lab.empty(user.email)
    lab.deliver(user.email, "first", "Hello\n")
    synced = lab.run(["mbsync", "--all"], user=name)
    assert synced.returncode == 0, synced.stderr
    box = lab.path(f"{user.home}/Mail/{account.key}/INBOX")
    (message,) = box.glob("new/*")
    assert "Subject: first" in message.read_text()
    assert box.with_name("Sent").is_dir()
    # Deleted here, by all rules of the Maildir format; on the server it stays.
    message.rename(box / "cur" / f"{message.name.split(',U=')[0]},U=1:2,ST")
    again = lab.run(["mbsync", "--all"], user=name)
    assert again.returncode == 0, again.stderr
    assert [each["Subject"] for each in lab.messages(user.email)] == ["first"]


FETCHED = {
    "imaps": profile(), "imap": profile(incoming__security="starttls"), "pop3s": pop(), "pop3": pop("starttls"),
}  # fmt: skip


@every_user
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


# --- Passwords


@every_user
def test_password_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    words = {f"{side}__password_command": ["cat", "{Place}"] for side in ("incoming", "outgoing")}
    none = {f"{side}__password": None for side in ("incoming", "outgoing")}
    place = f"{user.home}/it's \"$HOME\" `x`"
    deploy(lab, name, [profile(variables={"Place": None}, **none, **words)], ["neomutt", "msmtp", "mbsync"],
           variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.deliver(user.email, "by command", "Hello\n")
    for program in ("mutt", "neomutt"):
        opens_mailbox(lab, program, name, "by command")
    sent = lab.run(["msmtp", user.email], user=name, input="Subject: x\n\nx\n")
    assert sent.returncode == 0, sent.stderr
    synced = lab.run(["mbsync", "--all"], user=name)
    assert synced.returncode == 0, synced.stderr


PIECES = ("`touch /tmp/pwned`", "$(touch /tmp/pwned)", "|touch /tmp/pwned", "'", '"', "\\", "`", "$HOME", "${HOME}", "#", "%",
          "%41", "%s", ";", "{", "}", " ", "  ", "\\n", "\\x41",
          "\\101", "\u0142", "\u00df", "\u65e5\u672c", "\U0001f511", "a", "B", "0",
          "=", "+", ":", "@", "/", "~", "!", "&", "<", ">", "(", ")", "[", "]", "*", "?", ",", ".", "^")  # fmt: skip


@pytest.mark.parametrize("seed", range(int(os.environ.get("MAILOPS_LAB_EXAMPLES", "24"))))
def test_any_password_logs_in(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    password = "".join(chance.choices(PIECES, k=chance.randint(1, 25)))
    # A leading '-' is one that Postfix refuses.
    email = f"p{''.join(chance.choices('abc!#$%&+-=^_`{|}~', k=5))}{seed}'@example.org"
    lab.set_accounts({email: password})
    display_name = "".join(chance.choices(PIECES, k=8)).strip() or "x"
    logs_in_everywhere(lab, email, password, display_name)


@pytest.mark.parametrize(("length", "programs"), [
    (255, ["neomutt", "msmtp", "mbsync", "fetchmail"]), (480, ["msmtp", "mbsync", "fetchmail"]), (1000, ["mbsync", "fetchmail"]),
])  # fmt: skip
def test_a_long_password_is_not_cut_off(lab: Lab, length: int, programs: list[str]) -> None:
    email, password = f"long{length}@example.org", "0123456789" * (length // 10) + "x" * (length % 10)
    lab.set_accounts({email: password})
    logs_in_everywhere(lab, email, password, "Long", programs)


def test_a_long_log_in_name_is_not_cut_off(lab: Lab) -> None:
    email = f"{'l' * 64}@{'o' * 50}.example.org"  # 127 bytes
    lab.set_accounts({email: "secret"})
    logs_in_everywhere(lab, email, "secret", "Long", ["neomutt", "mbsync", "fetchmail"], sends=False)


def logs_in_everywhere(
    lab: Lab, email: str, password: str, display_name: str,
    programs: Sequence[str] = ("neomutt", "msmtp", "mbsync", "fetchmail"), sends: bool = True,
) -> None:  # fmt: skip
    secret = {"email": email, "password": password, "display_name": display_name}
    lab.deliver(email, "is there", "Hello\n")
    deploy(lab, "anna", [profile(reply_to=None)], programs, **secret)
    if "neomutt" in programs:
        for program in ("mutt", "neomutt"):
            opens_mailbox(lab, program, "anna", "is there")
            if sends:
                sent = lab.run([program, "-s", "sent", email], user="anna", input="x\n")
                assert (sent.returncode, sent.stderr) == (0, "")
    if "msmtp" in programs:
        sent = lab.run(["msmtp", email], user="anna", input="Subject: x\n\nx\n")
        assert (sent.returncode, sent.stderr) == (0, "")
    if "mbsync" in programs:
        synced = lab.run(["mbsync", "--all"], user="anna")
        assert synced.returncode == 0, synced.stderr
    if "fetchmail" in programs:
        for data in FETCHED.values():
            deploy(lab, "anna", [{**data, "reply_to": None}], ["fetchmail"], **secret)
            fetched = lab.run(["fetchmail", "--check"], user="anna")
            assert fetched.returncode in (0, 1), fetched.stdout + fetched.stderr


# --- Someone who says to be the server


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


@mutts
@impostors
@securities
@pytest.mark.parametrize("make", [profile, pop], ids=["imap", "pop"])
def test_mutt_goes_no_further_than_the_certificate(lab: Lab, program: str, impostor: str, security: str, make) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, security, make)], ["neomutt"])
    lab.run(["mkdir", "-p", "Mail"], user="anna")
    # There is no setting that makes it refuse by itself: it asks, and does nothing until somebody answers.
    with pytest.raises(subprocess.TimeoutExpired) as waiting:
        lab.pty([program], user="anna", timeout=2)
    assert "(r)eject" in screen(waiting.value.output)
    sent = lab.run([program, "-s", "x", "anna@example.org"], user="anna", input="x\n")
    assert sent.returncode != 0, sent
    assert logins(lab) == before

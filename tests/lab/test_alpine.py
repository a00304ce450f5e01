# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alpine reads and sends with nothing but our block, and leaves the block as it is when it rewrites its files."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from email.message import EmailMessage

import pytest
from deployed import USERS, against, deploy, impostors, logins, profile, redeploy, screen
from harness import Lab
from terminal import RUN_ALPINE, Dialogue

pytestmark = pytest.mark.usefixtures("no_command_ran")

# At a user's first start.
GREETING = (b"Exit this greeting", b"e")
# "Answer Yes to ignore the warning ...", four times for one mailbox.
NO = (b"Answer", b"n")
# Past To, Cc and attachments to the subject; ^X, and yes.
WRITE_AND_SEND = [(b"To  ", b"\r\r\r"), (b"", b"sent\r"), (b"", b"\x18"), (b"Send message?", b"y")]
REFUSAL = "There was a failure validating the SSL/TLS certificate"
OWN = "# mine\neditor=vim\nfeature-list=enable-sigdashes\n"


def password(name: str) -> Dialogue:
    """Alpine asks for each server, and again when a key went astray."""
    return [(b"ENTER PASSWORD:", f"{USERS[name].password}\r".encode())]


def sends(lab: Lab, name: str, argv: Sequence[str] = RUN_ALPINE) -> EmailMessage:
    """A message to the user alone. First it opens the folder for the copy."""
    lab.empty(USERS[name].email)
    status, output = lab.pty([*argv, USERS[name].email], user=name, input=WRITE_AND_SEND, always=password(name), timeout=90)
    assert status == 0, screen(output)
    (message,) = lab.messages(USERS[name].email)
    assert message["Subject"] == "sent"
    return message


def opens_mailbox(lab: Lab, name: str, subject: str, argv: Sequence[str] = RUN_ALPINE) -> None:
    dialogue = [GREETING, (subject.encode(), b"q"), (b"Really quit", b"y")]
    status, output = lab.pty([*argv, "-i"], user=name, input=dialogue, always=password(name), timeout=90)
    assert status == 0, screen(output)


def refuses_mailbox(lab: Lab) -> str:
    """What Alpine has shown when four times somebody has said that the certificate is not to be trusted."""
    dialogue = [GREETING, NO, NO, NO, NO, (b"MAIN MENU", b"q"), (b"Really quit", b"y")]
    status, output = lab.pty([*RUN_ALPINE, "-i"], user="anna", input=dialogue, timeout=90)
    assert status == 0, screen(output)
    return " ".join(screen(output).split())


@pytest.mark.parametrize(("name", "security"), [("quentin", "tls"), ("lukasz", "starttls"), ("edgar", "starttls")])
def test_alpine_reads_and_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    data = profile(incoming__security=security, outgoing__security=security, folders={"sent": "Archive"})
    (account,) = deploy(lab, name, [data], ["alpine"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    opens_mailbox(lab, name, "is there")
    message = sends(lab, name)
    assert message["From"].addresses[0].display_name == account.sender_name
    assert message["From"].addresses[0].addr_spec == user.email
    assert str(message["Reply-To"]) == account.reply_to
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    assert account.signature in message.get_body().get_content()
    assert [copy["Subject"] for copy in lab.messages(user.email, "Archive")] == ["sent"]


def test_alpine_rewrites_its_files_around_our_blocks(lab: Lab) -> None:
    user = USERS["anna"]
    profiles = [profile(default=True), profile("other", sender_name="Second", reply_to=None, folders={"sent": "Archive"})]
    _default, other = deploy(lab, "anna", profiles, ["alpine"])
    lab.run(["tee", ".pinercex"], user="anna", input=OWN)
    redeploy(lab, "anna", profiles, ["alpine"])
    lab.deliver(user.email, "is there", "Hello\n")
    beside = [f"{user.home}/.config/mailops/alpine/{other.key}/{name}" for name in (".pinerc", ".pinercex")]
    files = [lab.path(f"{user.home}/.pinercex"), lab.path(beside[1])]
    deployed = [path.read_text() for path in files]
    opens_mailbox(lab, "anna", "is there")
    opens_mailbox(lab, "anna", "is there", [*RUN_ALPINE, "-p", beside[0]])
    rewritten = [path.read_text() for path in files]
    assert deployed[0].startswith(OWN) and OWN in rewritten[0]
    for before, after in zip(deployed, rewritten):
        assert before in after and before != after
    redeploy(lab, "anna", profiles, ["alpine"])
    assert [path.read_text() for path in files] == rewritten
    assert sends(lab, "anna", [*RUN_ALPINE, "-p", beside[0]])["From"].addresses[0].display_name == "Second"


OWN_WAY = 'personal-name=Own\ndefault-fcc=""\nsendmail-path=/home/anna/own-way -t\n'


@pytest.mark.parametrize("place", [".pinerc", ".pinercex"])
def test_no_program_of_the_user_s_sends_as_our_account(lab: Lab, place: str) -> None:
    """It comes before any server of ours, and nothing in .pinercex undoes it."""
    user = USERS["anna"]
    deploy(lab, "anna", [], ["alpine"])
    lab.run(["sh", "-c", "cat > own-way && chmod +x own-way"], user="anna", input="#!/bin/sh\ncat > ~/own-way-sent\n")
    lab.run(["tee", place], user="anna", input=OWN_WAY)
    (account,) = redeploy(lab, "anna", [profile(default=True, folders={"sent": "Archive"})], ["alpine"])
    status, output = lab.pty([*RUN_ALPINE, "somebody@own.example"], user="anna", input=WRITE_AND_SEND, timeout=20)
    assert status == 0, screen(output)
    sent = lab.path(f"{user.home}/own-way-sent").read_text()
    assert "somebody@own.example" in sent and user.email not in sent
    lab.path(f"{user.home}/own-way-sent").unlink()
    message = sends(lab, "anna", [*RUN_ALPINE, "-p", f"{user.home}/.config/mailops/alpine/{account.key}/.pinerc"])
    assert message["From"].addresses[0].addr_spec == user.email
    assert not lab.path(f"{user.home}/own-way-sent").exists()


def test_a_program_for_everybody_does_not_send_as_our_account(lab: Lab) -> None:
    place = lab.path(f"{lab.sandbox.users_root.rstrip('/')}/etc/pine.conf")
    before = place.read_text() if place.exists() else None
    place.write_text("sendmail-path=/bin/false\n")
    try:
        deploy(lab, "anna", [profile(default=True, folders={"sent": "Archive"})], ["alpine"])
        assert sends(lab, "anna")["From"].addresses[0].addr_spec == USERS["anna"].email
    finally:
        place.unlink() if before is None else place.write_text(before)


HOSTILE = "`touch /tmp/pwned`$(touch /tmp/pwned)$HOME$$ \\$ \\\\ '#%s|;~=:&*()<>/_DATE_ \\n"


def test_alpine_writes_any_value_as_we_do(lab: Lab) -> None:
    email = "a!#$%&'*+/=?^_`{|}~-@example.org"
    data = profile(reply_to=email, ca_file=f"/nowhere/{HOSTILE}\u0142", folders={"sent": f'{HOSTILE},"\u0142', "drafts": HOSTILE},
                   signature=None, variables={"Login": None}, incoming__username="{Login}",
                   outgoing__username="{Login}")  # fmt: skip
    login = HOSTILE.replace("touch /tmp/pwned", "")
    deploy(lab, "anna", [data], ["alpine"], email=email, display_name=f'\u0142{HOSTILE}",', variables={"Login": login})
    before = lab.path("/home/anna/.pinercex").read_text()
    # The file is written before the greeting is shown.
    with pytest.raises(subprocess.TimeoutExpired) as waiting:
        lab.pty(RUN_ALPINE, user="anna", timeout=3)
    assert "Exit this greeting" in screen(waiting.value.output)
    after = lab.path("/home/anna/.pinercex").read_text()
    assert before in after and before != after


@impostors
def test_alpine_asks_before_it_trusts_an_impostor(lab: Lab, impostor: str) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, "starttls")], ["alpine"])
    shown = refuses_mailbox(lab)
    assert REFUSAL in shown and "PASSWORD" not in shown
    assert logins(lab) == before


def test_alpine_asks_before_it_sends_to_an_impostor(lab: Lab) -> None:
    deploy(lab, "anna", [profile(outgoing__host="wrong-name.example.org", folders={"sent": "Archive"})], ["alpine"])
    before = lab.log().count("sasl_username")
    dialogue = [*WRITE_AND_SEND, NO, (b"", b"\x03"), (b"Cancel message", b"c")]
    _status, output = lab.pty([*RUN_ALPINE, "anna@example.org"], user="anna", input=dialogue, always=password("anna"), timeout=90)
    assert REFUSAL in " ".join(screen(output).split())
    assert lab.log().count("sasl_username") == before


def test_the_system_s_authorities_do_not_count_when_there_is_a_ca_file(lab: Lab) -> None:
    name = lab.run(["openssl", "x509", "-hash", "-noout", "-in", lab.ca_file]).stdout.strip()
    trusted = lab.path(f"{lab.sandbox.users_root.rstrip('/')}/etc/ssl/certs/{name}.0")
    trusted.write_bytes(lab.path(lab.ca_file).read_bytes())
    try:
        deploy(lab, "anna", [profile(ca_file=None)], ["alpine"])
        lab.deliver(USERS["anna"].email, "is there", "Hello\n")
        opens_mailbox(lab, "anna", "is there")
        for ca_file in (lab.wrong_ca_file, "/nowhere/ca.pem"):
            deploy(lab, "anna", [profile(ca_file=ca_file)], ["alpine"])
            assert REFUSAL in refuses_mailbox(lab)
    finally:
        trusted.unlink()

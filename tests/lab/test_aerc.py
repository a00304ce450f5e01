# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aerc, started in a terminal by real users with nothing but the files that were rendered for them, logs in, reads and sends.

It has nothing to ask for what it has read: these log-ins prove what the client writes.
"""

from __future__ import annotations

import subprocess

import pytest
from deployed import USERS, deploy, logins, profile, redeploy, screen, securities
from harness import Lab

STARTTLS = "aerc 0.15 and newer begin with a dialogue about smtp-starttls, as the client's page says"
pytestmark = pytest.mark.usefixtures("no_command_ran")


def run(lab: Lab, name: str, dialogue: list[tuple[bytes, bytes]], ca_file: str = Lab.ca_file) -> bytes:
    """What aerc has written until it has left; it stops at the first that is expected and does not come."""
    # The editor leaves a message as it is. aerc knows no other way to say which CA to trust.
    environment = {"EDITOR": "true", "SSL_CERT_FILE": ca_file}
    status, output = lab.pty(["aerc"], user=name, input=dialogue, env=environment, timeout=90)
    assert status == 0, screen(output)
    return output


def compose(email: str) -> bytes:
    return f':compose -H "To: {email}" -H "Subject: written"\r'.encode()


QUIT = b":quit\r"


@pytest.mark.parametrize(("name", "security"), [
    ("quentin", "tls"), ("percy", "starttls"), ("lukasz", "tls"), ("ursula", "starttls"),
])  # fmt: skip
def test_aerc_reads_and_sends(lab: Lab, name: str, security: str) -> None:
    if security == "starttls" and lab.sandbox.users_root != "/":
        pytest.xfail(STARTTLS)
    user = USERS[name]
    data = profile(incoming__security=security, outgoing__security=security, folders={"sent": "Archive"})
    (account,) = deploy(lab, name, [data], ["aerc"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    # Said when the copy is made, too.
    run(lab, name, [(b"is there", compose(user.email)), (b"Send this email?", b"y"), (b"sent.", QUIT)])
    message = lab.messages(user.email)[-1]
    assert message["Subject"] == "written"
    (sender,) = message["From"].addresses
    # aerc itself makes single quotes of double ones.
    assert sender.display_name.split() == account.sender_name.replace('"', "'").split()
    assert sender.addr_spec == user.email
    # aerc 0.20 writes the line above a signature itself.
    assert message.get_content().strip().removeprefix("-- \n") == account.signature.strip()
    assert message["Return-Path"] == f"<{user.email}>"
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    assert [kept["Subject"] for kept in lab.messages(user.email, "Archive")] == ["written"]


def test_aerc_gets_the_password_from_a_command(lab: Lab) -> None:
    user = USERS["dolores"]
    place = f"{user.home}/it's \"$HOME\" `x`"
    words = {f"{side}__password_command": ["cat", "{Place}"] for side in ("incoming", "outgoing")}
    none = {f"{side}__password": None for side in ("incoming", "outgoing")}
    deploy(lab, "dolores", [profile(variables={"Place": None}, **none, **words)], ["aerc"], variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\nsecond line\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    run(lab, "dolores", [(b"is there", compose(user.email)), (b"Send this email?", b"y"), (b"sent.", QUIT)])
    assert lab.messages(user.email)[-1]["Subject"] == "written"


def test_what_the_user_had_stays(lab: Lab) -> None:
    email = USERS["anna"].email
    deploy(lab, "anna", [], ["aerc"])
    own = "[own]\nsource = maildir://~\nfrom = own@example.net\n"
    lab.run(["mkdir", "-p", ".config/aerc"], user="anna")
    lab.run(["tee", ".config/aerc/accounts.conf"], user="anna", input=own)
    (account,) = redeploy(lab, "anna", [profile()], ["aerc"])
    path = lab.path("/home/anna/.config/aerc/accounts.conf")
    assert path.read_text().startswith(own)
    # aerc refuses one that others can read.
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(path.read_text() + "\n[last]\nsource = maildir://~\nfrom = last@example.net\n")
    lab.empty(email)
    lab.deliver(email, "is there", "Hello\n")
    output = screen(run(lab, "anna", [(b"own", b":next-tab\r"), (b"is there", QUIT)]))
    assert all(name in output for name in ("own", account.key, "last"))


def test_the_default_account_is_the_first(lab: Lab) -> None:
    anna, basil = USERS["anna"], USERS["basil"]
    other = profile("another", email="{Other}", variables={"Other": None, "Secret": None},
                    incoming__username="{Other}", incoming__password="{Secret}",
                    outgoing__username="{Other}", outgoing__password="{Secret}")  # fmt: skip
    deploy(lab, "anna", [other, profile(default=True)], ["aerc"], variables={"Other": basil.email, "Secret": basil.password})
    for user, subject in ((anna, "first"), (basil, "HELLO")):
        lab.empty(user.email)
        lab.deliver(user.email, subject, "Hello\n")
    run(lab, "anna", [(b"first", b":next-tab\r"), (b"HELLO", QUIT)])


@pytest.mark.parametrize(("ca_file", "host"), [
    (Lab.wrong_ca_file, "imap.example.org"), ("", "imap.example.org"), (Lab.ca_file, "wrong-name.example.org"),
], ids=["wrong CA", "system's CAs", "wrong name"])  # fmt: skip
@securities
def test_aerc_reads_from_no_impostor(lab: Lab, ca_file: str, host: str, security: str) -> None:
    before = logins(lab)
    deploy(lab, "anna", [profile(incoming__host=host, incoming__security=security)], ["aerc"])
    run(lab, "anna", [(b"x509: certificate", QUIT)], ca_file)
    assert logins(lab) == before


@securities
def test_aerc_sends_to_no_impostor(lab: Lab, security: str) -> None:
    if security == "starttls" and lab.sandbox.users_root != "/":
        pytest.xfail(STARTTLS)
    email = USERS["anna"].email
    deploy(lab, "anna", [profile(outgoing__host="wrong-name.example.org", outgoing__security=security)], ["aerc"])
    lab.empty(email)
    lab.deliver(email, "is there", "Hello\n")
    before = lab.log()
    # aerc 0.20 connects before it composes, and what it says then may be gone before anybody reads it: the server says what happened.
    with pytest.raises(subprocess.TimeoutExpired):
        dialogue = [(b"is there", compose(email)), (b"Send this email?", b"y"), (b"never", QUIT)]
        lab.pty(["aerc"], user="anna", input=dialogue, env={"EDITOR": "true", "SSL_CERT_FILE": lab.ca_file}, timeout=20)
    said = lab.log().removeprefix(before)
    assert "alert bad certificate" in said
    assert "sasl_username" not in said


OWN, OWN_PASSWORD = "anna@own.example", "theirs"


@pytest.mark.every_release
@pytest.mark.parametrize("name", ["work", "work.second"])
@pytest.mark.parametrize("is_later", [False, True], ids=["before", "later"])
def test_an_own_account_that_would_be_mixed_with_ours(lab: Lab, name: str, is_later: bool) -> None:
    """aerc makes one of two sections with one name, and a section with a dot has what it lacks from the one that is named before the dot."""
    ours = [profile(key="work")]
    deploy(lab, "anna", ours if is_later else [], ["aerc"])
    lab.set_accounts({OWN: OWN_PASSWORD})
    own = f"[{name}]\nsource = imaps://anna%40own.example@imap.own.example\nfrom = {OWN}\n"
    lab.run(["sh", "-c", "umask 077; mkdir -p .config/aerc; cat >> .config/aerc/accounts.conf"], user="anna", input=own)
    since = lab.mark()
    redeploy(lab, "anna", ours, ["aerc"])
    # There is no password for the user's server.
    run(lab, "anna", [(b"uthentication failed", QUIT)])
    assert {password for _name, password in lab.seen_by("own.example", since)} <= {""} and lab.seen_by("example.org", since) == []
    assert lab.path("/home/anna/.config/aerc/accounts.conf").read_text() == own
    assert not lab.path("/home/anna/.config/mailops/aerc").exists()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a stored profile to a mailbox that opens: profiles in a store, the role over ssh with become, programs started by users."""

from __future__ import annotations

import os
from typing import Any

import pytest
from controller import Controller
from harness import Lab, load_users
from profiles import profile as small_profile

pytestmark = pytest.mark.own_release
USERS = load_users()
CLIENTS = ["neomutt", "msmtp", "mbsync", "fetchmail"]

# What people have already when the rollout comes.
OWN_LINES = {
    ".muttrc": b"set sort=threads",
    ".msmtprc": b"defaults\ntls off\naccount own\nhost mail.example.net\nfrom me@example.net\n\naccount default : own\n",
    ".mbsyncrc": b"# mine\n\nMaildirStore own\nPath ~/own/\n",
    ".fetchmailrc": b"# nothing yet\n",
}

NAME = "Poczta firmowa (Łódź) + R&D's"


def profile(**changes: Any) -> dict[str, Any]:
    texts = {
        "account_name": f"{{UserDisplayName}} ({NAME})",
        "signature": "{UserDisplayName}\n`touch /tmp/pwned`\n",
        "ca_file": Lab.ca_file,
    }
    return small_profile(NAME, **{**texts, **changes})


def listed(**changes: Any) -> list[dict[str, Any]]:
    return [
        {"name": user.name, "email": user.email, "display_name": user.display_name.strip(), "password": user.password, **changes}
        for user in USERS.values()
    ]


@pytest.fixture(scope="module")
def controller(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Controller:
    return Controller(lab, tmp_path_factory.mktemp("controller"))


@pytest.fixture(scope="module")
def own_files(lab: Lab) -> None:
    """Anna has files of her own."""
    for name, data in OWN_LINES.items():
        write(lab, "anna", name, data)


@pytest.fixture
def rolled_out(own_files: None, controller: Controller) -> None:
    """Everybody has the account, whatever an earlier test has left."""
    controller.store([profile()])
    controller.roll_out(listed(), profiles=[NAME], clients=CLIENTS)


def write(lab: Lab, name: str, path: str, data: bytes) -> None:
    target = lab.path(f"/home/{name}/{path}")
    target.write_bytes(data)
    target.chmod(0o600)
    account = lab.sandbox.account(name)
    os.chown(target, account.pw_uid, account.pw_gid)


def test_everybody_gets_an_account(own_files: None, lab: Lab, controller: Controller) -> None:
    controller.roll_out([{"name": name} for name in USERS], state="absent")
    controller.store([profile()])
    report = controller.roll_out(listed(), profiles=[NAME], clients=CLIENTS)
    assert report["accounts"] == {"total": len(USERS), "changed": len(USERS)} and report["failed_users"] == []
    for name in USERS:
        home, owner = lab.path(f"/home/{name}"), lab.sandbox.account(name)
        for path in (home / ".msmtprc", home / ".mbsyncrc", home / ".fetchmailrc", *home.glob(".config/mailops/neomutt/*")):
            state = path.stat()
            assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (owner.pw_uid, owner.pw_gid, 0o600), path
        assert {path.lstat().st_uid for path in home.rglob("*")} == {owner.pw_uid}


# One who had files of her own, and one who is nothing but quotes. In the tests of the programs everybody logs in.
@pytest.mark.parametrize("name", ["anna", "quentin"])
def test_every_program_does_its_work(rolled_out: None, lab: Lab, name: str) -> None:
    lab.deliver(USERS[name].email, "hello", "Hello\n")
    for program in ("mutt", "neomutt"):
        status, output = lab.pty([program], user=name, input=[(b"hello", b"x")])
        assert status == 0, output
    send_sync_and_fetch(lab, name, account=[] if name != "anna" else ["--account", key(lab)])


def key(lab: Lab) -> str:
    (path,) = lab.path("/home/anna/.local/share/mailops/mail/mbsync").iterdir()
    return path.name


def send_sync_and_fetch(lab: Lab, name: str, account: list[str]) -> None:
    user = USERS[name]
    lab.empty(user.email)
    sent = lab.run(["msmtp", *account, user.email], user=name, input="Subject: rolled out\n\nHello\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    (message,) = lab.messages(user.email)
    assert message["Subject"] == "rolled out" and f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    synced = lab.run(["mbsync", "--all"], user=name)
    assert synced.returncode == 0, synced.stderr
    (box,) = lab.path(f"{user.home}/.local/share/mailops/mail/mbsync").glob("*/INBOX")
    assert any("Subject: rolled out" in path.read_text() for path in box.glob("new/*"))
    fetched = lab.run(["fetchmail"], user=name)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    assert not lab.path("/tmp/pwned").exists()


def test_the_users_own_default_stays(rolled_out: None, lab: Lab) -> None:
    shown = lab.run(["msmtp", "-P"], user="anna")
    assert (shown.returncode, "host = mail.example.net" in shown.stdout) == (0, True)
    assert "tls = on" in lab.run(["msmtp", "-P", "--account", key(lab)], user="anna").stdout


def test_a_dry_run_and_a_second_run_change_nothing(rolled_out: None, lab: Lab, controller: Controller) -> None:
    arguments = {"profiles": [NAME], "clients": CLIENTS}
    before = {path: path.lstat().st_mtime_ns for name in USERS for path in lab.path(f"/home/{name}").rglob("*")}
    controller.roll_out(listed(), "--check", "--diff", **arguments)
    assert "changed=0" in controller.output
    again = controller.roll_out(listed(), "--diff", **arguments)
    assert again["files"]["unchanged"] and not again["changes"] and "changed=0" in controller.output
    assert {path: path.lstat().st_mtime_ns for name in USERS for path in lab.path(f"/home/{name}").rglob("*")} == before


@pytest.mark.parametrize("change", [
    {"incoming__security": "starttls", "outgoing__security": "starttls"},
    {"account_type": "pop", "incoming__host": "pop.example.org", "incoming__security": "starttls"},
], ids=["starttls", "pop with STLS"])  # fmt: skip
def test_a_changed_profile_reaches_everybody(rolled_out: None, lab: Lab, controller: Controller, change: dict[str, Any]) -> None:
    controller.store([profile(**change)])
    pop = "account_type" in change
    report = controller.roll_out(listed(), "--diff", "-vvvvv", profiles=[NAME], clients=CLIENTS)
    assert report["accounts"] == {"total": len(USERS), "changed": len(USERS)}
    assert {item["client"] for item in report["skipped_accounts"]} == ({"mbsync"} if pop else set())
    assert ("mbsync (isync) does not support POP" in controller.output) is pop
    for user in USERS.values():
        assert user.password in user.display_name or user.password not in controller.output
        lab.deliver(user.email, "changed", "Hello\n")
        fetched = lab.run(["fetchmail"], user=user.name)
        assert fetched.returncode == 0, fetched.stdout + fetched.stderr
        if not pop:
            synced = lab.run(["mbsync", "--all"], user=user.name)
            assert synced.returncode == 0, synced.stderr
    sent = lab.run(["msmtp", "basil@example.org"], user="basil", input="Subject: x\n\nx\n")
    assert (sent.returncode, sent.stderr) == (0, "")


def test_a_wrong_ca_is_refused_by_every_program(lab: Lab, controller: Controller) -> None:
    controller.store([profile(ca_file=Lab.wrong_ca_file)])
    controller.roll_out(listed(), profiles=[NAME], clients=CLIENTS)
    log_ins = lab.log().count("Login:")
    for argv in (["msmtp", "x@example.org"], ["mbsync", "--all"], ["fetchmail"], ["mutt", "-s", "x", "x@example.org"],
                 ["neomutt", "-s", "x", "x@example.org"]):  # fmt: skip
        done = lab.run(argv, user="basil", input="Subject: x\n\nx\n")
        assert done.returncode != 0, done
        # NeoMutt says nothing in batch mode.
        assert argv[0] == "neomutt" or "certificate" in (done.stdout + done.stderr).lower(), done
    assert lab.log().count("Login:") == log_ins


def test_users_who_are_not_there_are_named_after_the_others_were_served(lab: Lab, controller: Controller) -> None:
    controller.store([profile()])
    with pytest.raises(AssertionError, match="the host has no user ghost, phantom"):
        controller.roll_out([*listed(), *({**listed()[0], "name": name} for name in ("ghost", "phantom"))],
                            profiles=[NAME], clients=CLIENTS)  # fmt: skip
    assert b"smtp.example.org" in lab.path("/home/basil/.msmtprc").read_bytes()


def test_users_that_cannot_be_served_fail_alone(lab: Lab, controller: Controller) -> None:
    uid = str(lab.sandbox.account("anna").pw_uid)
    assert lab.run(["useradd", "--non-unique", "--uid", uid, "--no-create-home", "twin"]).returncode == 0
    assert lab.run(["useradd", "--no-create-home", "homeless"]).returncode == 0
    controller.store([profile()])
    template = listed()[0]
    with pytest.raises(AssertionError) as failure:
        controller.roll_out([*({**template, "name": name} for name in ("twin", "root", "homeless", "anna")), *listed()[1:]],
                            profiles=[NAME], clients=CLIENTS)  # fmt: skip
    for sentence in ("user root has uid 0", "user anna has the same uid as twin", "/home/homeless does not exist"):
        assert sentence in str(failure.value)
    assert b"smtp.example.org" in lab.path("/home/basil/.msmtprc").read_bytes()


def test_a_person_rolls_out_to_himself_without_root(lab: Lab, controller: Controller) -> None:
    controller.store([profile()])
    himself = {**listed()[0], "name": "admin"}
    arguments = {"profiles": [NAME], "clients": CLIENTS, "become": False}
    assert controller.roll_out([himself], **arguments)["files"]["created"] > 5
    assert controller.roll_out([himself], **arguments)["changes"] == []
    sent = lab.run(["msmtp", "anna@example.org"], user="admin", input="Subject: x\n\nx\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    with pytest.raises(AssertionError, match="is another user, for whom only root can write: run with become"):
        controller.roll_out(listed()[:2], **arguments)


def test_nothing_is_left_of_accounts_that_are_gone(rolled_out: None, lab: Lab, controller: Controller) -> None:
    # No store, no profile and no password is needed for that.
    controller.roll_out([{"name": name} for name in USERS], state="absent", store="/nonexistent/store.db")
    for name, data in OWN_LINES.items():
        assert lab.path(f"/home/anna/{name}").read_bytes() == data
    for name in USERS:
        home = lab.path(f"/home/{name}")
        assert not (home / ".config/mailops").exists() and not (home / ".local/state/mailops").exists()
        left = [path for path in home.iterdir() if path.name in OWN_LINES]
        assert sorted(path.name for path in left) == (sorted(OWN_LINES) if name == "anna" else [])

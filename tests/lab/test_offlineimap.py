# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OfflineIMAP, started by real users with nothing but what was rendered for them, logs in and syncs."""

from __future__ import annotations

import re
import subprocess

import pytest
from deployed import USERS, against, deploy, empty_home, impostors, logins, profile, redeploy, screen
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


def offlineimap(lab: Lab, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return lab.run(["offlineimap", "-u", "basic", *options], user=name)


def box(lab: Lab, name: str, key: str, folder: str = "INBOX"):
    return lab.path(f"{USERS[name].home}/.local/share/mailops/mail/offlineimap/{key}/{folder}")


@pytest.mark.parametrize("name", ["percy", "stella", "edgar", "lukasz", "longina"])
def test_offlineimap_syncs(lab: Lab, name: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [profile()], ["offlineimap"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    answer = offlineimap(lab, name)
    assert answer.returncode == 0, answer.stderr
    (message,) = box(lab, name, account.key).glob("new/*")
    assert "Subject: is there" in message.read_text()
    assert box(lab, name, account.key, "Sent").is_dir()


def test_what_is_deleted_here_stays_on_the_server(lab: Lab) -> None:
    email = USERS["anna"].email
    (account,) = deploy(lab, "anna", [profile()], ["offlineimap"])
    lab.empty(email)
    for subject in ("marked", "removed"):
        lab.deliver(email, subject, "Hello\n")
    assert offlineimap(lab, "anna").returncode == 0
    marked, removed = sorted(box(lab, "anna", account.key).glob("new/*"), key=lambda path: "removed" in path.read_text())
    marked.rename(marked.parent.parent / "cur" / f"{marked.name.split(':')[0]}:2,ST")
    removed.unlink()
    lab.run(["rm", "-r", ".local/share/mailops/mail/offlineimap/" + account.key + "/Drafts"], user="anna")
    for _time in ("once", "again"):
        answer = offlineimap(lab, "anna")
        assert answer.returncode == 0, answer.stderr
        assert sorted(each["Subject"] for each in lab.messages(email)) == ["marked", "removed"]
    (back,) = box(lab, "anna", account.key).glob("new/*")
    assert back.name.endswith(":2,T")


def test_folders_are_made_here_and_never_there(lab: Lab) -> None:
    (account,) = deploy(lab, "anna", [profile()], ["offlineimap"])
    folders = ["Archive/a b/c", "100%s"]
    for folder in folders:
        lab.run(["doveadm", "mailbox", "create", "-u", USERS["anna"].email, folder])
    lab.run(["mkdir", "-p", *(f".local/share/mailops/mail/offlineimap/{account.key}/Mine/{part}" for part in ("cur", "new", "tmp"))], user="anna")
    before = lab.run(["doveadm", "mailbox", "list", "-u", USERS["anna"].email]).stdout
    answer = offlineimap(lab, "anna")
    assert answer.returncode == 0, answer.stderr
    assert all((box(lab, "anna", account.key, folder) / "cur").is_dir() for folder in folders)
    assert lab.run(["doveadm", "mailbox", "list", "-u", USERS["anna"].email]).stdout == before
    assert all(folder in before for folder in folders)


def test_the_users_own_accounts_stay(lab: Lab) -> None:
    """A file with own lines stays as it is, and ours has a name."""
    (theirs,) = deploy(lab, "basil", [profile("theirs")], ["offlineimap"])
    own = lab.path("/home/basil/.offlineimaprc").read_text()
    own = "".join(line for line in own.splitlines(keepends=True) if not line.startswith(("#", "metadata =")))
    password = USERS["basil"].password.replace("%", "%%")
    own = re.sub("remotepasseval = .*", lambda _found: f"remotepass = {password}", own)
    deploy(lab, "basil", [], ["offlineimap"])
    lab.path("/home/basil/.offlineimaprc").write_text(own)
    lab.run(["chown", "basil:", "/home/basil/.offlineimaprc"])
    (ours,) = redeploy(lab, "basil", [profile()], ["offlineimap"])
    for options, synced in (((), theirs), (("-c", ".config/mailops/offlineimap/config"), ours)):
        answer = offlineimap(lab, "basil", *options)
        assert answer.returncode == 0, answer.stderr
        assert [line for line in answer.stdout.splitlines() if "Processing" in line] == [f"*** Processing account {synced.key}"]
        assert box(lab, "basil", synced.key).is_dir()


def test_an_account_of_the_users_with_the_name_of_ours(lab: Lab) -> None:
    """OfflineIMAP knows what it has synced by that name. Neither takes the other's messages for those that were deleted."""
    anna, basil = USERS["anna"], USERS["basil"]
    (ours,) = deploy(lab, "anna", [profile()], ["offlineimap"])
    own = lab.path("/home/anna/.offlineimaprc").read_text()
    own = "".join(line for line in own.splitlines(keepends=True) if not line.startswith(("#", "metadata =", "remotepasseval =")))
    own = re.sub("localfolders = .*", "localfolders = ~/mail", own)
    password = basil.password.replace("%", "%%")
    own = re.sub("remoteusereval = .*", lambda _found: f"remoteuser = {basil.email}\nremotepass = {password}", own)
    empty_home(lab, "anna")
    lab.path("/home/anna/.offlineimaprc").write_text(own)
    lab.run(["chown", "anna:", "/home/anna/.offlineimaprc"])
    redeploy(lab, "anna", [profile()], ["offlineimap"])
    for user, subjects in ((basil, ("first", "second")), (anna, ("a", "b", "c", "d", "e"))):
        lab.empty(user.email)
        for subject in subjects:
            lab.deliver(user.email, subject, "Hello\n")
    assert offlineimap(lab, "anna").returncode == 0
    assert offlineimap(lab, "anna", "-c", ".config/mailops/offlineimap/config").returncode == 0
    lab.deliver(basil.email, "third", "Hello\n")
    for options in ((), ("-c", ".config/mailops/offlineimap/config")):
        answer = offlineimap(lab, "anna", *options)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    assert subjects_in(lab.path("/home/anna/mail/INBOX")) == ["first", "second", "third"]
    assert subjects_in(box(lab, "anna", ours.key)) == ["a", "b", "c", "d", "e"]


def subjects_in(folder) -> list[str]:
    """Of the messages that are not marked as deleted."""
    messages = [path.read_text() for path in folder.glob("[nc]*/*") if not path.name.endswith("T")]
    return sorted(re.search("^Subject: (.*)", text, re.MULTILINE)[1] for text in messages)


@pytest.mark.parametrize("name", ["quentin", "lukasz"])
def test_offlineimap_gets_a_password_from_a_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    place = f'{user.home}/it\'s "$HOME" `x` %(x)s \u0142'
    data = profile(variables={"Place": None}, incoming__password=None, incoming__password_command=["cat", "{Place}"])
    (account,) = deploy(lab, name, [data], ["offlineimap"], variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\nsecond line\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.empty(user.email)
    lab.deliver(user.email, "by command", "Hello\n")
    answer = offlineimap(lab, name)
    assert answer.returncode == 0, answer.stderr
    assert len(list(box(lab, name, account.key).glob("new/*"))) == 1


@pytest.mark.every_release
def test_offlineimap_asks_for_a_password(lab: Lab) -> None:
    """And takes none that the user has noted down for any other server, or for this one."""
    user = USERS["anna"]
    (account,) = deploy(lab, "anna", [profile(incoming__password=None)], ["offlineimap"])
    lab.path("/home/anna/.netrc").write_text(f"default login {user.email} password her-own\n")
    lab.run(["chown", "anna:", "/home/anna/.netrc"])
    lab.path("/home/anna/.netrc").chmod(0o600)
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    since = lab.mark()
    dialogue = [(b"Enter password", f"{user.password}\n".encode())]
    status, output = lab.pty(["offlineimap", "-u", "ttyui"], user="anna", input=dialogue, timeout=25)
    assert status == 0, screen(output)
    assert subjects_in(box(lab, "anna", account.key)) == ["is there"]
    assert set(lab.seen_by("example.org", since)) == {(user.email, user.password)}


def test_a_password_that_is_not_sent(lab: Lab) -> None:
    deploy(lab, "lukasz", [profile(incoming__authentication="encrypted")], ["offlineimap"])
    before = lab.log().count("CRAM-MD5")
    answer = offlineimap(lab, "lukasz")
    assert answer.returncode == 0, answer.stderr
    assert lab.log().count("CRAM-MD5") > before


@impostors
def test_offlineimap_refuses_an_impostor(lab: Lab, impostor: str) -> None:
    deploy(lab, "anna", [against(impostor, "tls")], ["offlineimap"])
    before = logins(lab)
    answer = offlineimap(lab, "anna")
    assert answer.returncode != 0 and "verif" in answer.stdout, answer
    assert logins(lab) == before

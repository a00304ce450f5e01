# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""git send-email where the user has settings of their own, in any of the files that git reads: theirs decide as before.

Whether ours sends then as it should is in tests/lab/test_lived_in_git.py.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import resolved
from .programs import Home, needs

pytestmark = pytest.mark.programs

OWN = "[sendemail]\n\tsmtpServer = smtp.own.example\n\tfrom = Own <own@example.net>\n"
ABSENT = {"outgoing__password": None}


def git(home: Home, name: str) -> str:
    return home.run("git", "config", "--includes", name).stdout.strip()


ELSEWHERE = {
    "include": {".gitconfig": "[include]\n\tpath = ~/.own\n", ".own": OWN},
    "two includes": {".gitconfig": "[include]\n\tpath = ~/.nothing\n\tpath = .own\n", ".own": OWN},
    "quoted, on one line": {".gitconfig": '[Include] PATH = "~/.own" # mine\n', ".own": OWN},
    "includeIf": {".gitconfig": '[includeIf "gitdir:~/"]\n\tpath = ~/.own\n', ".own": OWN},
    "the other file": {".gitconfig": "[user]\n\tname = Own\n", ".config/git/config": OWN},
    "included by the other file": {".gitconfig": "", ".config/git/config": "[include]\n\tpath = more\n", ".config/git/more": OWN},
    "an unknown one": {".gitconfig": "[include]\n\tpath = /opt/own/gitconfig\n"},
}


@pytest.mark.parametrize("files", ELSEWHERE.values(), ids=ELSEWHERE)
def test_an_own_default_in_another_file(files: dict[str, str], homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile()])
    home = homes("git_send_email", accounts, context, files)
    assert git(home, "sendemail.identity") == ""
    assert git(home, f"sendemail.{accounts[0].key}.smtpserver") == "smtp.example.org"
    marked, context = resolved([profile(default=True)])
    assert git(homes("git_send_email", marked, context, files), "sendemail.identity") == marked[0].key


USER = "[user]\n\tname = Own\n\temail = own@example.net\n"
PATCH = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Own <own@example.net>\nSubject: A change\n\nWhy.\n"
RECIPIENTS = ["to", "cc", "bcc", "toCmd", "ccCmd"]


def value(setting: str, where: str) -> str:
    """Of a setting that adds a recipient, whose address says which one and where it stands."""
    address = f"{setting.lower()}@{where}.example"
    return f'"echo {address} #"' if setting.endswith("Cmd") else address


def general(*settings: str) -> str:
    return "[sendemail]\n" + "".join(f"\t{setting} = {value(setting, 'general')}\n" for setting in settings)


def recipients(home: Home, *of_repository: str) -> set[str]:
    """Of a patch that our identity would send, from a repository with these settings."""
    (home.path / "a.patch").write_text(PATCH)
    assert home.run("git", "init", "-q", "repository").returncode == 0
    for setting in of_repository:
        home.run("git", "-C", "repository", "config", f"sendemail.{setting}", value(setting, "repository").strip('"'))
    said = dry_run(home)
    assert "Server: smtp.example.org\n" in said
    return set(re.findall("^RCPT TO:<(.*)>$", said, re.MULTILINE))


def dry_run(home: Home, *options: str) -> str:
    sent = home.run("git", "-C", "repository", "send-email", "--dry-run", "--confirm=never", "--suppress-cc=author", *options, "../a.patch")
    assert sent.returncode == 0, sent
    return sent.stdout


@pytest.mark.parametrize("setting", RECIPIENTS)
@pytest.mark.parametrize("default", [False, True])
def test_recipients_of_a_repository_get_the_patch(setting: str, default: bool, homes: Any) -> None:
    """As projects teach to set them. What stands in the user's general file does not apply, as far as it is not that setting."""
    needs("git")
    accounts, context = resolved([profile(default=default)])
    ours = f"{setting.lower()}@repository.example"
    assert recipients(homes("git_send_email", accounts, context, {".gitconfig": USER}), setting) == {ours}
    others = [each for each in RECIPIENTS if each != setting]
    home = homes("git_send_email", accounts, context, {".gitconfig": USER + general(*others)})
    assert recipients(home, setting) == {ours}


@pytest.mark.parametrize("setting", RECIPIENTS)
@pytest.mark.parametrize("files", [
    {".gitconfig": USER + "{}"}, {".gitconfig": USER + "[include]\n\tpath = ~/.own\n", ".own": "{}"}, {".gitconfig": USER, ".config/git/config": "{}"},
], ids=["file", "include", "other file"])  # fmt: skip
def test_recipients_of_the_general_settings_do_not(setting: str, files: dict[str, str], homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile()])
    home = homes("git_send_email", accounts, context, {path: text.format(general(setting)) for path, text in files.items()})
    other = "cc" if setting != "cc" else "bcc"
    assert recipients(home, other) == {f"{other}@repository.example"}


def test_a_repository_gets_its_own_server_without_an_identity(homes: Any) -> None:
    """It cannot be seen from the home: docs/clients.md has the commands."""
    needs("git")
    accounts, context = resolved([profile()])
    home = homes("git_send_email", accounts, context, {".gitconfig": USER})
    recipients(home, "to")
    for name, text in {"smtpServer": "smtp.own.example", "from": "own@own.example"}.items():
        home.run("git", "-C", "repository", "config", f"sendemail.{name}", text)
    assert "Server: smtp.example.org\n" in dry_run(home)
    assert "Server: smtp.own.example\n" in dry_run(home, "--no-identity")
    home.run("git", "-C", "repository", "config", "sendemail.identity", "")
    assert "Server: smtp.own.example\n" in dry_run(home)


def test_an_include_that_is_not_known_may_have_recipients(homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile(default=True)])
    home = homes("git_send_email", accounts, context, {".gitconfig": USER + "[include]\n\tpath = /opt/own/gitconfig\n"})
    for setting, undone in {"to": "", "cc": "", "bcc": "", "ccCmd": "true"}.items():
        found = home.run("git", "config", f"sendemail.{accounts[0].key}.{setting}")
        assert (found.returncode, found.stdout) == (0, f"{undone}\n")


@pytest.mark.parametrize("own", [
    "[mergetool \"meld\"]\n\tpath = /usr/bin/meld\n", "[sendemail]\n\tconfirm = auto\n[other]\n\tsmtpPass = x\n\tsendmailCmd = x\n",
    '[sendemail "own"]\n\tsendmailCmd = msmtp\n\tsmtpPass = x\n', "# [sendemail]\n#\tsendmailCmd = x\n", "[sendemail]\n#\tsmtpPass = x\n\t; from = y\n",
])  # fmt: skip
@pytest.mark.parametrize("changes", [{}, ABSENT], ids=["password", "none"])
def test_nothing_of_theirs_that_matters(own: str, changes: dict[str, Any], homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile(**changes)])
    assert git(homes("git_send_email", accounts, context, {".gitconfig": own}), "sendemail.identity") == accounts[0].key


@pytest.mark.parametrize(("own", "changes"), [
    ("[sendemail]\n\tsendmailCmd = msmtp\n", {}), ("[SendEmail] sendmailcmd=x\n", {}), ("[sendemail]\n\tx = y\n\n\tSendmailCmd\t= msmtp\n", {}),
    ('[sendemail "work-fe4292b5"]\n\tbcc = own@example.net\n', {}), ("[sendemail]\n\tsmtpPass = own\n", ABSENT),
    ("[sendemail]\n\tsmtpuser = o\n\tsmtppass = own\n", {**ABSENT, "default": True}),
])  # fmt: skip
def test_accounts_that_cannot_be_right_are_not_there(own: str, changes: dict[str, Any], homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile(**changes)])
    home = homes("git_send_email", accounts, context, {".gitconfig": own})
    assert (home.path / ".gitconfig").read_text() == own
    assert not (home.path / f".config/mailops/git_send_email/{accounts[0].key}.gitconfig").exists()
    assert {note for note in clients.get("git_send_email").variant_notes.values() if note.skips}


@pytest.mark.parametrize("default", ["first", "second", None])
def test_only_the_account_without_a_password_is_not_there(default: str | None, homes: Any) -> None:
    needs("git")
    profiles = [profile("first", default=default == "first"), profile("second", default=default == "second", **ABSENT)]
    accounts, context = resolved(profiles)
    keys = {account.profile: account.key for account in accounts}
    home = homes("git_send_email", accounts, context, {".gitconfig": "[sendemail]\n\tsmtpPass = own\n"})
    assert git(home, "sendemail.identity") == (keys["first"] if default == "first" else "")
    assert git(home, f"sendemail.{keys['first']}.smtpserver") and not git(home, f"sendemail.{keys['second']}.smtpserver")

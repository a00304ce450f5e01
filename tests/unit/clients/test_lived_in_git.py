# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""git send-email where the user has settings of their own, in any of the files that git reads: theirs decide as before.

Whether ours sends then as it should is in tests/lab/test_lived_in_git.py.
"""

from __future__ import annotations

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

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes in which our account has been the default one, and whose users then add lines of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._file import NO_LONGER_DEFAULT

from ...profiles import profile
from .accounts import resolved
from .home import materialise
from .programs import Home, needs


class Habit(NamedTuple):
    """Where a client's users have their lines, where our block is, what shows that our account opens, lines that are a part of an account, and
    lines that are a whole one."""

    path: str
    block: str
    opens: str
    parts: tuple[str, ...]
    wholes: tuple[str, ...]


HABITS = {
    "neomutt": Habit(
        ".muttrc", ".muttrc", r"^source ~/\.config/mailops/neomutt/.*\.muttrc$|echo \"source ~/",
        (
            "mailboxes =Lists =Archive\n", "set from=jan@example.org\n", "my_hdr From: jan@example.org\n", "set sendmail=/usr/sbin/sendmail\n",
            "account-hook . 'set imap_user=own'\n", "source 'gpg -d ~/.mutt/secrets.gpg |'\n", "named-mailboxes Lists =Lists\n",
            "set folder=~/Mail record=+sent\nmailboxes +lists\nset from=jan@example.org\n",
        ),
        (
            "set spoolfile=~/Maildir\n", "set smtp_url=smtps://own@smtp.own.example\n", "set pop_host=pop.own.example\n",
            "set folder=imaps://imap.own.example/\nmailboxes =INBOX\nset from=own@example.net\n", "set  spool_file = +INBOX\n",
        ),
    ),
    "git_send_email": Habit(
        ".gitconfig", ".gitconfig", r"^\tpath = ~/.*\.default\.gitconfig$",
        (
            "[sendemail]\n\tfrom = Jan Kowalski <jan@example.org>\n", "[sendemail]\n\tsmtpUser = jan\n",
            "[include]\n\tpath = /opt/own/gitconfig\n",
        ),
        ("[sendemail]\n\tsmtpServer = smtp.own.example\n", "[sendemail]\n\tidentity = own\n", "[SendEmail] smtpserver = /usr/bin/msmtp\n"),
    ),
    "alpine": Habit(
        ".pinerc", ".pinercex", "^inbox-path=",
        ("customized-hdrs=X-Mood: fine\n", "user-domain=example.org\n", "folder-collections=mail/[]\n"),
        ("inbox-path={imap.own.example/ssl}INBOX\n", "smtp-server=smtp.own.example\n", "sendmail-path=/usr/bin/msmtp -t\n"),
    ),
    "s_nail": Habit(
        ".mailrc", ".mailrc", r"^account [\w-]+$",
        ("source ~/.mail/`hostname`\n",),
        ("set mta=smtps://smtp.own.example\n", "set inbox=~/Maildir\n", "account own {\n}\naccount own\n"),
    ),
}  # fmt: skip
parts = pytest.mark.parametrize(("client", "line"), [(name, line) for name, habit in HABITS.items() for line in habit.parts])
wholes = pytest.mark.parametrize(("client", "line"), [(name, line) for name, habit in HABITS.items() for line in habit.wholes])


class Lived:
    """A home over several runs."""

    def __init__(self, client: str, home: Path) -> None:
        self.client = client
        self.habit = HABITS[client]
        self.home = home

    def run(self, *names: str, **changes: Any) -> set[str]:
        accounts, context = resolved([profile(name, **changes) for name in names or ("work",)])
        return {note.rpartition("/")[2] for note in materialise(clients.get(self.client).files(accounts, context), self.home)}

    def add(self, line: str) -> None:
        path = self.home / self.habit.path
        path.write_text((path.read_text() if path.exists() else "") + line)

    def opens_ours(self) -> bool:
        block = (self.home / self.habit.block).read_text().partition("BEGIN mailops")[2].partition("END mailops")[0]
        return bool(re.search(self.habit.opens, block, re.MULTILINE))

    def remove(self, line: str) -> None:
        path = self.home / self.habit.path
        path.write_text(path.read_text().replace(line, ""))


@parts
def test_a_part_of_an_account_that_is_added_later_does_not_take_ours_away(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.run()
    lived.add(line)
    for _again in range(2):
        assert NO_LONGER_DEFAULT not in lived.run()
        assert lived.opens_ours()
    # Nor does another profile in place of this one, nor a second one.
    lived.run("other")
    assert lived.opens_ours()
    lived.run("other", "third")
    assert lived.opens_ours()


@parts
def test_a_part_that_was_there_first_is_the_users_default(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.add(line)
    for _again in range(2):
        assert NO_LONGER_DEFAULT not in lived.run()
        assert not lived.opens_ours()


@parts
def test_who_was_overruled_by_a_mark_has_the_own_default_again_without_it(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.add(line)
    lived.run(default=True)
    assert lived.opens_ours()
    lived.run()
    assert not lived.opens_ours()


@parts
def test_a_mark_does_not_make_a_part_that_was_added_later_a_default(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.run()
    lived.add(line)
    lived.run(default=True)
    lived.run()
    assert lived.opens_ours()


@wholes
def test_a_whole_account_that_is_added_later_becomes_the_default_and_the_task_says_so(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.run()
    lived.add(line)
    assert NO_LONGER_DEFAULT in lived.run()
    assert not lived.opens_ours()
    assert NO_LONGER_DEFAULT not in lived.run()  # once
    lived.remove(line)
    lived.run()
    assert lived.opens_ours()


@wholes
def test_a_whole_account_that_was_there_first_is_no_news(client: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.add(line)
    assert NO_LONGER_DEFAULT not in lived.run()
    assert not lived.opens_ours()


@pytest.mark.parametrize("client", HABITS)
def test_a_whole_account_in_a_home_where_ours_was_marked_is_no_news(client: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    lived.add(lived.habit.wholes[0])
    lived.run(default=True)
    assert lived.opens_ours()
    assert NO_LONGER_DEFAULT not in lived.run()
    assert not lived.opens_ours()


@pytest.mark.parametrize("client", HABITS)
def test_who_has_taken_our_account_out_keeps_an_own_one(client: str, tmp_path: Path) -> None:
    """The lines of ours in a user's file are the user's to edit."""
    lived = Lived(client, tmp_path)
    lived.run()
    path = tmp_path / lived.habit.block
    path.write_text(re.sub(f"(?m)(?:{lived.habit.opens}).*", "# not this", path.read_text()))
    lived.add(lived.habit.parts[0])
    lived.run()
    assert not lived.opens_ours()


@pytest.mark.parametrize(("client", "first", "then", "line"), [
    ("neomutt", ".muttrc", ".config/neomutt/neomuttrc", "source ~/.muttrc\nmailboxes =Lists\n"),
    ("git_send_email", ".config/git/config", ".gitconfig", "[sendemail]\n\tfrom = jan@example.org\n"),
])  # fmt: skip
def test_a_block_that_moves_to_another_file_remembers(client: str, first: str, then: str, line: str, tmp_path: Path) -> None:
    lived = Lived(client, tmp_path)
    (tmp_path / first).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / first).write_text("")
    lived.run()
    (tmp_path / then).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / then).write_text(line)
    lived.run()
    assert re.search(lived.habit.opens, (tmp_path / then).read_text(), re.MULTILINE)


@pytest.mark.programs
@pytest.mark.parametrize("program", ["mutt", "neomutt"])
@pytest.mark.parametrize(("line", "moves"), [
    ("set from='Jan <jan@example.org>'\n", True), ("mailboxes =Lists =Archive\n", False), ("\n# Lists\nmailboxes \"+Lists\" =a/b \n\n", False),
    ("mailboxes =Lists\nset sort=date\n", True), ("# mailboxes \\\nset sort=date\n", True), ("mailboxes =Lists; set sort=date\n", True),
    ("mailboxes =`echo Lists`\n", True), ("set sidebar_visible=yes sidebar_width = 20\nmailboxes =Lists\nalias own Own <own@example.net>\n", False),
    ("set sidebar_visible=yes folder=~/Mail\n", True), ("bind index,pager B sidebar-toggle-visible\ncolor index red default ~F\n", False),
    ("alias own `id`@example.net\n", True), ("bind index x exit; set sort=date\n", True), ("set sort=date # mailboxes =Lists\n", True),
])  # fmt: skip
def test_mutt_opens_what_it_opened(program: str, line: str, moves: bool, homes: Any) -> None:
    """Mailboxes of our account have to stay below its lines: above them the name is one in ~/Mail, and NeoMutt reports an error."""
    needs(program)
    accounts, context = resolved([profile()])
    home: Home = homes("neomutt", accounts, context)
    folder = home.run(program, "-Q", "folder").stdout
    assert "imap.example.org" in folder
    text = (home.path / ".muttrc").read_text()
    (home.path / ".muttrc").write_text(text + line)
    for _again in range(2):
        materialise(clients.get("neomutt").files(accounts, context), home.path)
        after = (home.path / ".muttrc").read_text()
        assert after.endswith(line) is not moves and after.startswith(line) is moves
    opened = home.run(program, "-Q", "folder")
    # NeoMutt looks for our server already.
    assert opened.stdout == folder and ("Unknown" not in opened.stderr or moves)


def test_the_server_of_another_instance_is_none_of_the_users(tmp_path: Path) -> None:
    lived = Lived("neomutt", tmp_path)
    lived.run()
    other = tmp_path / ".config/mailops/neomutt/other.settings"
    other.write_text("set folder=imaps://imap.other.example/\n")
    block = "# BEGIN mailops.profiles other\nsource $HOME/.config/mailops/neomutt/other.settings\n# END mailops.profiles other\n"
    lived.add(f"mailboxes =Lists\n{block}")
    assert lived.run() == set()
    assert lived.opens_ours()

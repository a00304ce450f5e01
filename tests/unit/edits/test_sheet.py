# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of profiles and the sheet of one, as people read them."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.sheet import MAX_ROWS, sheet, table
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

from .records import RICH, SERVERS, stored

SEALED = f"$mailops$1${'A' * 22}${'B' * 11}${'C' * 60}"


def test_the_table() -> None:
    profiles = [stored("Poczta (Łódź)", default=True, description="Dla wszystkich"), stored("工作", account_type="pop")]
    assert table(profiles, "store /x").split("\n") == [
        "2 profiles in store /x",
        "NAME           TYPE  INCOMING                  OUTGOING                  DEFAULT  DESCRIPTION",
        "Poczta (Łódź)  imap  imap.example.org:993 tls  smtp.example.org:465 tls  yes      Dla wszystkich",
        "工作           pop   imap.example.org:995 tls  smtp.example.org:465 tls  no",
    ]
    assert table([], "store /x") == "0 profiles in store /x"


def test_a_long_table_says_so() -> None:
    lines = table([stored(description="x" * 500)] * (MAX_ROWS + 7), "store").split("\n")
    assert len(lines) == MAX_ROWS + 3 and lines[-1] == "... and 7 more, which show displays by name"
    assert max(map(len, lines)) < 160 and lines[2].endswith("x" * 37 + "...")


def test_the_sheet() -> None:
    data = {**SERVERS, **RICH, "signature": "Bye\nEx Ltd", "outgoing": {"host": "smtp.example.org", "port": 1587, "security": "starttls"}}
    assert sheet(stored(**data)).split("\n") == [
        "Profile             work", "Key on hosts        work-fe4292b5", "Revision            1", "Description         -",
        "E-mail address      {UserEmail}", "Account name        {UserEmail}", "Sender name         {UserDisplayName}",
        "Reply to            office@example.org", "Account type        imap", "Default account     no", "Notifications       yes",
        "Signature           Bye", "                    Ex Ltd", "Incoming server     imap.example.org",
        "Incoming port       993 (follows from the security)", "Incoming security   tls", "Incoming user name  {UserName}",
        "Incoming password   each user's own, {UserPassword}", "Outgoing server     smtp.example.org", "Outgoing port       1587",
        "Outgoing security   starttls", "Outgoing user name  {UserEmail}", "Outgoing password   not set, the mail program asks",
        "Folders             junk: Spam", "                    sent: Sent", "Variables           Region: north",
        "                    Team: (each user gives it)",
    ]  # fmt: skip


def test_passwords_are_never_displayed() -> None:
    servers = {"incoming": {"host": "a.example.org", "password": SEALED}, "outgoing": {"host": "b.example.org", "password_command": ["pass", "show", "s3cret"]}}
    data = read_profile({"name": "work", "key": "work", **servers}).as_data()
    text = sheet(Stored("id", "work", 1, data))
    assert "set, encrypted in the store" in text and "from the command pass" in text and "mailops" not in text and "s3cret" not in text


def test_what_a_store_holds_cannot_move_the_cursor() -> None:
    data = {**stored().data, "description": "\x1b[2J", "signature": "a\x07\nb"}
    record = Stored("id", "work", 1, data)
    assert "\x1b" not in sheet(record) + table([record], "store\x1b") and "\x07" not in sheet(record)

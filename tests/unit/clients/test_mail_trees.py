# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where our programs keep mail: outside of what a user's own program synchronises with another server, which would get a copy of all of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client

from ...profiles import profile
from .accounts import files_of, resolved
from .programs import PYTHON, Home, needs

pytestmark = pytest.mark.programs

FETCHERS = ("getmail", "mbsync", "mpop", "offlineimap")
# What their files say of directories.
PLACES = re.compile(r"(?:^Path|^path =|^delivery maildir|^localfolders =) ~/(\S+)", re.MULTILINE)
OWN_MBSYNC = """\
MaildirStore own-far
Path ~/server/
Inbox ~/server/INBOX
SubFolders Verbatim

MaildirStore own-near
Path ~/Mail/
Inbox ~/Mail/INBOX
SubFolders Verbatim

Channel own
Far :own-far:
Near :own-near:
Patterns *
Create Both
"""
# The folders of localfolders, each with its separator, as OfflineIMAP itself finds them.
LISTED = """
import json, os, sys
sys.path.insert(0, "/usr/share/offlineimap3")
from offlineimap.CustomConfig import CustomConfigParser
from offlineimap.accounts import SyncableAccount
from offlineimap.repository import Repository
from offlineimap.ui import UI_LIST, setglobalui

config = CustomConfigParser()
config.read_string('''
[general]
dry-run = False
[Account own]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = ~/Mail
sep = SEP
[Repository there]
type = IMAP
remotehost = localhost
''')
setglobalui(UI_LIST["quiet"](config))
print(json.dumps([folder.getname() for folder in Repository(SyncableAccount(config, "own"), "local").getfolders()]))
"""


def with_folders(home: Home, key: str) -> None:
    """As after a run of our program, which has got folders."""
    texts = [path.read_text(errors="replace") for path in home.path.rglob("*") if path.is_file()]
    places = {place for text in texts for place in PLACES.findall(text) if key in place}
    assert places
    for place in places:
        for folder in ("", "INBOX", "INBOX/Sub"):
            for part in ("cur", "new", "tmp"):
                (home.path / place / folder / part).mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("client", FETCHERS)
def test_an_own_program_that_synchronises_mail_finds_none_of_ours(client: str, homes: Any) -> None:
    needs("mbsync")
    needs("offlineimap")
    own = {".mbsyncrc-own": OWN_MBSYNC, "Mail/INBOX/cur/.keep": "", "Mail/INBOX/new/.keep": "", "Mail/INBOX/tmp/.keep": "", "server/.keep": ""}
    (kind, *_others) = clients.get(client).account_types
    (account,), context = resolved([profile(account_type=kind)])
    home = homes(client, [account], context, own)
    with_folders(home, account.key)
    listed = home.run("mbsync", "-c", ".mbsyncrc-own", "-l", "own")
    assert (listed.returncode, listed.stdout.split()) == (0, ["INBOX"]), listed
    for separator in ("/", "."):
        listed = home.run(PYTHON, "-W", "ignore", "-c", LISTED.replace("SEP", separator))
        assert listed.returncode == 0 and json.loads(listed.stdout) == ["INBOX"], listed


@pytest.mark.parametrize("client", clients.all_clients(), ids=lambda client: client.name)
def test_no_file_of_any_client_is_in_a_visible_directory(client: Client) -> None:
    """Those are the user's."""
    (kind, *_others) = client.account_types
    files = files_of(client, *resolved([profile(account_type=kind)]))
    assert [file.path for file in files if "/" in file.path and not file.path.startswith(".")] == []

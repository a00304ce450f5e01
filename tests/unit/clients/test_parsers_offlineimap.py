# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OfflineIMAP reads back what was written for any valid profile and user: its own classes are asked, and the program itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any, Callable, Iterator

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from .accounts import resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .programs import PYTHON, Home, needs

pytestmark = pytest.mark.programs

# As OfflineIMAP itself makes its accounts, up to the connection. The file of authorities would have to exist for its own method.
OFFLINEIMAP = """
import json, os, sys, types
sys.path.insert(0, "/usr/share/offlineimap3")
from offlineimap import globals as options
from offlineimap.CustomConfig import CustomConfigParser
from offlineimap.accounts import SyncableAccount
from offlineimap.repository import Repository
from offlineimap.ui import UI_LIST, setglobalui

def settings(home):
    os.environ["HOME"] = home
    config = CustomConfigParser()
    config.read(os.path.expanduser("~/.offlineimaprc"))
    config.set("general", "dry-run", "True")  # as its option --dry-run does
    setglobalui(UI_LIST["quiet"](config))
    names = [name.lstrip() for name in config.get("general", "accounts").split(",")]
    return {name: settings_of(Repository(SyncableAccount(config, name), "remote")) for name in names}

def settings_of(server):
    return {
        "host": server.gethost(), "port": server.getport(), "ssl": server.getssl(), "ca_file": server.getconf("sslcacertfile", None),
        "username": server.getuser(), "password": server.getpassword(),
    }

options.set_options(types.SimpleNamespace(dryrun=True))
for line in sys.stdin:
    print(json.dumps(settings(json.loads(line))), flush=True)
"""


@pytest.fixture(scope="module")
def offlineimap() -> Iterator[Callable[[Home], Any]]:
    """A function that gives the settings of each account, as OfflineIMAP has them."""
    needs("offlineimap")
    with subprocess.Popen([PYTHON, "-W", "ignore", "-c", OFFLINEIMAP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(home: Home) -> Any:
            print(json.dumps(os.fspath(home.path)), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def test_offlineimap_reads_what_was_written(offlineimap: Callable[[Home], Any], homes: Any) -> None:
    @examples(30)
    @given(profiles_and_user(types=("imap",)))
    def check(drawn: Drawn) -> None:
        accounts, context = taken("offlineimap", drawn)
        home = homes("offlineimap", accounts, context)
        assert offlineimap(home) == {account.key: settings_of(account) for account in accounts}
        home.refuse_canary()

    check()


@pytest.mark.parametrize("netrc", ["default login {} password own\n", "machine imap.example.org login {} password own\n"])
def test_no_password_of_the_users_is_taken_for_ours(netrc: str, offlineimap: Callable[[Home], Any], homes: Any) -> None:
    accounts, context = resolved([profile(incoming__password=None)])
    home = homes("offlineimap", accounts, context, {".netrc": netrc.format(accounts[0].incoming.username)})
    assert offlineimap(home) == {account.key: settings_of(account) for account in accounts}


def settings_of(account: Account) -> dict[str, Any]:
    server = account.incoming
    # The command is printf '%s\\n' with the words that were drawn. The first line is the password.
    words = (server.password_command or ())[2:]
    tls = server.security == "tls"
    return {
        "host": server.host, "port": server.port, "ssl": tls, "ca_file": (account.ca_file or "OS-DEFAULT") if tls else None,
        # It asks for an empty one.
        "username": server.username, "password": "".join(words[:1]) if server.password_command else server.password or "",
    }  # fmt: skip


@pytest.mark.parametrize("existing", [{}, {".offlineimaprc": ""}, {".config/offlineimap/config": "", ".offlineimaprc": "# x"}])
def test_the_block_is_where_offlineimap_looks(existing: dict[str, str], homes: Any) -> None:
    needs("offlineimap")
    accounts, context = resolved([NOWHERE, {**NOWHERE, "name": "Work"}])
    assert synced(homes("offlineimap", accounts, context, existing)) == [account.key for account in accounts]


@pytest.mark.parametrize("path", [".offlineimaprc", ".config/offlineimap/config"])
def test_the_users_own_file_of_offlineimap_stays(path: str, homes: Any) -> None:
    """What it says for all sections reaches none of ours."""
    needs("offlineimap")
    accounts, context = resolved([NOWHERE, {**NOWHERE, "name": "Work"}])
    own = f"[general]\naccounts = mine\n[DEFAULT]\nremotepass = mine\nremotehost = own.example.net\n{OWN_ACCOUNT}"
    home = homes("offlineimap", accounts, context, {path: own})
    assert (home.path / path).read_text() == own
    assert synced(home) == ["mine"]
    assert synced(home, "-c", str(home.path / ".config/mailops/offlineimap/config")) == [account.key for account in accounts]


@pytest.mark.parametrize("existing", [{}, {".offlineimaprc": "[general]\n"}])
def test_what_ours_has_synced_is_apart_from_what_the_user_has(existing: dict[str, str], homes: Any) -> None:
    """OfflineIMAP keeps that by the account's name, which an account of the user's may have, too."""
    needs("offlineimap")
    accounts, context = resolved([NOWHERE])
    home = homes("offlineimap", accounts, context, existing)
    assert synced(home, *(["-c", str(home.path / ".config/mailops/offlineimap/config")] if existing else [])) == [accounts[0].key]
    assert not (home.path / ".offlineimap").exists()
    assert (home.path / f".local/share/mailops/mail/offlineimap/.state/Account-{accounts[0].key}").is_dir()


# No server listens there.
NOWHERE = profile(incoming__host="localhost", incoming__port=1)


OWN_ACCOUNT = """
[Account mine]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = ~/Maildir
[Repository there]
type = IMAP
ssl = no
remotehost = localhost
remoteport = 1
remoteuser = me
remotepass = x"""


def synced(home: Home, *options: str) -> list[str]:
    """The accounts that OfflineIMAP tried to sync."""
    output = home.run("offlineimap", "-u", "basic", *options).stdout
    return re.findall(r"^\*\*\* Processing account (.*)", output, re.MULTILINE)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of a user's that are made to be slow to search. The writer would give such a user up after 20 seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.content import MAX_SIZE
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import resolved
from .home import materialise

# A line that decides, if it is the user's own.
LINES = {
    "aerc": (".config/aerc/accounts.conf", "[own]"),
    "alpine": (".pinercex", "sendmail-path=x"),
    "fetchmail": (".fetchmailrc", "poll x"),
    "git_send_email": (".gitconfig", "[sendemail] from=x"),
    "mbsync": (".mbsyncrc", "ExpungeSolo x"),
    "mpop": (".mpoprc", "account default"),
    "msmtp": (".msmtprc", "account default"),
    "neomutt": (".muttrc", "set from=x folder=imap://x"),
    "offlineimap": (".offlineimaprc", "[general]"),
    "s_nail": (".mailrc", "set inbox=x from=x ssl-ca-file=x"),
}


def test_every_client_that_looks_is_tried() -> None:
    files = {client: clients.get(client).files(*resolved([profile()])) for client in clients.names() if "imap" in clients.get(client).account_types}
    assert {client for client, found in files.items() if any(file.variants and file.strategy == "block" for file in found)} <= set(LINES)


@pytest.mark.parametrize("whose", ["the user's", "another instance's"])
@pytest.mark.parametrize("client", LINES)
def test_a_megabyte(client: str, whose: str, tmp_path: Path) -> None:
    path, line = LINES[client]
    many = f"{line}\n" * (MAX_SIZE // (len(line) + 1) - 100)
    if whose != "the user's":
        many = f"# BEGIN mailops.profiles other\n{many}# END mailops.profiles other\n"
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(many)
    accounts, context = resolved([profile(account_type=clients.get(client).account_types[0])])
    materialise(clients.get(client).files(accounts, context), tmp_path)
    assert many in (tmp_path / path).read_text()

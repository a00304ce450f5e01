# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the user's own text is a reason to skip an account, nothing of ours is in the home: no password, and no file that would be for it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, OWNED, File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from ..clients.accounts import JOANNA, files_of, resolved
from .home import Host, block, owned

# (client, note) -> the user's file and its text.
OWN = {
    ("aerc", "same-name"): (".config/aerc/accounts.conf", "[work]\nsource = maildir://~\n"),
    ("git_send_email", "own-command"): (".gitconfig", "[sendemail]\n\tsendmailCmd = msmtp\n"),
    ("git_send_email", "own-password"): (".gitconfig", "[sendemail]\n\tsmtpPass = own\n"),
    ("git_send_email", "same-name"): (".gitconfig", '[sendemail "work"]\n\tbcc = own@example.net\n'),
    ("mbsync", "same-name"): (".mbsyncrc", "IMAPAccount work\nHost own.example\n"),
    ("mpop", "same-name"): (".mpoprc", "account work\nhost own.example\n"),
    ("msmtp", "same-name"): (".msmtprc", "account work\nhost own.example\n"),
    ("offlineimap", "other-state"): (
        ".offlineimaprc", "# BEGIN mailops.profiles other\n[general]\naccounts = x\n# END mailops.profiles other\n",
    ),
    ("s_nail", "same-name"): (".mailrc", "account work {\n}\n"),
}  # fmt: skip


def wanted(client: str, note: str) -> list[File]:
    changes: dict[str, Any] = {"outgoing__password": None} if note == "own-password" else {}
    kind = clients.get(client).account_types[0]
    return files_of(clients.get(client), *resolved([profile(key="work", account_type=kind, default=True, **changes)]))


def test_every_reason_is_tried() -> None:
    assert set(OWN) == {(client.name, name) for client in clients.all_clients() for name, note in client.variant_notes.items() if note.skips}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("client", "note"), OWN, ids=lambda value: value)
def test_nothing_of_ours_is_there(client: str, note: str, when: str, host: Host) -> None:
    """Whether the reason was there before our first run, or came after it."""
    home = host.home("alice")
    path, text = OWN[client, note]
    files, patterns = wanted(client, note), {client: clients.get(client).paths}
    if when == "after":
        host.one(*files, patterns=patterns)
    home.write(path, text)
    result = host.one(*files, patterns=patterns)
    assert result.problem is None and {identifier for _path, identifier in result.notes} == {f"{client}/{note}"}
    found = {name: content for name, (_uid, _mode, content) in home.tree().items() if content is not None and ".local/state/" not in name}
    assert found == {path: text.encode()}
    assert not any(JOANNA["password"].encode() in content for _uid, _mode, content in home.tree().values() if isinstance(content, bytes))


@pytest.mark.parametrize(("client", "note"), OWN, ids=lambda value: value)
def test_blocks_come_before_the_files_that_are_for_them(client: str, note: str) -> None:
    """The writer has to know of them first."""
    strategies = [file.strategy for file in wanted(client, note)]
    assert strategies == sorted(strategies, key=[BLOCK, OWNED].index)


def test_one_block_is_enough_and_other_producers_are_not_asked(host: Host) -> None:
    nothing = block()._replace(path=".other", content=None)
    for files in ([nothing, block(), owned()], [nothing._replace(producer="other"), owned()], [owned()]):
        host.one(*files)
        assert (host.home("alice").path / owned().path).exists()
    host.one(nothing, owned()._replace(producer=nothing.producer))
    assert not (host.home("alice").path / owned().path).exists()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the task reports of homes in which the user's own text decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import resolved
from .home import materialise

OWN_AERC = "[own]\nsource = maildir://~\n"


@pytest.mark.parametrize(("client", "own", "default", "note"), [
    ("aerc", {}, True, None),
    ("aerc", {".config/aerc/accounts.conf": "# none\n"}, True, None),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC}, False, None),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC}, True, "own-first"),
    ("aerc", {".config/aerc/accounts.conf": "[mine]\nfrom = own@example.net\n"}, True, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC + "  [mine] # own\n"}, False, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC + "[mine.second]\n"}, False, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": "# [mine]\n[mine2]\n[my.mine]\n[Mine]\nfrom = [mine]\n"}, False, None),
    ("fetchmail", {".fetchmailrc": "# none\n\n"}, True, None),
    ("fetchmail", {".fetchmailrc": "set daemon 300\n"}, False, "own-file"),
    ("offlineimap", {".offlineimaprc": "\n"}, True, None),
    ("offlineimap", {".offlineimaprc": "[DEFAULT]\nremotepass = mine\n"}, False, "own-file"),
    ("offlineimap", {".config/offlineimap/config": "[general]\n"}, False, "own-file"),
])  # fmt: skip
def test_note(client: str, own: dict[str, str], default: bool, note: str | None, tmp_path: Path) -> None:
    for path, text in own.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    accounts, context = resolved([profile(key="mine", default=default, signature="x")])
    found = materialise(clients.get(client).files(accounts, context), tmp_path)
    assert found == ({f"{client}/{note}"} if note else set())
    if note and clients.get(client).variant_notes[note].skips:
        # No file at all, and no secret.
        written = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
        assert written == own


@pytest.mark.parametrize("password", ["{UserPassword}", None])
def test_fetchmail_where_the_users_file_lies_in_a_work_tree(password: str | None, tmp_path: Path) -> None:
    """It has no command for passwords, so ours is in a file of its own."""
    (tmp_path / "dotfiles/.git").mkdir(parents=True)
    (tmp_path / "dotfiles/.fetchmailrc").write_text("")
    (tmp_path / ".fetchmailrc").symlink_to("dotfiles/.fetchmailrc")
    accounts, context = resolved([profile(incoming__password=password)])
    found = materialise(clients.get("fetchmail").files(accounts, context), tmp_path)
    usual, apart = tmp_path / ".fetchmailrc", tmp_path / ".config/mailops/fetchmail/fetchmailrc"
    if password:
        assert found == {"fetchmail/own-file"} and not usual.read_text() and "poll" in apart.read_text()
    else:
        assert not found and "poll" in usual.read_text() and not apart.exists()

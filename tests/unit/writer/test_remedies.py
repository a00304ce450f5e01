# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No remedy suggests what would be wrong for another cause of the same sign."""

from __future__ import annotations

import ast
import errno
import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils import _writer
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import system_error

from .home import Home, Host, block, owned

AWAY = "it may not be mounted or unlocked: mount or unlock it, or let the user log in; otherwise "


def problem(host: Host) -> str:
    """Of alice, in a dry run and a real one."""
    said = {str(host.run(block(), owned(), check=check)["alice"].problem.message) for check in (True, False)}
    assert len(said) == 1
    return said.pop()


def test_a_mount_point_of_ecryptfs(host: Host, alice: Home) -> None:
    alice.link(".Private", "/home/.ecryptfs/alice/.Private")
    os.chmod(alice.path, 0o500)
    assert problem(host) == f"{alice.path} is a directory that its user may not read and write; {AWAY}look at its mode"


@pytest.mark.parametrize("uid", [0, 65_534, 20_077])
@pytest.mark.parametrize("place", ["", ".config"])
def test_a_mount_point_of_another_user(host: Host, alice: Home, uid: int, place: str) -> None:
    """Of pam_mount or autofs; or a server's users are unknown here."""
    alice.mkdir(place)
    os.chmod(alice.path / place, 0o755)
    os.chown(alice.path / place, uid, uid)
    said = f"belongs to the user with uid {uid}, not to the user with uid {alice.uid}; {AWAY}look who should own it"
    assert problem(host) == f"{alice.path / place} {said}"


def test_no_home(host: Host, alice: Home) -> None:
    os.rmdir(alice.path)
    assert host.run(block())["alice"].problem.message == f"{alice.path} does not exist; {AWAY}create the home directory"


@pytest.mark.parametrize("name", ["EACCES", "EPERM", "EIO", "ESTALE", "ENOTCONN", "ENOKEY", "EKEYEXPIRED", "EHOSTDOWN", "ETIMEDOUT"])
def test_errors_of_what_is_not_there(name: str) -> None:
    number = getattr(errno, name)
    assert str(system_error("/home/x", OSError(number, ""))).startswith(f"/home/x cannot be used: {os.strerror(number)} ({AWAY}look ")


def test_no_sentence_suggests_a_change_of_owner_or_mode() -> None:
    """The same sign has other causes: a mount that is missing, a server that does not know the users."""
    for path in sorted(Path(_writer.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            assert not any(word in text for word in ("chmod", "chown", "chgrp")), (path.name, text)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes for the programs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Context
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...releases import Release, Room
from .certificates import Authority
from .home import materialise
from .programs import Home


@pytest.fixture(scope="session")
def room(debian: Release) -> Iterator[Room]:
    room = Room(debian)
    yield room
    room.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def homes(room: Room) -> Iterator[Any]:
    """A function that makes a home with the files of a client, for the programs of each Debian release."""
    with tempfile.TemporaryDirectory() as directory:

        def make(client: str, accounts: list[Account], context: Context, existing: dict[str, str] | None = None) -> Home:
            path = Path(tempfile.mkdtemp(dir=directory))
            for name, text in (existing or {}).items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_text(text, encoding="utf-8")
                (path / name).chmod(0o600)
            materialise(clients.get(client).files(accounts, context), path)
            return Home(path, room)

        yield make

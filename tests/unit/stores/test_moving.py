# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook of docs/stores.md takes profiles through every kind of store and back, encrypted passwords included."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

from .edits import put

TEXT = Path(__file__).resolve().parents[3].joinpath("docs/stores.md").read_text(encoding="utf-8")
(PLAYBOOK,) = re.findall(r"```yaml\n(# move\.yml\n.*?)```", TEXT, flags=re.DOTALL)
(COMMAND,) = re.findall(r"^(ansible-playbook move\.yml) -e old_store=\S+ -e new_store=\S+$", TEXT, flags=re.MULTILINE)
KEY = StoreKey("a key of this test")
SECRET = {"host": "imap.example.org", "password": "tr0ub4dor&3"}


@pytest.fixture
def move(tmp_path, collections_path):
    """Runs the documentation's command; whether it changed something."""
    (tmp_path / "move.yml").write_text(PLAYBOOK, encoding="utf-8")
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": collections_path,
        "ANSIBLE_NOCOLOR": "1",
        "PGPASSFILE": os.environ["PGPASSFILE"],
    }

    def run(old: str, new: str) -> bool:
        argv = [*COMMAND.split(), "-e", f"old_store={old}", "-e", f"new_store={new}"]
        done = subprocess.run(
            argv, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return "changed=1 " in done.stdout

    return run


def test_a_round_trip(database, move, tmp_path):
    first, last = tmp_path / "first.db", tmp_path / "last.db"
    route = [str(first), database.url, f"directory://{tmp_path}/profiles.d", str(last)]
    store = open_store(route[0], {})
    put(
        store,
        "Plain",
        signature="two lines\n\"' \\{UserEmail}ż\n",
        variables={"Region": None, "Team": ""},
        folders={"sent": "Sent"},
    )
    put(store, "Plain", description="changed")
    put(store, "support", incoming=SECRET, key=KEY)

    moved = [move(old, new) for old, new in zip(route, route[1:])]
    assert moved == [True, True, True]
    assert not move(route[2], route[1])
    for url in route[1:]:
        assert open_store(url, {}).read() == store.read()
    record = open_store(route[-1], {}).read()["support"]
    assert revealed(read_profile(dict(record.data)), record.id, KEY).incoming.password == SECRET["password"]

    def rows(path):
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT id, name, revision, document FROM profiles ORDER BY id").fetchall()

    assert rows(first) == rows(last), "the documents are the same byte for byte"

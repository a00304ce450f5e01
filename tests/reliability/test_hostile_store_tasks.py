# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same stores, some of each kind, as the modules themselves meet them in a playbook: what comes to the terminal, and who fails."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from .hostile_stores import directories, sqlite_files
from .hostile_stores.playing import DEPLOY_VICTIM, READ_GOOD, TASKS, VALIDATE_GOOD, Played, play
from .hostile_stores.rows import CLEAR
from .hostile_stores.server import LATE, hostile_server
from .hostile_stores.trying import RAW

SQLITE = ("escapes in description", "code in signature", "escapes in a field's name", "escapes in a variable", "a name with escapes", "100 MB",
          "a password in clear", "a document that is no UTF-8", "a view", "1 TB of nothing")  # fmt: skip
DIRECTORY = ("escapes in a field's name", "escapes in a folder", "escapes in a key", "escapes in a file's name", "code in description",
             "a password in clear", "a bomb", "a pipe", "a journal that leads out")  # fmt: skip
SERVER = ("a state of escapes", "another encoding later", "a row of 100 MB")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    directory = tmp_path_factory.mktemp("stores")
    canary = directory / "canary"
    stores = {}
    with ExitStack() as servers:
        for number, title in enumerate(SQLITE):
            path = directory / f"{number}.db"
            sqlite_files.make(path)
            sqlite_files.attacks(str(canary))[title](path)
            stores[f"sqlite, {title}"] = str(path)
        for number, title in enumerate(DIRECTORY):
            path = directory / f"{number}.d"
            directories.make(path)
            directories.attacks(str(canary))[title](path)
            stores[f"directory, {title}"] = f"directory://{path}"
        for title in SERVER:
            stores[f"server, {title}"] = f"postgresql://x@127.0.0.1:{servers.enter_context(hostile_server(late=LATE[title]))}/d"
        found = play(directory, stores)
    assert not canary.exists()
    return found


@pytest.mark.parametrize("title", [*(f"sqlite, {title}" for title in SQLITE), *(f"directory, {title}" for title in DIRECTORY),
                                   *(f"server, {title}" for title in SERVER)])  # fmt: skip
def test_every_task_does_its_work_or_says_why_not(played: Played, title: str) -> None:
    said = played.said[title]
    assert set(said) == set(TASKS)
    for task, each in said.items():
        assert "internal error" not in each.msg and not RAW.search(each.msg), (task, ascii(each.msg))
        assert not each.failed or each.msg.startswith("mail_"), (task, each)
    if title.startswith("sqlite") and title.partition(", ")[2] not in ("a view", "1 TB of nothing"):
        assert said[READ_GOOD].profiles == ["good"] and not said[VALIDATE_GOOD].failed, said
    if "code" not in title:
        assert said[DEPLOY_VICTIM].failed


def test_the_terminal_is_not_controlled(played: Played) -> None:
    assert not RAW.search(played.terminal.replace("\t", " ")), ascii(RAW.search(played.terminal))
    assert CLEAR not in played.terminal and "Traceback" not in played.terminal

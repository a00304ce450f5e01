# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A writer that is killed when its change is all but committed. Arguments: sqlite or directory, the path of the store."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Snapshot
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._journal import Files
from ansible_collections.mailops.profiles.plugins.plugin_utils._store.directory import DirectoryStore
from ansible_collections.mailops.profiles.plugins.plugin_utils._store.sqlite import SqliteStore


class KilledSqlite(SqliteStore):
    def _write(self, *arguments: Any) -> None:
        super()._write(*arguments)
        _die()


def _die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _change(snapshot: Snapshot) -> tuple[Changes, None]:
    """All profiles."""
    return Changes(tuple(record._replace(revision=record.revision + 1) for record in snapshot.values())), None


def main() -> None:
    kind, path = sys.argv[1:]
    if kind == "directory":
        Files._finish = _die  # between the journal and the files
    (KilledSqlite if kind == "sqlite" else DirectoryStore)(path).update(_change)


if __name__ == "__main__":
    main()

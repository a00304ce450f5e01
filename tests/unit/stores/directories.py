# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory stores as the tests of them see them, and writers that die."""

from __future__ import annotations

import os
import signal
import stat

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _journal, _plain_file, _work_directory, open_store

HAND_WRITTEN = """\
# The mailbox that everybody has
incoming: {host: imap.example.org}
outgoing: {host: smtp.example.org}
"""


def opened(path):
    return open_store(f"directory://{path}", {})


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def visible(path):
    return sorted(item.name for item in path.iterdir() if not item.name.startswith("."))


def work(path):
    return sorted(os.listdir(path / ".mailops"))


def told(path):
    return {name: (record.revision, record.data) for name, record in opened(path).read().items()}


class Dying:
    """The module os, in a process that is killed right before its n-th change, or with the change half done if it is a write."""

    def __init__(self, n, changes):
        self.left = n
        self.changes = changes

    def __getattr__(self, name):
        function = getattr(os, name)
        return self._counted(name, function) if name in self.changes else function

    def _counted(self, name, function):
        def call(*args, **options):
            self.left -= 1
            if self.left == 0:
                if name in ("write", "pwrite"):
                    function(args[0], args[1][: len(args[1]) // 2], *args[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call


def killed(n, function, changes=("open", "write", "pwrite", "fsync", "rename", "unlink", "mkdir", "fchmod")):
    """Run the function in a process that is killed at its n-th change; whether it was."""
    pid = os.fork()
    if pid == 0:
        _journal.os = _work_directory.os = _plain_file.os = Dying(n, changes)
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A temporary file beside the file that it will replace: written, synced, then renamed."""

from __future__ import annotations

import os
from contextlib import suppress

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def temp_name() -> str:
    return f".mailops-{os.urandom(8).hex()}.tmp"


class StagedFile:
    """``directory``: an open descriptor, which belongs to the caller."""

    def __init__(self, directory: int, name: str, temp: str) -> None:
        self.directory = directory
        self.name = name
        self._temp = temp
        self.fd = os.open(temp, _CREATE, 0o600, dir_fd=directory)

    def write(self, data: bytes, mode: int) -> None:
        os.fchmod(self.fd, mode)
        written = 0
        while written < len(data):
            written += os.write(self.fd, data[written:])

    def sync(self) -> None:
        os.fsync(self.fd)

    def publish(self) -> None:
        os.rename(self._temp, self.name, src_dir_fd=self.directory, dst_dir_fd=self.directory)

    def close(self) -> None:
        os.close(self.fd)

    def discard(self) -> None:
        with suppress(OSError):  # the next run finds it through the manifest
            os.unlink(self._temp, dir_fd=self.directory)
        with suppress(OSError):
            self.close()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom an instance serves on this host: root's own list, because homes are purged on its word."""

from __future__ import annotations

import json
import os
import stat
from typing import FrozenSet, Iterable, NamedTuple, Optional

from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import HostError

DIRECTORY = "/var/lib/mailops.profiles"
_VERSION = 1


class Place(NamedTuple):
    """A user's home or ``dest`` directory."""

    user: str
    path: str
    home: bool


class Index:
    """The places that an instance serves: a file that is old or new at any time, and gone when there are none."""

    def __init__(self, instance: str) -> None:
        self._directory = DIRECTORY
        self._path = f"{DIRECTORY}/{instance}.json"
        self._stored: Optional[FrozenSet[Place]] = None
        self.missing = False

    def read(self) -> FrozenSet[Place]:
        """HostError when it is not what root wrote."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self.missing = True
            self._stored = frozenset()
            return self._stored
        except OSError as exc:
            raise self._unusable(os.strerror(exc.errno or 0)) from None
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise self._unusable("others can write to it")
            try:
                data = json.loads(file.read().decode("utf-8"))
                if data["version"] != _VERSION:
                    raise ValueError("another version")
                self._stored = frozenset(Place(str(user), str(path), home is True) for user, path, home in data["places"])
            except (ValueError, TypeError, KeyError):
                raise self._unusable("it is not what was written") from None
        return self._stored

    def _unusable(self, reason: str) -> HostError:
        return HostError(f"{self._path}, the list of the users served, cannot be used ({reason}): remove it, and the list starts anew")

    def write(self, places: Iterable[Place]) -> None:
        """On the disk when this returns; HostError when it cannot be written."""
        places = frozenset(places)
        if places == self._stored:
            return
        try:
            self._write(places)
        except OSError as exc:
            reason = f"{os.strerror(exc.errno or 0)}; make room, or mount it writable"
            raise HostError(f"{self._path}, the list of the users served, cannot be written: {reason}") from None
        self._stored = places

    def _write(self, places: FrozenSet[Place]) -> None:
        if not os.path.isdir(self._directory):
            os.makedirs(self._directory, mode=0o700)
            _sync(os.path.dirname(self._directory))
        if places:
            self._replace(json.dumps({"version": _VERSION, "places": sorted(places)}).encode())
        else:
            os.unlink(self._path)
        _sync(self._directory)
        if not places and not os.listdir(self._directory):
            os.rmdir(self._directory)

    def _replace(self, data: bytes) -> None:
        # One name for all times, so that a crash leaves no more than one behind: the lock of the host lets nobody else write here.
        temp = f"{self._path}.tmp"
        with open(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, self._path)


def _sync(directory: str) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom an instance serves on this host: root's own list, because files are removed from homes because of it."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import FrozenSet, Iterable, NamedTuple, Optional

from . import state
from .errors import WriterError
from .stage import StagedFile

_VERSION = 1


class ServedPlace(NamedTuple):
    """The home of a user, or another directory that holds the user's files."""

    user: str
    path: str
    home: bool


class ServedList:
    """The places that an instance serves: a file that is old or new at any time, and gone when there are none."""

    def __init__(self, instance: str) -> None:
        self._directory = os.path.join(state.ROOT, state.OF_ROOT)
        self._name = f"{instance}.json"
        self._path = f"{self._directory}/{self._name}"
        self._stored: Optional[FrozenSet[ServedPlace]] = None
        self.is_missing = False

    def read(self) -> FrozenSet[ServedPlace]:
        """WriterError when it is not what root wrote."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self.is_missing = True
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
                places = [ServedPlace(str(place["user"]), str(place["path"]), place["home"] is True) for place in data["places"]]
            except (ValueError, TypeError, KeyError, RecursionError):
                raise self._unusable("it is not what was written") from None
        self._stored = frozenset(places)
        return self._stored

    def write(self, places: Iterable[ServedPlace]) -> None:
        """On the disk when this returns; WriterError when it cannot be written."""
        places = frozenset(places)
        if places == self._stored:
            return
        try:
            self._write(places)
        except OSError as exc:
            reason = f"{os.strerror(exc.errno or 0)}; make room, or mount it writable"
            raise WriterError(f"{self._path}, the list of the users served, cannot be written: {reason}") from None
        self._stored = places

    def _unusable(self, reason: str) -> WriterError:
        return WriterError(f"{self._path}, the list of the users served, cannot be used ({reason}): remove it, and a new list is begun")

    def _write(self, places: FrozenSet[ServedPlace]) -> None:
        if not os.path.isdir(self._directory):
            os.makedirs(self._directory, mode=0o700)
            above = _open(os.path.dirname(self._directory))
            os.fsync(above)
            os.close(above)
        directory = _open(self._directory)
        try:
            if places:
                data = {"version": _VERSION, "places": [place._asdict() for place in sorted(places)]}
                self._replace(directory, json.dumps(data).encode())
            else:
                os.unlink(self._name, dir_fd=directory)
            os.fsync(directory)
        finally:
            os.close(directory)
        if not places:
            with suppress(OSError):  # other lists and manifests keep it
                os.rmdir(self._directory)

    def _replace(self, directory: int, data: bytes) -> None:
        # Always the same name, so that crashes leave one file at most; the lock of the host keeps other writers away.
        temp = f"{self._name}.tmp"
        with suppress(FileNotFoundError):
            os.unlink(temp, dir_fd=directory)
        file = StagedFile(directory, self._name, temp)
        try:
            file.write(data, 0o600)
            file.sync()
            file.publish()
        finally:
            file.close()


def _open(directory: str) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

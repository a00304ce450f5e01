# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom an instance serves on this host, and where: root's own list, because files are removed from homes because of it."""

from __future__ import annotations

import glob
import json
import os
import stat
from contextlib import suppress
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from . import state
from .errors import WriterError
from .open_place import Task
from .stage import StagedFile
from .trust import KnownFiles

_VERSION = 1
# Path, and whether it is a home: a home that is a dest as well has two manifests.
Key = Tuple[str, bool]


class ServedPlace(NamedTuple):
    """A directory that holds files for a user. ``display`` is displayed instead of ``path``. ``pattern``: that of the dest, None for a home.
    ``inventory_host``: for which it was served last. ``inode``: of a home, 0 as long as it is not known. ``files``: those of a home whose manifest
    is not believed alone (see ``trust``)."""

    user: str
    path: str
    display: str
    pattern: Optional[str]
    inventory_host: str
    inode: int = 0
    files: KnownFiles = {}

    @property
    def key(self) -> Key:
        return self.path, self.pattern is None


def key_of(task: Task) -> Key:
    return task.base, task.location.base is None


def with_known_homes(tasks: Sequence[Task], instance: str, places: Mapping[Key, ServedPlace]) -> List[Task]:
    """With what root knows of homes. Who is not root can only believe the manifests, which are the user's own."""
    if os.geteuid() != 0:
        return list(tasks)
    homes = {place.user: place for place in places.values() if place.pattern is None}
    others = _homes_of_others(instance) if homes else {}
    found = []
    for task in tasks:
        if task.identity is not None:
            here = places.get(key_of(task))
            place = here or homes.get(task.name)  # the home may have moved
            inode = here.inode if here and here.user == task.name else None
            shared_with = tuple(name for name, paths in others.items() if task.base in paths)
            task = task._replace(known=place.files if place else {}, inode=inode, shared_with=shared_with)
        found.append(task)
    return found


def _homes_of_others(instance: str) -> Dict[str, Set[str]]:
    """Other instance -> the homes on its list, as far as that can be used: its own runs report what is wrong with it."""
    found = {}
    for path in glob.glob(os.path.join(state.ROOT, state.OF_ROOT, "*.json")):
        name = os.path.basename(path)[: -len(".json")]
        if name != instance:
            with suppress(WriterError):
                found[name] = {place.path for place in ServedList(name).places.values() if place.pattern is None}
    return found


class ServedList:
    """The ``places`` that an instance serves: a file that is old or new at any time, and gone when there are none. ``is_lost``: there is none, though
    the instance has served users here."""

    def __init__(self, instance: str, is_known: bool = False) -> None:
        """WriterError when it is not what root wrote. ``is_known``: another record says that the instance served users; then a missing list is lost."""
        self._directory = os.path.join(state.ROOT, state.OF_ROOT)
        self._name = f"{instance}.json"
        self._path = f"{self._directory}/{self._name}"
        self.is_lost = False
        self.places = self._read(is_known)
        self._stored = dict(self.places)

    def _read(self, is_known: bool) -> Dict[Key, ServedPlace]:
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self.is_lost = is_known or bool(glob.glob(f"{self._directory}/places/*/{self._name}"))
            return {}
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
                places = [_checked(ServedPlace(**place)) for place in data["places"]]
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                raise self._unusable("it is not what was written") from None
        return {place.key: place for place in places}

    def forget(self, users: Sequence[str], present: Set[Key]) -> List[ServedPlace]:
        """Takes the places of these users off the list, and returns them. One that the run serves, ``present``, may be a new home."""
        forgotten = []
        for key, place in sorted(self.places.items()):
            if place.user in users and key in present:
                self.places[key] = place._replace(inode=0)
            elif place.user in users:
                forgotten.append(self.places.pop(key))
        return forgotten

    def write(self) -> None:
        """On the disk when this returns; WriterError when it cannot be written."""
        if self.places == self._stored:
            return
        try:
            self._write(self.places)
        except OSError as exc:
            reason = f"{os.strerror(exc.errno or 0)}; make room, or mount it writable"
            raise WriterError(f"{self._path}, the list of the users served, cannot be written: {reason}") from None
        self._stored = dict(self.places)

    def _unusable(self, reason: str) -> WriterError:
        return WriterError(f"{self._path}, the list of the users served, cannot be used ({reason}): remove it, and a new list is begun")

    def _write(self, places: Mapping[Key, ServedPlace]) -> None:
        if not os.path.isdir(self._directory):
            os.makedirs(self._directory, mode=0o700)
            above = _open(os.path.dirname(self._directory))
            os.fsync(above)
            os.close(above)
        directory = _open(self._directory)
        try:
            if places:
                data = {"version": _VERSION, "places": [places[key]._asdict() for key in sorted(places)]}
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


def _checked(place: ServedPlace) -> ServedPlace:
    texts = (place.user, place.path, place.display, place.inventory_host, place.pattern or "")
    if not all(isinstance(text, str) for text in texts) or not isinstance(place.inode, int):
        raise ValueError("not a place")
    if not all(isinstance(path, str) and (backup is None or isinstance(backup, str)) for path, backup in place.files.items()):
        raise ValueError("not files")
    return place


def _open(directory: str) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One regular file of a directory that other programs and people write to, read without waiting and without following links."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import contextmanager
from typing import Iterator, NamedTuple

from .._model.errors import Invalid
from ._limits import MAX_PROFILE as MAX_BYTES
from ._limits import MAX_PROFILES

_MAX_NAMES = 2 * MAX_PROFILES  # with what is no profile


class Found(NamedTuple):
    content: bytes
    status: os.stat_result


def read(directory: int, name: str, limit: int = MAX_BYTES) -> Found | None:
    """A file, or None; Invalid when it cannot be one of ours."""
    try:
        # O_NONBLOCK: a pipe must not keep us waiting.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise Invalid("is not a regular file; replace or remove it") from exc
        raise
    with closing(descriptor):
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Invalid("is not a regular file; replace or remove it")
        chunks, left = [], limit
        while chunk := os.read(descriptor, left + 1):
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0:
                raise Invalid(f"has more than {limit} bytes; no profile has")
        return Found(b"".join(chunks), status)


def names(directory: int) -> set[str]:
    """All names in a directory; Invalid for so many that they are not taken into memory."""
    found = set()
    with os.scandir(directory) as entries:
        for entry in entries:
            found.add(entry.name)
            if len(found) > _MAX_NAMES:
                raise Invalid(f"more than {_MAX_NAMES} files are in it; move away what is no profile, and look who can write to it")
    return found


def printable(name: str) -> str:
    """The name of a file, for a message."""
    return name if name.isprintable() else ascii(name)


def write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def state(directory: int, name: str) -> str | None:
    """The SHA-256 of a file, None where there is none. What is not such a file equals no known one."""
    try:
        found = read(directory, name)
    except Invalid:
        return "not a file"
    return None if found is None else sha256(found.content)


def exists(name: str, directory: int, status: os.stat_result | None = None) -> bool:
    """Whether there is such a file, the one that ``status`` describes."""
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return status is None or os.path.samestat(found, status)


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)

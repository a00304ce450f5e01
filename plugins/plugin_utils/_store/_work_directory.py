# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``.mailops/`` beside the profiles: the lock, and the temporary files of a change. Git ignores it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import Iterator

from .._model.errors import Invalid
from ._plain_file import closing, exists

NAME = ".mailops"
LOCK = "lock"
LOCK_PATH = f"{NAME}/{LOCK}"
IGNORE = ".gitignore"


@contextmanager
def locked(directory: int, kind: int, timeout: float) -> Iterator[int | None]:
    """The work directory under its lock; None for a reader where no writer has ever been. Invalid when others hold it too long."""
    deadline = time.monotonic() + timeout
    # NFS makes a lock of its own of flock, and wants the file open for writing for an exclusive one.
    flags = (os.O_RDONLY if kind == fcntl.LOCK_SH else os.O_RDWR) | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with ExitStack() as opened:
        while True:
            if kind == fcntl.LOCK_EX:
                _create(directory)
            try:
                work = opened.enter_context(_opened(directory))
                lock = opened.enter_context(_opened_lock(work, flags))
            except FileNotFoundError:
                if kind == fcntl.LOCK_EX:  # it was removed meanwhile
                    continue
                work = None
                break
            try:
                fcntl.flock(lock, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                _wait(lock, kind, deadline, timeout)
            if exists(LOCK_PATH, directory, os.fstat(lock)):
                break
            opened.close()  # it was removed while we waited, and others may hold a new one
        yield work


def _wait(lock: int, kind: int, deadline: float, timeout: float) -> None:
    # Polling would starve readers of a busy writer, and flock has no time limit, so a thread waits. When it is abandoned, the lock
    # that it gets goes with the descriptor, which is closed by then.
    waiter = threading.Thread(target=fcntl.flock, args=(lock, kind), daemon=True)
    waiter.start()
    waiter.join(deadline - time.monotonic())
    if waiter.is_alive():
        raise Invalid(
            f"another process has held it locked for {timeout:g} seconds; let it finish (fuser {LOCK_PATH} there names it), then run again"
        )
    fcntl.flock(lock, kind | fcntl.LOCK_NB)  # we have it already, unless the thread failed: then this raises why


def _create(directory: int) -> None:
    """The work directory and the lock, as open to others as the directory is.

    What is there already keeps its mode: the owner of the directory may have moved something there that is root's.
    """
    mode = stat.S_IMODE(os.fstat(directory).st_mode)
    try:
        os.mkdir(NAME, 0o700, dir_fd=directory)
        created = True
    except FileExistsError:
        created = False
    with _opened(directory) as work:
        if created and {LOCK}.issuperset(os.listdir(work)):
            os.fchmod(work, mode & 0o2777)
            os.fsync(directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with suppress(FileExistsError), closing(os.open(LOCK, flags, 0o600, dir_fd=work)) as lock:
            os.fchmod(lock, mode & 0o666)


@contextmanager
def _opened_lock(work: int, flags: int) -> Iterator[int]:
    problem = Invalid(f"{LOCK_PATH} is not a file of its own, but a link, a directory or a pipe; remove it")
    try:
        descriptor = os.open(LOCK, flags, dir_fd=work)
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise problem from exc
        raise
    with closing(descriptor):
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise problem
        yield descriptor


@contextmanager
def _opened(directory: int) -> Iterator[int]:
    """The work directory. Never a link: root would rename and remove files wherever it points to."""
    try:
        descriptor = os.open(NAME, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except NotADirectoryError as exc:
        raise Invalid(f"{NAME} is not a directory; remove it") from exc
    with closing(descriptor):
        yield descriptor

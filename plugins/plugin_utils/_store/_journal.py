# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of one directory that change together: all or nothing, after a crash and for readers.

Beside the files lies ``.mailops/``, with a lock, the new files (each under its own name) and the journal. A change is

1. the new files, written and synced; a crash up to here leaves temporary files that the next writer removes;
2. the journal, synced and renamed into place: the commit. It lists each file with the SHA-256 before and after, and names this
   directory's lock, so that a journal which came with a branch of Git is none;
3. renames and removals; the journal is removed when they are synced. After a crash the next writer does what is left.

Readers share the lock, and read through a journal: what is left to do counts as done. They write nothing.

Git and editors take no lock. What they change before the commit is noticed, and nothing is committed. What they change after it,
and before the file is renamed, stays: it is newer than the change. (Only what they change in the microseconds between the last
comparison of a file and its renaming is lost.)
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack, contextmanager, suppress
from typing import Callable, Iterator, Mapping, NamedTuple, TypeVar

from .._model.errors import Invalid
from . import _plain_file
from ._plain_file import Found, closing, exists, printable
from ._profile_file import LABEL
from ._work_directory import IGNORE, LOCK, LOCK_PATH, NAME, locked

JOURNAL = "journal"
_NEW_JOURNAL = "journal.new"
_NEW_IGNORE = "ignore.new"
_FORMAT = 1
_MAX_JOURNAL_BYTES = 8 * 1024 * 1024  # the longest names of as many profiles as a store may have
_UNFINISHED = (
    "an interrupted change cannot be finished: its journal is damaged, or a newer release began it; update mailops.profiles, "
    f"or restore the files from Git or a backup and remove {NAME}/{JOURNAL}"
)
_FOREIGN = (
    f"its {NAME}/{JOURNAL} was not written here: it came with Git or in a copy, and lists changes that no review of the profiles shows; "
    f"remove {NAME}, and look where it comes from"
)
_SYNCED_TOGETHER = 200  # a third cheaper than one by one, and below every limit of open files


class Step(NamedTuple):
    """One file of a change, with the SHA-256 of what it replaces and of what comes; None: no file."""

    file: str
    before: str | None
    after: str | None


Result = TypeVar("Result")


def snapshot(directory: int, take: Callable[[Files], Result], timeout: float) -> Result:
    """What ``take`` reads of one consistent state. It is called again when the first writer ever came in between."""
    while True:
        with locked(directory, fcntl.LOCK_SH, timeout) as work:
            result = take(Files(directory, work))
        if work is not None or not exists(LOCK_PATH, directory):
            return result


@contextmanager
def writing(directory: int, timeout: float) -> Iterator[Files]:
    """The files under the exclusive lock, after the change of a crashed writer has been finished."""
    with locked(directory, fcntl.LOCK_EX, timeout) as work:
        files = Files(directory, work)
        files.recover()
        try:
            yield files
        finally:
            with suppress(OSError):  # the next writer does it
                files.sweep()


class Files:
    """The files of a directory, under a lock. ``later``: those that others changed after a crashed writer's commit."""

    def __init__(self, directory: int, work: int | None) -> None:
        self._directory = directory
        self._work = work
        self.later: list[str] = []
        self._pending = {} if work is None else self._left_to_do()

    def names(self) -> set[str]:
        """All that lies in the directory, or is about to; ``read`` knows whether it is there."""
        return {*_plain_file.names(self._directory), *self._pending}

    def labels(self) -> set[str]:
        """Those names that profiles may have."""
        return set(filter(LABEL.match, self.names()))

    def read(self, file: str) -> Found | None:
        """A file, or None; Invalid when it is not one that can be read."""
        step = self._pending.get(file)
        if step is None:
            return _plain_file.read(self._directory, file)
        return None if step.after is None else _plain_file.read(self._work, file)

    # --- writing ---

    def commit(self, contents: Mapping[str, bytes | None], seen: Mapping[str, Found]) -> bool:
        """Write (None: remove) these files. ``seen``: all profiles' files. False: one of those that are written is no longer as it was
        seen, or another file has come, and nothing was done."""
        steps = [
            Step(file, _plain_file.sha256(seen[file].content if file in seen else None), _plain_file.sha256(content))
            for file, content in sorted(contents.items())
        ]
        new = {file: content for file, content in contents.items() if content is not None}
        for file, content in new.items():
            if len(content) > _plain_file.MAX_BYTES:
                raise Invalid(f"{printable(file)}: would have more than {_plain_file.MAX_BYTES} bytes; shorten its texts")
        self._stage(new, seen)
        # A file that has come may hold a profile of the same name.
        if self.labels() - seen.keys() or any(_plain_file.state(self._directory, step.file) != step.before for step in steps):
            return False
        journal = json.dumps({"format": _FORMAT, "lock": self._lock(), "steps": steps}, ensure_ascii=False).encode("utf-8", "surrogateescape")
        with closing(self._create(_NEW_JOURNAL)) as descriptor:
            _plain_file.write(descriptor, journal)
            os.fsync(descriptor)
        with self._recorded("the change"):
            os.rename(_NEW_JOURNAL, JOURNAL, src_dir_fd=self._work, dst_dir_fd=self._work)
            self._pending = {step.file: step for step in steps}
            os.fsync(self._work)
            self._finish()
        return True

    def recover(self) -> None:
        """Finish what a crashed writer committed, and remove its temporary files."""
        if self._committed:
            with self._recorded("an earlier change"):
                self._finish()
        self.sweep()
        if not exists(IGNORE, self._work):
            with closing(self._create(_NEW_IGNORE)) as descriptor:
                _plain_file.write(descriptor, b"*\n")
            os.rename(_NEW_IGNORE, IGNORE, src_dir_fd=self._work, dst_dir_fd=self._work)

    def sweep(self) -> None:
        """Remove what was staged and never came to its commit."""
        if self._committed:
            return
        for name in _plain_file.names(self._work):
            if LABEL.match(name) or name in (_NEW_JOURNAL, _NEW_IGNORE):  # all else is not ours
                with suppress(IsADirectoryError):
                    os.unlink(name, dir_fd=self._work)

    def _stage(self, contents: Mapping[str, bytes], seen: Mapping[str, Found]) -> None:
        names = list(contents)
        for start in range(0, len(names), _SYNCED_TOGETHER):
            with ExitStack() as opened:
                descriptors = []
                for file in names[start : start + _SYNCED_TOGETHER]:
                    descriptors.append(opened.enter_context(closing(self._create(file, seen.get(file)))))
                    _plain_file.write(descriptors[-1], contents[file])
                for descriptor in descriptors:
                    os.fsync(descriptor)
        os.fsync(self._work)

    def _create(self, name: str, replaced: Found | None = None) -> int:
        """A new file in the work directory, with owner and mode of the one that it is going to replace."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._work)
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._work)
        if replaced is None:
            os.fchmod(descriptor, os.fstat(self._directory).st_mode & 0o666)
            return descriptor
        mode = replaced.status.st_mode & 0o777
        try:
            os.fchown(descriptor, -1, replaced.status.st_gid)
        except PermissionError:  # the rights of that group are not for the writer's
            mode &= ~0o070
        with suppress(PermissionError):
            os.fchown(descriptor, replaced.status.st_uid, -1)
        os.fchmod(descriptor, mode)
        return descriptor

    # --- the journal ---

    @property
    def _committed(self) -> bool:
        """Whether there is a journal, so that what it lists will be done in any case."""
        return exists(JOURNAL, self._work)

    @contextmanager
    def _recorded(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if not self._committed:
                raise
            reason = f"{printable(exc.filename)}: {exc.strerror}" if isinstance(exc.filename, str) else f"{exc.strerror}"
            raise Invalid(
                f"{what} is recorded, but not yet in all files ({reason}); correct that, and the next run that writes finishes it"
            ) from exc

    def _left_to_do(self) -> dict[str, Step]:
        pending = {}
        for step in self._journal():
            current = _plain_file.state(self._directory, step.file)
            if current == step.before:
                staged = _plain_file.state(self._work, step.file)
                if staged == step.after:
                    pending[step.file] = step
                elif staged is None:  # it had been renamed, and the old file was put back
                    self.later.append(step.file)
                else:
                    raise Invalid(_UNFINISHED)
            elif current != step.after:
                self.later.append(step.file)
        return pending

    def _journal(self) -> list[Step]:
        try:
            found = _plain_file.read(self._work, JOURNAL, _MAX_JOURNAL_BYTES)
            if found is None:
                return []
            journal = json.loads(found.content.decode("utf-8", "surrogateescape"))
            steps = [Step(*step) for step in journal["steps"]]
            if journal["format"] != _FORMAT or not all(LABEL.match(step.file) for step in steps):
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError) as exc:  # Invalid is a ValueError
            raise Invalid(_UNFINISHED) from exc
        if journal.get("lock") != self._lock():
            raise Invalid(_FOREIGN)
        return steps

    def _lock(self) -> list[int]:
        """What nobody can know who was not here: a checkout or a copy gives the file other numbers."""
        found = os.stat(LOCK, dir_fd=self._work, follow_symlinks=False)
        return [found.st_ino, found.st_mtime_ns]

    def _finish(self) -> None:
        for step in self._pending.values():
            if _plain_file.state(self._directory, step.file) != step.before:  # the last of thousands comes after a second
                self.later.append(step.file)
            elif step.after is not None:
                os.rename(step.file, step.file, src_dir_fd=self._work, dst_dir_fd=self._directory)
            else:
                with suppress(FileNotFoundError):  # it was removed meanwhile
                    os.unlink(step.file, dir_fd=self._directory)
        os.fsync(self._directory)
        os.fsync(self._work)
        os.unlink(JOURNAL, dir_fd=self._work)
        self._pending = {}
        with suppress(OSError):  # the files are there, and a journal that comes back finds nothing to do
            os.fsync(self._work)

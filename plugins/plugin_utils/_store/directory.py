# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles in a directory, one YAML file each, made to be reviewed in Git.

People and Git write these files as well, so all that is read is validated, and everything that is wrong is reported at once.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import Collection, Iterator, Mapping

from .._model.errors import Invalid, MailopsError, Problems, comma_list, some
from .._model.profile import derived_key
from .._model.stored import Changes, Stored
from . import TIMEOUT, Change, Result, _journal, _profile_file, _work_directory
from ._filesystem import FileStore, make_directories
from ._journal import Files
from ._limits import refuse_too_large
from ._plain_file import Found, closing, printable
from ._profile_file import ProfileFile

_ATTEMPTS = 5  # when Git or an editor changes what is just being written
_OTHERS = {"name": "another name", "id": "another id (uuidgen makes one)", "key": "another key, or none"}


class DirectoryStore(FileStore):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._work = os.path.join(path, _work_directory.NAME)
        self._lock = os.path.join(self._work, _work_directory.LOCK)

    @property
    def exists(self) -> bool:
        return os.path.isdir(self.path)

    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        found = self._read_all()
        return found if names is None else {name: found[name] for name in sorted(set(names).intersection(found))}

    def _read_all(self) -> dict[str, Stored]:
        with self._translated(), self._opened() as directory:
            if directory is None:
                return {}
            # The lock is held while files are read, not while they are parsed, which takes ten times as long.
            found = _journal.snapshot(directory, self._read_files, TIMEOUT)
        return _by_name(self._parse(found))

    def update(self, change: Change[Result]) -> Result:
        with self._translated():
            if not self._has_lock:
                # Before it becomes a store, everything that looks like a profile must be one.
                changes, result = change(self._read_all())
                if not changes:  # nothing to write, so nothing is created
                    if self.exists:
                        self._refuse_unwritable()
                    return result
            self._refuse_unwritable()
            make_directories(self.path)
            with self._opened() as directory, _journal.writing(directory, TIMEOUT) as files:
                for _attempt in range(_ATTEMPTS):
                    found = self._read_files(files)
                    parsed = self._parse(found)
                    changes, result = change(_by_name(parsed))
                    if not changes or self._write(files, found, parsed, changes):
                        return result
        raise self.problem(
            "its files keep changing while they are written; let Git or whatever changes them finish, "
            "then run again"
        )

    def refuse_unusable(self) -> None:
        self._refuse_unwritable()
        if not self._has_lock:
            self.read()

    def _refuse_unwritable(self) -> None:
        with self._translated(), self._opened() as directory:
            if directory is None:
                self.refuse_unwritable(self.nearest_directory())
                return
            self.refuse_unwritable(*(path for path in (self.path, self._work, self._lock) if os.path.exists(path)))
            status = os.stat(directory)
            if status.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid):
                raise self.problem(
                    "has the sticky bit, with which no user may replace the files of others; "
                    "take it away (chmod -t), or give another path in store"
                )

    # --- the directory ---

    @property
    def _has_lock(self) -> bool:
        return os.path.lexists(self._lock)

    @contextmanager
    def _opened(self) -> Iterator[int | None]:
        """A descriptor of the directory; None when it does not exist."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.refuse_dangling_link()
            yield None
            return
        except NotADirectoryError:
            if os.path.lexists(self.path):
                raise self.problem("is not a directory; give the path of one") from None
            raise
        with closing(descriptor):
            yield descriptor

    def _labels(self, files: Files) -> list[str]:
        """The files that are profiles. What else is there becomes a warning."""
        labels = sorted(files.labels())
        foreign = sorted(file for file in files.names().difference(labels) if not file.startswith("."))
        if foreign:
            if not labels and not os.path.lexists(self._work):
                raise self.problem(
                    "holds other files and no profile; give a directory of its own, "
                    f"or create {self._work} if this is the one"
                )
            self._warn(f"ignored what is no profile: {some([_ignored(file) for file in foreign])}")
        return labels

    def _warn(self, text: str) -> None:
        warning = f"store {self.path}: {text}"
        if warning not in self.warnings:
            self.warnings.append(warning)

    # --- reading ---

    def _read_files(self, files: Files) -> dict[str, Found]:
        """The content of each file, by label."""
        self._warn_of_later(files)
        found, problems, size = {}, Problems(), 0
        for label in self._labels(files):
            with problems.at(f"store {self.path}: {printable(label)}"):
                content = files.read(label)
                if content is not None:
                    found[label] = content
                    size += len(content.content)
            refuse_too_large(len(found), size)
        problems.raise_all()
        return found

    def _warn_of_later(self, files: Files) -> None:
        for label in files.later:
            self._warn(
                f"{printable(label)}: was changed by another program after a change of it was recorded; "
                "it stays as it is, so check it"
            )

    def _parse(self, found: Mapping[str, Found]) -> dict[str, ProfileFile]:
        """What each file says, by label."""
        parsed: dict[str, ProfileFile] = {}
        problems = Problems()
        for label, (content, _status) in found.items():
            try:
                parsed[label] = _profile_file.parse(label, content)
            except MailopsError as exc:
                problems += [f"store {self.path}: {problem}" for problem in exc.problems]
        problems += self._conflicts({label: file.record for label, file in parsed.items()})
        problems.raise_all()
        return _with_keys(parsed)

    def _conflicts(self, records: Mapping[str, Stored]) -> list[str]:
        """A problem for each two files that have the same name, id or key."""
        shared: dict[tuple[str, str], list[str]] = {}
        for what in _OTHERS:
            owners: dict[str, str] = {}
            for label, record in records.items():
                value = getattr(record, what)
                if value is not None and owners.setdefault(value, label) != label:
                    shared.setdefault((owners[value], label), []).append(what)
        return [
            f"store {self.path}: {printable(one)} and {printable(other)} have the same "
            f"{comma_list(whats)}; give one of them {comma_list(_OTHERS[what] for what in whats)}"
            for (one, other), whats in shared.items()
        ]

    # --- writing ---

    def _write(self, files: Files, found: Mapping[str, Found], parsed: Mapping[str, ProfileFile], changes: Changes) -> bool:
        """Whether the changes are written; not if a file has changed since it was found."""
        after = {label: file.record for label, file in parsed.items()}
        labels = {record.id: label for label, record in after.items()}
        taken = {file.casefold() for file in files.names()}
        contents: dict[str, bytes | None] = {}
        for removed in changes.remove:
            if removed in labels:
                contents[labels[removed]] = None
                del after[labels[removed]]
        for record in changes.put:
            label = labels.get(record.id) or _profile_file.free_label(record.name, taken)
            taken.add(label)
            after[label] = record
            content = self._content(label, record, parsed.get(label))
            if label not in found or found[label].content != content:
                contents[label] = content
        Problems(self._conflicts(after)).raise_all()
        unchanged = (len(file.content) for label, file in found.items() if label not in contents)
        refuse_too_large(len(after), sum(unchanged) + sum(len(content) for content in contents.values() if content))
        written = not contents or files.commit(contents, found)
        self._warn_of_later(files)
        return written

    def _content(self, label: str, record: Stored, old: ProfileFile | None) -> bytes:
        content = _profile_file.edited_text(label, record, old) if old else None
        if old and content is None and "#" in old.text:
            self._warn(f"{printable(label)}: was written anew, without its comments; look for them in Git")
        return content or _profile_file.new_text(record)

    # --- messages ---

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Invalid as exc:
            raise self.problem(str(exc)) from exc
        except OSError as exc:
            raise self.os_problem(exc, self._full(exc.filename)) from exc

    def _full(self, name: object) -> str:
        """The path of what a system call was about: most get a descriptor of the directory and a name in it."""
        if name == _work_directory.LOCK:
            return self._lock
        return os.path.join(self.path, name) if isinstance(name, str) else self.path


def _by_name(parsed: Mapping[str, ProfileFile]) -> dict[str, Stored]:
    return {record.name: record for record in sorted((file.record for file in parsed.values()), key=lambda record: record.name)}


def _with_keys(parsed: Mapping[str, ProfileFile]) -> dict[str, ProfileFile]:
    """The files, with a key in the record of each one that has none."""
    taken = {file.record.key for file in parsed.values()}
    complete = dict(parsed)
    for label, file in sorted(parsed.items(), key=lambda item: item[1].record.name):
        if file.record.key is None:
            key = derived_key(file.record.name, taken)
            taken.add(key)
            complete[label] = file._replace(record=file.record._replace(data={**file.record.data, "key": key}))
    return complete


def _ignored(file: str) -> str:
    stem, ending = os.path.splitext(file)
    hint = f" (rename it to {printable(stem + _profile_file.ENDING)} if it is one)" if ending == ".yaml" else ""
    return printable(file) + hint

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles in a directory, one YAML file each, made to be reviewed in Git.

People and Git write these files as well, so whatever is read is validated, and all that is wrong is reported at once.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import Collection, Iterable, Iterator

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, comma_list
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Stored
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import (
    TIMEOUT,
    Change,
    Result,
    Store,
    _journal,
    _profile_file,
    _work_directory,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._filesystem import may_write, os_message, parents, unwritable
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._journal import Files, Found

_ATTEMPTS = 5  # when Git or an editor changes what is just being written
_MOST_SHOWN = 10


class DirectoryStore(Store):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path
        self._work = os.path.join(path, _work_directory.NAME)
        self._lock = os.path.join(self._work, _work_directory.LOCK)

    @property
    def exists(self) -> bool:
        return os.path.isdir(self.path)

    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        with self._translated(), self._opened() as directory:
            if directory is None:
                return {}
            # The lock is held while files are read, not while they are parsed, which takes ten times as long.
            found = _journal.snapshot(directory, lambda files: self._read(files, names), TIMEOUT)
        return self._parse(found)

    def update(self, names: Collection[str] | None, change: Change[Result]) -> Result:
        with self._translated():
            if not self._has_lock:
                # Before it becomes a store, all that looks like a profile is one.
                found = self.read()
                changes, result = change({name: record for name, record in found.items() if names is None or name in names})
                if not changes:  # nothing to write, so nothing is created
                    if self.exists:
                        self._refuse_unwritable()
                    return result
            self._refuse_unwritable()
            self._create()
            with self._opened() as directory, _journal.writing(directory, TIMEOUT) as files:
                for _attempt in range(_ATTEMPTS):
                    found = self._read(files, names)
                    snapshot = self._parse(found)
                    changes, result = change(snapshot)
                    if not changes or self._write(files, names, found, snapshot, changes):
                        return result
        raise MailopsError(
            f"store {self.path}: its files keep changing while they are written; let Git or whatever changes them finish, "
            "then run again"
        )

    def refuse_unusable(self) -> None:
        self._refuse_unwritable()
        if not self._has_lock:
            self.read()

    def _refuse_unwritable(self) -> None:
        with self._translated(), self._opened() as directory:
            if directory is None:
                paths = [next(path for path in parents(self.path) if os.path.exists(path))]
            else:
                paths = [path for path in (self.path, self._work, self._lock) if os.path.exists(path)]
            for path in paths:
                if not may_write(path):
                    raise MailopsError(unwritable(self.path, path))
            status = os.stat(directory) if directory is not None else None
            if status and status.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid):
                raise MailopsError(
                    f"store {self.path}: has the sticky bit, with which nobody may replace the files of others; "
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
            if os.path.islink(self.path):
                raise MailopsError(f"store {self.path}: is a link to nothing; remove it or create what it points to") from None
            yield None
            return
        except NotADirectoryError:
            if os.path.lexists(self.path):
                raise MailopsError(f"store {self.path}: is not a directory; give the path of one") from None
            raise
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _create(self) -> None:
        missing = [path for path in (self.path, *parents(self.path)) if not os.path.exists(path)]
        for path in reversed(missing):
            with suppress(FileExistsError):  # another run was faster
                os.mkdir(path, 0o700)
            with suppress(PermissionError):  # whoever may create files there need not be one who may list them
                _work_directory.sync_directory(os.path.dirname(path))

    def _profiles(self, files: Files) -> set[str]:
        """The names of the profiles that have a file; what else lies there becomes a warning."""
        visible = [file for file in files.names() if not file.startswith(".")]
        names = {file: _profile_file.profile_name(file) for file in visible}
        foreign = sorted(file for file, name in names.items() if name is None)
        if foreign:
            if len(foreign) == len(names) and not os.path.lexists(self._work):
                raise MailopsError(
                    f"store {self.path}: holds other files and no profile; give a directory of its own, "
                    f"or create {self._work} if this is the one"
                )
            shown = comma_list(_foreign(file) for file in foreign[:_MOST_SHOWN])
            more = f" and {len(foreign) - _MOST_SHOWN} more" if len(foreign) > _MOST_SHOWN else ""
            self._warn(f"ignored what is no profile: {shown}{more}")
        return {name for name in names.values() if name is not None}

    def _warn(self, text: str) -> None:
        warning = f"store {self.path}: {text}"
        if warning not in self.warnings:
            self.warnings.append(warning)

    # --- reading ---

    def _read(self, files: Files, names: Collection[str] | None) -> dict[str, Found]:
        self._warn_of_later(files)
        present = self._profiles(files)
        return self._read_files(files, present if names is None else present.intersection(names))

    def _warn_of_later(self, files: Files) -> None:
        for file in files.later:
            self._warn(f"{file}: was changed by somebody else after a change of it was recorded; it stays as it is, so check it")

    def _read_files(self, files: Files, names: Iterable[str]) -> dict[str, Found]:
        found, problems = {}, []
        for name in sorted(names):
            file = _profile_file.file_name(name)
            try:
                content = files.read(file)
            except Invalid as exc:
                problems.append(f"store {self.path}: {file}: {exc}")
                continue
            if content is not None:
                found[name] = content
        if problems:
            raise MailopsError(*problems)
        return found

    def _parse(self, found: dict[str, Found]) -> dict[str, Stored]:
        records: dict[str, Stored] = {}
        owners: dict[str, str] = {}
        problems = []
        for name, (content, _status) in found.items():
            try:
                records[name] = record = _profile_file.parse(name, content)
            except MailopsError as exc:
                problems += exc.problems
                continue
            owner = owners.setdefault(record.id, name)
            if owner != name:
                files = " and ".join(sorted(map(_profile_file.file_name, (owner, name))))
                problems.append(f"{files} have the same id; give one of them an id of its own (uuidgen makes one)")
        if problems:
            raise MailopsError(*(f"store {self.path}: {problem}" for problem in problems))
        return records

    # --- writing ---

    def _write(
        self, files: Files, names: Collection[str] | None, found: dict[str, Found], snapshot: dict[str, Stored], changes: Changes
    ) -> bool:
        """Whether the changes are written; not if a file has changed since it was found."""
        ids = {*changes.remove, *(record.id for record in changes.put)}
        if names is not None:  # another file may have a name that is about to be given, or hold an id
            found = found | self._read_files(files, {record.name for record in changes.put}.difference(names))
            # Where a file does not say its id, that follows from its name, and another profile may have had this name before.
            sure = {
                record.id for name, record in snapshot.items() if _says_id(found[name], record.id) or record.id in changes.remove
            }
            found = found | self._holders(files, ids - sure, found)
        owners = {record.id: record for record in (snapshot if names is None else self._parse(found)).values()}
        contents: dict[str, bytes | None] = {_profile_file.file_name(owners[item].name): None for item in ids if item in owners}
        for record in changes.put:
            old = owners.get(record.id)
            file = _profile_file.file_name(record.name)
            if record.name in found and file not in contents:
                raise MailopsError(f"store {self.path}: {file}: another profile has this name; give another one")
            contents[file] = self._text(record, old, found)
        seen = {_profile_file.file_name(name): content for name, content in found.items()}
        contents = {file: content for file, content in contents.items() if file not in seen or seen[file].content != content}
        written = not contents or files.commit(contents, {file: seen.get(file) for file in contents})
        self._warn_of_later(files)
        return written

    def _text(self, record: Stored, old: Stored | None, found: dict[str, Found]) -> bytes:
        before = found[old.name].content if old else b""
        text = _profile_file.edited_text(record, old, before) if old else None
        if text is None and b"#" in before:
            self._warn(f"{_profile_file.file_name(record.name)}: was written anew, without its comments; look for them in Git")
        return text or _profile_file.new_text(record)

    def _holders(self, files: Files, ids: Collection[str], known: Collection[str]) -> dict[str, Found]:
        """The other files that seem to hold a record with one of these ids. To parse all would take ten times as long."""
        found = {}
        for name in self._profiles(files).difference(known) if ids else ():
            with suppress(Invalid):  # not ours to judge now
                content = files.read(_profile_file.file_name(name))
                if content and (_profile_file.derived_id(name) in ids or any(_says_id(content, item) for item in ids)):
                    found[name] = content
        return found

    # --- messages ---

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _work_directory.Busy as exc:
            raise MailopsError(
                f"store {self.path}: another process has held it locked for {TIMEOUT:g} seconds; "
                f"let it finish (fuser {self._lock} names it), then run again"
            ) from exc
        except _journal.Recorded as exc:
            what, error = exc.args
            raise MailopsError(
                f"store {self.path}: {what} is recorded, but not yet in all files ({_reason(error)}); "
                "mend that, and the next run that writes finishes it"
            ) from exc
        except _journal.Unfinished as exc:
            raise MailopsError(
                f"store {self.path}: an interrupted change cannot be finished: its record is damaged, or a newer release began it; "
                f"update mailops.profiles, or restore the files from Git or a backup and remove {self._work}/{_journal.JOURNAL}"
            ) from exc
        except Invalid as exc:
            raise MailopsError(f"store {self.path}: {exc}") from exc
        except OSError as exc:
            raise MailopsError(os_message(self.path, exc, self._full(exc.filename))) from exc

    def _full(self, name: object) -> str:
        """The path of what a system call was about: most get a descriptor of the directory and a name in it."""
        if name == _work_directory.LOCK:
            return self._lock
        return os.path.join(self.path, name) if isinstance(name, str) else self.path


def _says_id(found: Found, profile_id: str) -> bool:
    return profile_id.encode() in found.content.lower()


def _reason(exc: OSError) -> str:
    return f"{exc.filename}: {exc.strerror}" if isinstance(exc.filename, str) else f"{exc.strerror}"


def _foreign(file: str) -> str:
    shown = file if file.isprintable() else ascii(file)
    stem, ending = os.path.splitext(file)
    try:
        profile = values.profile_name(stem)
    except Invalid:
        return shown
    if ending not in (".yml", ".yaml"):
        return shown
    return f"{shown} (the profile {profile!r} belongs in {_profile_file.file_name(profile)})"

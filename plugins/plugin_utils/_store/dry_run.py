# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store as the tasks of a dry run would have left it: what they would have stored is kept in a directory of the run.

Without that, the later tasks of ``ansible-playbook --check`` would not see what the earlier ones would have done.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from typing import Any, Collection, Iterator

from .._model.stored import Changes, Snapshot, Stored, applied
from . import Change, Result, Store
from ._documents import records, rows
from ._plain_file import closing


class DryRunStore(Store):
    """``store``, and over it the changes that are kept in ``directory``, which belongs to the run and is removed with it.

    The directory gets nothing that the store would not hold: encrypted passwords stay encrypted. A profile that has really been
    stored since, by a task with ``check_mode: false`` or by another run, counts as the store has it.
    """

    def __init__(self, store: Store, directory: str) -> None:
        super().__init__(store.location)
        self.warnings = store.warnings
        self._store = store
        name = hashlib.sha256(json.dumps(store.identity).encode()).hexdigest()
        self._path = os.path.join(directory, f"mailops.profiles-{name}")

    @property
    def identity(self) -> tuple[str | None, ...]:
        return self._store.identity

    @property
    def exists(self) -> bool:
        return os.path.exists(self._path) or self._store.exists

    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        if not os.path.exists(self._path):
            return self._store.read(names)
        merged = self._merged(self._store.read())
        return {name: record for name, record in merged.items() if names is None or name in names}

    def update(self, change: Change[Result]) -> Result:
        return self._store.update(change)

    def refuse_unusable(self) -> None:
        self._store.refuse_unusable()

    def preview(self, change: Change[Result]) -> Result:
        def over(stored: Snapshot) -> tuple[Changes, tuple[Any, Result]]:
            merged = self._merged(stored)
            changes, result = change(merged)
            return changes, (_pending(stored, merged, changes) if changes else None, result)

        with self._locked():
            pending, result = self._store.preview(over)
            if pending is not None:
                self._keep(pending)
        return result

    def _merged(self, stored: Snapshot) -> dict[str, Stored]:
        """The profiles by name, sorted. A change of what the store had no longer has, or has otherwise, does not count."""
        try:
            with open(self._path, encoding="utf-8") as file:
                pending = json.load(file)
        except FileNotFoundError:
            return dict(stored)
        before, after = (_by_id(records(map(tuple, pending[side]), self.location)) for side in ("before", "after"))
        now = _by_id(stored)
        changed = {each for each in {*before, *after} if now.get(each) == before.get(each)}
        while True:
            untouched = [record for record in stored.values() if record.id not in changed]
            names, keys = {record.name for record in untouched}, {record.key for record in untouched}
            taken = {each for each in changed if each in after and (after[each].name in names or after[each].key in keys)}
            if not taken:
                break
            changed -= taken  # what they were before counts again, which may be in the way of others
        merged = [*untouched, *(after[each] for each in changed if each in after)]
        return {record.name: record for record in sorted(merged, key=lambda record: record.name)}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One task at a time, of all processes of the run."""
        with self._translated():
            descriptor = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with closing(descriptor):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def _keep(self, pending: dict[str, Any]) -> None:
        temporary = f"{self._path}.new"
        with self._translated():
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(pending, file)
            os.replace(temporary, self._path)  # readers take no lock

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise self.problem(
                f"the dry run cannot keep its changes in {os.path.dirname(self._path)} ({exc.strerror or type(exc).__name__}); "
                "correct that, or set ANSIBLE_LOCAL_TEMP to another directory"
            ) from exc


def _pending(stored: Snapshot, merged: Snapshot, changes: Changes) -> dict[str, Any]:
    """What differs from the store after these changes of the merged profiles, as rows."""
    before, after = _by_id(stored), applied(merged, changes)
    differ = [each for each in {*before, *after} if before.get(each) != after.get(each)]
    return {side: rows(found[each] for each in differ if each in found) for side, found in (("before", before), ("after", after))}


def _by_id(found: Snapshot) -> dict[str, Stored]:
    return {record.id: record for record in found.values()}

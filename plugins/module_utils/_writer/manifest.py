# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was deployed to one place: ``INSTANCE.json`` in the directory that holds the place's manifests and backups.

In a home the user can edit it: it is a hint, never evidence. Content that we would not have written counts as absent.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterable, Mapping, NamedTuple, Optional, Set, Tuple

from .._wire import BLOCK, MAX_TAG, OWNED, AccountLabel, labels

MAX_ENTRIES = 1000
OUR_DIRECTORY = ".config/mailops/"
_VERSION = 1
_MAX_CHARACTERS = 500_000
_MAX_REDACTED = 200_000  # characters of one file
_MAX_HASHES = 8
_MAX_NAME, _MAX_CLIENTS = 200, 100
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_TEMP = re.compile(r"\.mailops-[0-9a-f]{16}\.tmp\Z")
_MANIFEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.json\Z")
_BACKUP = re.compile(r"[A-Za-z0-9-]{1,120}\.[0-9a-f]{32}\Z")


class Before(NamedTuple):
    """The file that was at a path before our first one. ``newline``: whether it ended with one. ``backup``: the name of its copy."""

    mode: int
    newline: bool = True
    backup: Optional[str] = None


class Entry(NamedTuple):
    """One file or block of ours. ``sha256``: of every content that may be there; more than one only while a run is under way.
    ``variant``: the pattern of the variant that was written. ``widest``: the mode that a user's own file with a block may have at most."""

    path: str
    producer: str
    strategy: str
    mode: int
    sha256: Tuple[str, ...]
    redacted: str = ""
    tag: str = ""
    variant: str = ""
    before: Optional[Before] = None
    temp: Optional[str] = None
    pending: bool = False
    widest: int = 0o777


class Manifest:
    """Entries by path, the directories that we made, and the accounts that the entries are for. ``is_place_made``: the place itself is one of the
    directories; never a home."""

    def __init__(
        self,
        entries: Optional[Mapping[str, Entry]] = None,
        directories: Iterable[str] = (),
        accounts: Iterable[AccountLabel] = (),
        is_place_made: bool = False,
    ) -> None:
        self.entries = entries or {}
        self.directories = tuple(sorted(directories))
        self.accounts = tuple(sorted(accounts))
        self.is_place_made = is_place_made

    def with_accounts(self, accounts: Iterable[AccountLabel]) -> Manifest:
        return Manifest(self.entries, self.directories, accounts, self.is_place_made)

    def to_bytes(self) -> bytes:
        entries = [_data(self.entries[path]) for path in sorted(self.entries)]
        data = {"version": _VERSION, "entries": entries, "directories": self.directories, "accounts": self.accounts}
        if self.is_place_made:
            data["place_made"] = True
        text = json.dumps(data, sort_keys=True)
        if len(text) > _MAX_CHARACTERS:
            text = json.dumps({**data, "entries": [{**entry, "redacted": ""} for entry in entries]}, sort_keys=True)
        return text.encode() + b"\n"

    @property
    def backups(self) -> Set[str]:
        """The names of those that come back when our files go."""
        return {entry.before.backup for entry in self.entries.values() if entry.before and entry.before.backup}

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """ValueError for anything that ``to_bytes`` would not have written."""
        try:
            # Decoded here: json would guess the encoding, and might import a codec with the user's ids.
            known = json.loads(data.decode("utf-8"))
            entries = [_entry(item) for item in known["entries"]]
            directories = list(known["directories"])
            accounts = labels(known.get("accounts", ()))
            is_place_made = known.get("place_made", False) is True
            if known["version"] != _VERSION or max(len(entries), len(directories), len(accounts)) > MAX_ENTRIES:
                raise ValueError("another version, or too many")
            if not all(map(_is_path, directories)) or not all(map(_is_label, accounts)):
                raise ValueError("not paths, or not accounts")
        except (KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise ValueError("not a manifest") from exc
        return cls({entry.path: entry for entry in entries}, directories, accounts, is_place_made)

    def union(self, entries: Mapping[str, Entry], after: Manifest) -> Manifest:
        """What is written ahead of the changes: everything that may be on the disk during the commit. ``after``: the final manifest."""
        merged = dict(self.entries)
        for path, entry in entries.items():
            old = merged.get(path, entry)
            hashes = tuple(dict.fromkeys((*old.sha256, *entry.sha256)))[-_MAX_HASHES:]
            # The old tag stays: after a crash the change of the tag has not been reported yet.
            merged[path] = entry._replace(sha256=hashes, tag=old.tag, pending=True)
        return Manifest(merged, {*self.directories, *after.directories}, self.accounts, self.is_place_made or after.is_place_made)


def is_manifest(name: str) -> bool:
    return bool(_MANIFEST.match(name))


def is_temp(name: Any) -> bool:
    return isinstance(name, str) and bool(_TEMP.match(name))


def is_backup(name: Any) -> bool:
    return isinstance(name, str) and bool(_BACKUP.match(name))


def _data(entry: Entry) -> Dict[str, Any]:
    redacted = entry.redacted if len(entry.redacted) <= _MAX_REDACTED else ""
    return {**entry._asdict(), "redacted": redacted, "before": entry.before and entry.before._asdict()}


def _entry(item: Any) -> Entry:
    before = None if item["before"] is None else Before(**item["before"])
    entry = Entry(**{**item, "sha256": tuple(item["sha256"]), "before": before})
    if not (
        _is_path(entry.path)
        and _is_text(entry.producer, 200)
        and entry.producer.isprintable()
        and entry.strategy in (OWNED, BLOCK)
        and _is_mode(entry.mode)
        and 1 <= len(entry.sha256) <= _MAX_HASHES
        and all(isinstance(value, str) and _HASH.match(value) for value in entry.sha256)
        and _is_text(entry.redacted, _MAX_REDACTED)
        and _is_text(entry.tag, MAX_TAG)
        and entry.tag.isprintable()
        and _is_text(entry.variant, 10_000)
        and (before is None or (_is_mode(before.mode) and isinstance(before.newline, bool)))
        and (before is None or before.backup is None or is_backup(before.backup))
        and (entry.temp is None or is_temp(entry.temp))
        and isinstance(entry.pending, bool)
        and _is_mode(entry.widest)
    ):
        raise ValueError("not an entry")
    return entry


def _is_path(value: Any) -> bool:
    """A relative one that stays below its base."""
    return _is_text(value, 1000) and value.isprintable() and not {"", ".", ".."} & set(value.split("/"))


def _is_label(account: AccountLabel) -> bool:
    texts = (account.profile, account.key, *account.clients)
    return len(account.clients) <= _MAX_CLIENTS and all(_is_text(text, _MAX_NAME) and text.isprintable() for text in texts)


def _is_text(value: Any, limit: int) -> bool:
    return isinstance(value, str) and len(value) <= limit


def _is_mode(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0o777

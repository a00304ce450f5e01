# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of what was deployed to one home: ``.local/state/mailops/INSTANCE.json`` (XDG Base Directory, state home).

It belongs to the user, who can edit it: a hint, never evidence. What does not look like ours counts as absent.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

STATE_DIRECTORY = ".local/state/mailops"
_VERSION = 1
MOST_ENTRIES = 1000
# A record has to stay readable (1 MiB). Above this it does without the texts for diffs, and a diff shows less.
_MOST_CHARACTERS = 500_000
# Nobody but us writes there.
OUR_DIRECTORY = ".config/mailops/"
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_TEMP = re.compile(r"\.mailops-[0-9a-f]{16}\.tmp\Z")
_RECORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.json\Z")
_BACKUP = re.compile(r"[A-Za-z0-9-]{1,120}\.[0-9a-f]{32}\Z")


class Before(NamedTuple):
    """What stood at a path before our first file: ``newline``, whether the file ended with one; ``backup``, its copy."""

    mode: int
    newline: bool = True
    backup: Optional[str] = None


class Entry(NamedTuple):
    """One file or block of ours. ``sha256``: of every content that may be there; more than one only while a run is under way."""

    path: str
    client: str
    strategy: str
    mode: int
    sha256: Tuple[str, ...]
    shown: str = ""
    before: Optional[Before] = None
    temp: Optional[str] = None
    pending: bool = False


class Manifest:
    """Entries by path, and the directories that we made."""

    def __init__(self, entries: Optional[Mapping[str, Entry]] = None, directories: Tuple[str, ...] = ()) -> None:
        self.entries = entries or {}
        self.directories = directories

    def to_bytes(self) -> bytes:
        entries = [_data(self.entries[path]) for path in sorted(self.entries)]
        data = {"version": _VERSION, "entries": entries, "directories": sorted(self.directories)}
        text = json.dumps(data, sort_keys=True)
        if len(text) > _MOST_CHARACTERS:
            text = json.dumps({**data, "entries": [dict(entry, shown="") for entry in entries]}, sort_keys=True)
        return text.encode() + b"\n"

    @property
    def backups(self) -> Set[str]:
        """What is to come back when our files go."""
        return {entry.before.backup for entry in self.entries.values() if entry.before and entry.before.backup}

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """ValueError for anything that ``to_bytes`` would not have written."""
        try:
            # Decoded here: json would guess the encoding, and import that codec with the user's ids.
            known = json.loads(data.decode("utf-8"))
            entries = [_entry(item) for item in known["entries"]]
            directories = tuple(_path(item) for item in known["directories"])
            if known["version"] != _VERSION or max(len(entries), len(directories)) > MOST_ENTRIES:
                raise ValueError("another version, or too many")
        except (KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise ValueError("not a manifest") from exc
        return cls({entry.path: entry for entry in entries}, directories)

    def union(self, entries: Dict[str, Entry], directories: List[str]) -> Manifest:
        """What to write ahead of the changes: everything that may be on the disk while they go on."""
        merged = dict(self.entries)
        for path, entry in entries.items():
            old = merged.get(path)
            hashes = (*(old.sha256 if old else ()), *entry.sha256)
            merged[path] = entry._replace(sha256=tuple(dict.fromkeys(hashes))[-8:], pending=True)
        return Manifest(merged, tuple(sorted({*self.directories, *directories})))


def manifest_path(state: str, instance: str) -> str:
    return f"{state}/{instance}.json"


def is_record(name: str) -> bool:
    return bool(_RECORD.match(name))


def is_temp(name: Any) -> bool:
    return isinstance(name, str) and bool(_TEMP.match(name))


def _data(entry: Entry) -> Dict[str, Any]:
    return dict(entry._asdict(), before=None if entry.before is None else entry.before._asdict())


def is_backup(name: Any) -> bool:
    return isinstance(name, str) and bool(_BACKUP.match(name))


def _path(value: Any) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or any(part in ("", ".", "..") for part in parts) or not value.isprintable() or len(value) > 1000:
        raise ValueError("not a relative path")
    return value


def _text(value: Any, limit: int = 200) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError("not a text")
    return value


def _mode(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0o777:
        raise ValueError("not a mode")
    return value


def _entry(item: Any) -> Entry:
    hashes = tuple(item["sha256"])
    if not 1 <= len(hashes) <= 8 or not all(isinstance(value, str) and _HASH.match(value) for value in hashes):
        raise ValueError("not hashes")
    temp = item["temp"]
    if temp is not None and not is_temp(temp):
        raise ValueError("not a temporary name")
    if item["strategy"] not in ("owned", "block"):
        raise ValueError("not a strategy")
    return Entry(
        path=_path(item["path"]),
        client=_text(item["client"]),
        strategy=item["strategy"],
        mode=_mode(item["mode"]),
        sha256=hashes,
        shown=_text(item["shown"], 1_000_000),
        before=None if item["before"] is None else _before(item["before"]),
        temp=temp,
        pending=item["pending"] is True,
    )


def _before(item: Any) -> Before:
    backup = item["backup"]
    if backup is not None and not is_backup(backup):
        raise ValueError("not a backup")
    return Before(mode=_mode(item["mode"]), newline=item["newline"] is not False, backup=backup)

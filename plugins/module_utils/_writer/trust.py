# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a manifest is believed, which in a home its user can edit, and so can a program of the user's that may write nothing else.

A client writes only what it declares. Where the name of a whole file does not say that it is ours, as those of templates, root's list has to know
that it was written, and which copy of the user's own file comes back in its place.
"""

from __future__ import annotations

import fnmatch
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

from .._wire import OWNED
from .errors import display_text
from .manifest import OUR_DIRECTORY, Before, Entry, Manifest

# Producer -> pattern -> strategy; None: any path for whole files, apart from our own directories.
Patterns = Mapping[str, Optional[Mapping[str, str]]]
# Path -> the name of the copy that comes back, "" where there is none, None as long as no run was completed that wrote the file.
KnownFiles = Mapping[str, Optional[str]]
_MAX_NAMED = 5
_OURS = "mailops"


class Trust(NamedTuple):
    """``known``: None where only who runs this can write the manifest, or owns the home: then it is believed."""

    patterns: Patterns
    known: Optional[KnownFiles]
    own_directories: Tuple[str, ...]

    def believed(self, manifest: Manifest) -> Tuple[Manifest, bool, List[str]]:
        """What is believed of it, whether that is all, and warnings."""
        entries: Dict[str, Entry] = {}
        unknown: List[str] = []
        unfinished: List[str] = []
        not_back: List[str] = []
        for path, entry in manifest.entries.items():
            if not self._fits(entry):
                continue
            if self.known is not None and entry.strategy == OWNED:
                if path not in self.known and not is_named_as_ours(path, self.patterns[entry.producer]):
                    # A run that failed before it wrote the file has left a pending entry.
                    unfinished.append(path) if entry.pending else unknown.append(path)
                    continue
                before = self._before(entry, self.known)
                if entry.before != before and entry.before and entry.before.backup:
                    not_back.append(path)
                entry = entry._replace(before=before)
            entries[path] = entry
        warnings = []
        if unknown:
            warnings.append(f"names {_some(unknown)}, which root's list of places does not have: remove what templates wrote there, it is left as it is")
        if not_back:
            warnings.append(f"names a copy for {_some(not_back)} that root's list of places does not have: put it back by hand if it is the user's")
        is_all = len(entries) + len(unfinished) == len(manifest.entries) and not not_back
        return Manifest(entries, manifest.directories, manifest.accounts, manifest.is_place_made), is_all, warnings

    def _fits(self, entry: Entry) -> bool:
        """Whether the producer may write this path in this way."""
        if entry.producer not in self.patterns:
            return False
        patterns = self.patterns[entry.producer]
        if patterns is None:
            return entry.strategy == OWNED and not f"{entry.path}/".startswith(self.own_directories)
        return any(strategy == entry.strategy and _matches(entry.path, pattern) for pattern, strategy in patterns.items())

    @staticmethod
    def _before(entry: Entry, known: KnownFiles) -> Optional[Before]:
        backup = known.get(entry.path, "")
        if backup is None:
            return entry.before
        if entry.before is None:
            return Before(entry.mode, backup=backup) if backup else None
        return entry.before._replace(backup=backup or None)


def files_to_know(manifest: Manifest, patterns: Patterns) -> Tuple[Tuple[str, str], ...]:
    """What root's list has to know of the files of a home: (path, name of the copy that comes back or "")."""
    found = []
    for path, entry in manifest.entries.items():
        backup = (entry.before and entry.before.backup) or ""
        if entry.strategy == OWNED and (backup or not is_named_as_ours(path, patterns.get(entry.producer))):
            found.append((path, backup))
    return tuple(found)


def is_named_as_ours(path: str, patterns: Optional[Mapping[str, str]]) -> bool:
    """Whether no user has a file of this name. ``patterns``: those of its producer."""
    if patterns is None:
        return False
    return path.startswith(OUR_DIRECTORY) or any(is_pattern_of_ours(pattern) and _matches(path, pattern) for pattern in patterns)


def is_pattern_of_ours(pattern: str) -> bool:
    """Whether every name that it matches has ours in it: a user may have an ``index.pl.html`` or a ``mail-2.mobileconfig``."""
    return "*" in pattern and _OURS in pattern


def producer_of(path: str, patterns: Patterns) -> str:
    """Whose whole file this may be: a client's that declares it, else a template's."""
    of_clients = (producer for producer, declared in patterns.items() if any(_matches(path, pattern) for pattern in declared or ()))
    return next(of_clients, next((producer for producer, declared in patterns.items() if declared is None), ""))


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def _some(paths: List[str]) -> str:
    more = f" and {len(paths) - _MAX_NAMED} more" if len(paths) > _MAX_NAMED else ""
    return ", ".join(map(display_text, sorted(paths)[:_MAX_NAMED])) + more

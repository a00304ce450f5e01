# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs recorded for a place: of this instance and, because they share files and directories, of the others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from .._wire import OWNED, File
from .backups import backup_name
from .errors import UnsafePath
from .manifest import MAX_ENTRIES, OUR_DIRECTORY, Manifest, is_manifest, is_temp
from .state import State
from .tree import Tree
from .trust import KnownFiles, Patterns, Trust

if TYPE_CHECKING:
    from .open_place import Task

_MAX_INSTANCES = 50
_MAX_BYTES = 2 << 20  # of all together: the user can write them
_MAX_RESIDUE = 500


class Records(NamedTuple):
    """``stored``: the bytes of this instance's manifest, None when there is none, empty when they are not what we wrote: they count as
    absent, or are at least written again. ``others``: instance -> its manifest. ``originals``: backup -> content of what may have to come back.
    ``residue``: temporary files of a run that died. ``around``: directories above the manifest that a run made which died before it could record them.
    ``is_place_made``: an instance, or this run, has made the place itself. ``warnings``: what the manifest is not believed.
    ``is_lost``: it does not say, or not believably, what was written in this home. ``listed``: whole files that root's list
    has of it, and in whose place the user had nothing."""

    own: Manifest
    stored: Optional[bytes]
    others: Dict[str, Manifest]
    originals: Dict[str, bytes]
    residue: Tuple[str, ...]
    around: Tuple[str, ...]
    is_place_made: bool = False
    warnings: Tuple[str, ...] = ()
    is_lost: bool = False
    listed: Tuple[str, ...] = ()


def read_records(state: State, task: Task, patterns: Patterns, is_same: bool) -> Records:
    """``is_same``: whether this is the home that root's list has."""
    tree, known = state.tree, task.known
    others = read_others(state)
    own, stored = read_own(state)
    if known is not None:
        own, known = _confirmed(tree, own, task.files, known)
    own, is_all, warnings = Trust(patterns, known, own_directories(state)).believed(own)
    if not is_all:
        stored = b""
    around = _made_by_a_dead_run(state) if state.inside and stored is None and not others else []
    # While other instances have lost their manifests as well, it is not known which files are whose.
    is_lost = is_same and not stored and (not task.files or set(task.shared_with) <= set(others))
    if is_lost:
        ours = OUR_DIRECTORY.rstrip("/")
        more = (ours, *(f"{ours}/{name}" for name in tree.names(ours)[: MAX_ENTRIES // 2]))
        own = Manifest(own.entries, {*own.directories, *more}, own.accounts)
    # A home is never removed, whatever its user has written into the manifest. Another instance may leave before this one.
    is_place_made = not state.inside and (state.is_place_made or any(manifest.is_place_made for manifest in (own, *others.values())))
    originals = _read_originals(state, own, task.files)
    return Records(own, stored, others, originals, _residue(state), tuple(around), is_place_made, tuple(warnings), is_lost, _without_original(task.known))


def _without_original(known: Optional[KnownFiles]) -> Tuple[str, ...]:
    """Where the user had a file, a run that was killed may have put it back."""
    return tuple(path for path, backup in (known or {}).items() if backup == "")


def own_directories(state: State) -> Tuple[str, ...]:
    """In which no template may write."""
    return (OUR_DIRECTORY, f"{state.directory}/") if state.inside else (OUR_DIRECTORY,)


def _confirmed(tree: Tree, own: Manifest, files: Sequence[File], known: KnownFiles) -> Tuple[Manifest, KnownFiles]:
    """With the files that root's list does not have and that hold exactly what we write: only we can have written them, on another host that shares
    the home, or before the list was lost."""
    entries, confirmed = dict(own.entries), dict(known)
    for file in files:
        entry = entries.get(file.path)
        if file.strategy == OWNED and entry is not None and file.path not in known:
            current = tree.read(file.path)
            if current is not None and current.data in (file.content, *(each.content for each in file.variants)):
                entries[file.path] = entry._replace(sha256=(hashlib.sha256(current.data).hexdigest(),))
                confirmed[file.path] = None
    return Manifest(entries, own.directories, own.accounts, own.is_place_made), confirmed


def read_own(state: State) -> Tuple[Manifest, Optional[bytes]]:
    """The manifest, and what is ``stored``. UnsafePath where it could not be written."""
    tree, path = state.tree, state.manifest
    # A link to a file would be replaced without a backup; a directory that is a link out of the tree is an unsafe path.
    if not tree.missing_directories(path) and tree.real(path) != f"{tree.real(state.directory)}/{path.rpartition('/')[2]}":
        raise UnsafePath(tree.absolute(path), "is a symbolic link: replace it by the file that it leads to")
    try:
        content = tree.read(path)
    except UnsafePath:
        if tree.is_directory(path):
            raise  # anything else is replaced, a directory cannot be
        return Manifest(), b""
    if content is None:
        return Manifest(), None
    try:
        own = Manifest.from_bytes(content.data)
    except ValueError:
        return Manifest(), b""
    # One that others can read is written again, with the right mode.
    return own, b"" if content.mode & 0o077 else content.data


def read_others(state: State) -> Dict[str, Manifest]:
    """The manifests of other instances, as far as they are readable: their own runs report what is wrong with them."""
    names = [name for name in state.tree.names(state.directory) if is_manifest(name)]
    others = {}
    size = 0
    for name in names[:_MAX_INSTANCES]:
        path = f"{state.directory}/{name}"
        try:
            content = state.tree.read(path) if path != state.manifest else None
            size += len(content.data) if content else 0
            if content is not None and size <= _MAX_BYTES:
                others[name[: -len(".json")]] = Manifest.from_bytes(content.data)
        except (UnsafePath, ValueError):
            pass
    return others


def _read_originals(state: State, own: Manifest, files: Sequence[File]) -> Dict[str, bytes]:
    """The user's own files that ours replaced and that are not wanted any more. Read now: the rest of a plan may have other ids."""
    stay = {file.path for file in files if not file.alternatives and all(each.content is not None for each in (file, *file.variants))}
    found = {}
    for entry in own.entries.values():
        if entry.path not in stay and entry.before and entry.before.backup:
            content = state.tree.read(f"{state.backups}/{entry.before.backup}")
            # The name says which content it was made of.
            if content is not None and backup_name(entry.path, content.data) == entry.before.backup:
                found[entry.before.backup] = content.data
    return found


def _residue(state: State) -> Tuple[str, ...]:
    paths: List[str] = []
    for directory in (state.directory, state.backups):
        names = [name for name in state.tree.names(directory) if is_temp(name)]
        # The rest goes with the next runs: a user could make any number of them.
        paths += [f"{directory}/{name}" for name in names[:_MAX_RESIDUE]]
    return tuple(path for path in paths if state.tree.removable(path))


def directories(tree: Tree, records: Records, paths: Sequence[str]) -> Set[str]:
    """The directories that go with the last of the files ``paths``: those that have to be made for them, and those that were."""
    made = {name for path in paths for name in tree.missing_directories(path)}
    # Another instance may leave before this one, and its manifest goes with it.
    of_others = {name for other in records.others.values() for name in other.directories}
    made |= {name for name in of_others if any(path.startswith(f"{name}/") for path in paths)}
    return made | {*records.own.directories, *records.around}


def _made_by_a_dead_run(state: State) -> List[str]:
    """These directories hold nothing but themselves and temporary files."""
    found: List[str] = []
    if state.tree.missing_directories(f"{state.directory}/x"):
        return found  # only we make that one: without it the others are the user's
    parts = state.backups.split("/")
    for count in range(len(parts), 0, -1):
        directory = "/".join(parts[:count])
        names = set(state.tree.names(directory)) - set(parts[count : count + 1])
        if not all(is_temp(name) for name in names):
            break
        found.append(directory)
    return [directory for directory in found if not state.tree.missing_directories(f"{directory}/x")]

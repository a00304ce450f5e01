# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a commit, for a batch of places at a time, so that a crash leaves each file old or new.

Each phase is done for all places before the next one: first all files are written, then all are synced at once, which is several
times cheaper than one by one.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence, Tuple

from .commit import Commit
from .errors import unexpected
from .identity import Switch
from .sync import Syncing

# Where a phase works, and so with whose ids. ABOVE a place the way down decides. DISK needs no permission, and is done for several places at once.
PLACE, STATE, ABOVE, DISK = "place", "state", "above", "disk"


class Phase(NamedTuple):
    """``needed``: true for which commits; to change the ids would be most of an idle phase's time."""

    purpose: str
    side: str
    work: Callable[[Commit], None]
    needed: Callable[[Commit], Any]


def _is_staged(commit: Commit) -> Any:
    return commit.pending


def _is_unsynced(commit: Commit) -> Any:
    return commit.place.tree.unsynced or commit.place.state.tree.unsynced


def _is_empty(commit: Commit) -> Any:
    return not commit.plan.manifest.entries


def _is_place_over(commit: Commit) -> Any:
    return _is_empty(commit) and commit.plan.records.is_place_made


_SYNC = Phase("the data is on the disk", DISK, Commit.sync_files, _is_staged)
_SYNC_DIRECTORIES = Phase("the names are on the disk", DISK, Commit.sync_directories, _is_unsynced)
PHASES: Tuple[Phase, ...] = (
    # What is only removed goes first: that must work on a full disk.
    Phase("remove", PLACE, Commit.remove_without_backup, lambda commit: commit.plan.residue or commit.removals),
    Phase("remove residue of the state", STATE, Commit.remove_state_residue, lambda commit: commit.plan.records.residue),
    Phase("stage a manifest of everything that may come, and backups", STATE, Commit.stage_union, lambda commit: commit.writes or commit.backups),
    _SYNC,
    Phase("publish the manifest and backups", STATE, Commit.publish, _is_staged),
    _SYNC_DIRECTORIES,
    Phase("stage files", PLACE, Commit.stage_files, lambda commit: commit.writes),
    _SYNC,
    Phase("publish files", PLACE, Commit.publish, _is_staged),
    Phase("remove what is backed up", PLACE, Commit.remove_backed_up, lambda commit: commit.removals_with_backup),
    _SYNC_DIRECTORIES,
    Phase("stage the final manifest", STATE, Commit.stage_manifest, lambda commit: not _is_empty(commit)),
    _SYNC,
    Phase("publish the final manifest", STATE, Commit.publish, _is_staged),
    _SYNC_DIRECTORIES,
    Phase("remove old backups", STATE, Commit.prune_backups, lambda commit: commit.backups),
    Phase("remove empty directories", PLACE, Commit.clean_place, _is_empty),
    Phase("remove the place itself", ABOVE, Commit.remove_place, _is_place_over),
    Phase("remove the manifest", STATE, Commit.remove_manifest, _is_empty),
    _SYNC_DIRECTORIES,
    Phase("remove the directories around it", STATE, Commit.clean_state, _is_empty),
)


def commit_batch(commits: Sequence[Commit], switch: Switch, progress: Callable[[int], None]) -> None:
    """Every phase for all places before the next one; a place that fails is left out of the rest."""
    for phase in PHASES:
        going = [commit for commit in commits if commit.problem is None and phase.needed(commit)]
        syncing = Syncing(phase.work, going) if phase.side == DISK else None
        for index, commit in enumerate(going):
            progress(commit.number)
            try:
                if syncing is not None:
                    syncing.wait(index)
                elif phase.side == ABOVE:
                    phase.work(commit)
                else:
                    tree = commit.place.state.tree if phase.side == STATE else commit.place.tree
                    with switch.to(tree.identity):
                        phase.work(commit)
            except Exception as exc:
                commit.problem = unexpected(commit.place.tree.display, exc)
        for commit in going:  # not earlier: ids must not change before all threads are done
            if commit.problem is not None:
                progress(commit.number)
                commit.abandon(switch)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that are no homes: their manifests and backups are root's, whoever owns the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer import state
from ansible_collections.mailops.profiles.plugins.module_utils._writer.commit import Commit

from .home import OWN, Home, Host, block, owned
from .kills import EVERY_PHASE, killed, phase_of


@pytest.fixture
def place(alice: Home) -> Path:
    """In a user's home, so that the files are the user's and the manifest is root's."""
    alice.mkdir("setup/x")
    return alice.path / "setup/x"


def states(root: Path) -> dict[str, tuple[int, str]]:
    own = root / state.OF_ROOT
    return {str(path.relative_to(own)): (path.stat().st_uid, oct(path.stat().st_mode & 0o777)) for path in own.rglob("*")}


def test_each_side_has_its_owner(host: Host, root: Path, place: Path, alice: Home) -> None:
    (place / ".ownrc").write_text("the user's\n")
    os.chown(place / ".ownrc", alice.uid, alice.uid)
    assert host.dest(place, block(), owned(path=".ownrc")).problem is None
    assert {uid for uid, _mode, _content in alice.tree().values()} == {alice.uid}
    assert {uid for uid, _mode in states(root).values()} == {0}
    assert {mode for path, (_uid, mode) in states(root).items() if path.endswith((".json", "/backups")) or "backups/" in path} == {"0o600", "0o700"}
    assert not [path for path in alice.tree() if "mailops" in path]
    assert host.dest(place).problem is None
    assert (place / ".ownrc").read_text() == "the user's\n"


def test_removal_leaves_nothing(host: Host, root: Path, place: Path, alice: Home) -> None:
    before = alice.tree()
    host.dest(place, block(), owned())
    host.dest(place, block("second\n"), instance="second")
    host.dest(place)
    assert states(root) and (place / ".blockrc").exists()
    host.dest(place, instance="second")
    assert alice.tree() == before and not (root / state.OF_ROOT).exists()


def test_the_user_cannot_edit_the_manifest_or_stop_it(host: Host, root: Path, place: Path, alice: Home) -> None:
    """What a user puts at the names of manifests in the directory means nothing."""
    alice.write("setup/x/.local/state/mailops/default.json", '{"version": 1}', 0o600)
    alice.write("setup/x/default.json", "x", 0o600)
    before = alice.tree()
    for files in ((block(), owned()), ()):
        assert host.dest(place, *files).drifted == ()
    assert alice.tree() == before


@EVERY_PHASE
@pytest.mark.parametrize("then", [[block("new\n"), owned("new\n")], []], ids=["update", "remove"])
def test_a_crash_leaves_old_or_new_and_the_next_run_repairs(
    host: Host, root: Path, place: Path, alice: Home, number: int, then: list
) -> None:
    alice.write("setup/x/.blockrc", "mine\n")
    before = alice.tree()
    host.dest(place, block("old\n"), owned("old\n"))
    old = (place / ".blockrc").read_bytes()
    with killed(number, after=True):
        assert "status 137" in host.dest(place, *then).problem.message
    assert (place / ".blockrc").read_bytes() in (old, old.replace(b"old", b"new") if then else b"mine\n")
    result = host.dest(place, *then)
    assert result.problem is None and result.drifted == ()
    assert not list(host.root.rglob("*.tmp")) and not list(root.rglob("*.tmp"))
    if then:
        assert (place / OWN).read_bytes() == b"new\n" and b"new" in (place / ".blockrc").read_bytes()
        assert host.dest(place, *then).changes == ()
        host.dest(place)
        assert not (root / state.OF_ROOT).exists()
    # Of a removal that was killed, empty directories of root's may stay.
    assert alice.tree() == before and not [path for path in (root / state.OF_ROOT).rglob("*") if path.is_file()]


def test_a_place_that_is_planned_again_reports_each_change_once(host: Host, alice: Home) -> None:
    """Bob's files are on the disk when the worker is killed at alice, and his manifest is not."""
    bob = host.home("bob")
    with killed(phase_of(Commit.stage_manifest), at=str(alice.path)):
        outcomes = host.run(block(), owned(), users=("bob", "alice", "carol"))
    assert "status 137" in outcomes["alice"].problem.message
    for name in ("bob", "carol"):
        changes = [change for change in outcomes[name].changes if change.producer]
        assert [os.path.basename(change.path) for change in changes] == [".blockrc", "work"] and all(change.diff for change in changes)
        assert outcomes[name].problem is None and outcomes[name].drifted == () and outcomes[name].unchanged == 0
    assert bob.read(OWN) == b"own\n"

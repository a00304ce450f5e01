# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns a dest, and in whose directory it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.dest import Dest

from .home import OWN, Home, Host, block, owned


def test_a_dest_in_a_users_directory_is_written_as_that_user(host: Host, alice: Home) -> None:
    assert host.dest(alice.path / "setup/x", block()).problem is None
    assert alice.read("setup/x/.blockrc")
    assert {uid for uid, _mode, _content in alice.tree().values()} == {alice.uid}


@pytest.mark.parametrize("mode, works", [(0o755, True), (0o775, False), (0o777, False), (0o1777, True)])
def test_a_dest_where_others_can_write_is_unsafe(host: Host, tmp_path: Path, mode: int, works: bool) -> None:
    (tmp_path / "srv").mkdir()
    os.chmod(tmp_path / "srv", mode)
    assert (host.dest(tmp_path / "srv/x", block()).problem is None) is works


def test_a_dest_gets_owner_group_and_mode(host: Host, tmp_path: Path) -> None:
    options = Dest(owner=20_050, group=20_060, directory_mode=0o750)
    for changes in (2, 0):
        outcome = host.dest(tmp_path / "srv/x", block(), owned(), options=options, mode=0o640)
        assert outcome.problem is None and len(outcome.changes) == changes
    for name, mode in ((".blockrc", 0o640), (OWN, 0o640), ("", 0o750), (".config/mailops", 0o750)):
        state = (tmp_path / "srv/x" / name).stat()
        assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (20_050, 20_060, mode), name


def test_a_dest_below_a_strangers_directory_in_tmp_is_refused(host: Host, alice: Home, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    os.chmod(tmp_path / "shared", 0o1777)
    (tmp_path / "shared/setup").mkdir()
    os.chown(tmp_path / "shared/setup", alice.uid, alice.uid)
    for check in (True, False):
        assert "another user made in a shared one" in host.dest(tmp_path / "shared/setup/x", block(), check=check).problem.message
    assert os.listdir(tmp_path / "shared/setup") == []


@pytest.mark.parametrize("before, after", [({}, {"owner": 20_050, "group": 20_050}), ({"owner": 20_050, "group": 20_050}, {}),
                                           ({"group": 20_060}, {"group": 20_061})])  # fmt: skip
def test_another_owner_or_group_of_a_dest_is_refused_in_check_mode_too(host: Host, tmp_path: Path, before, after) -> None:
    path = tmp_path / "srv/x"
    assert host.dest(path, block(secret=True), options=Dest(**before)).problem is None
    state = [(each.stat().st_uid, each.stat().st_gid) for each in path.rglob("*")]
    said = {str(host.dest(path, block(secret=True), options=Dest(**after), check=check).problem) for check in (True, False)}
    if before.get("owner") and not after:
        assert said == {"None"}  # it is written as its owner
        return
    assert len(said) == 1 and "belongs to" in said.pop()
    assert [(each.stat().st_uid, each.stat().st_gid) for each in path.rglob("*")] == state


def test_nothing_is_done_as_root_below_a_users_directory(host: Host, alice: Home) -> None:
    alice.mkdir("setup")
    (alice.path / "setup/x").mkdir()
    for files in ((block(),), ()):
        assert "belongs to" in host.dest(alice.path / "setup/x", *files).problem.message

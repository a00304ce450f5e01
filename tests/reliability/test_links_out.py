# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of all clients in a home whose directories, or files, are links to another disk of the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..unit.writer.home import Home, Host
from .filesystems import in_memory, isolated, of_a_user
from .test_traps import assert_as_wanted, assert_right_in_the_end
from .traps import STATE, needed, patterns, wanted


def on_another_disk(host: Host) -> tuple[Home, Path]:
    """Alice's own, in a directory of root's that all users can pass."""
    in_memory(host.root)
    alice = host.home("alice")
    disk = host.root / "disk"
    disk.mkdir(mode=0o755)
    (disk / "alice").mkdir()
    of_a_user(disk / "alice", alice.uid)
    return alice, disk / "alice"


def links() -> dict[str, list[str]]:
    """Paths to be links: the outermost directories, those in the middle, and the files themselves."""
    every = {component for file in wanted() for component in needed(file.producer)} | {STATE}
    files = {file.path for file in wanted()}
    directories = every - files
    innermost = [path for path in directories if not any(other.startswith(f"{path}/") for other in directories)]
    return {"outermost": [path for path in directories if "/" not in path], "innermost": innermost, "files": sorted(files)}


@pytest.mark.parametrize("kind", ["outermost", "innermost", "files"])
@pytest.mark.parametrize("exists", [True, False])
@isolated
def test_links_to_another_disk(host: Host, count, kind: str, exists: bool) -> None:
    host = Host(Path("/mnt"))  # nobody can exchange it, unlike what lies in /tmp
    alice, disk = on_another_disk(host)
    paths = links()[kind]
    for number, path in enumerate(paths):
        target = disk / f"{number}"
        if exists and kind == "files":
            target.touch()
        elif exists:
            target.mkdir(mode=0o700)
        if exists:
            os.chown(target, alice.uid, alice.uid)
        alice.link(path, str(target))
    # What has our names is ours, and goes with us.
    users = {str(number) for number, path in enumerate(paths) if not path.startswith((".config/mailops/", STATE)) or (kind != "files" and path != STATE)}
    for version in (1, 2, 2):
        dry, real = (host.run(*wanted(version=version), patterns=patterns(), deadline=20, check=check)["alice"] for check in (True, False))
        assert real.problem is None, real.problem
        assert (dry.changes, dry.problem) == (real.changes, real.problem)
        behind = [change for change in real.changes if any(f"{change.path}/".startswith(f"{alice.path}/{path}/") for path in paths)]
        assert all(change.real_path.startswith(f"{disk}/") for change in behind) and (behind or not real.changes)
        assert_as_wanted(alice, wanted(version=1) if version == 2 else [], wanted(version=version))
    assert not real.changes
    assert all(os.path.islink(alice.path / path) for path in paths)
    assert_right_in_the_end(host)
    assert users <= set(os.listdir(disk)) if exists else not os.listdir(disk)
    assert not any(os.path.getsize(Path(at, name)) for at, _directories, names in os.walk(disk) for name in names)
    count("links out of a home", len(paths))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can change a directory above a home can put another directory in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .home import Home, Host, block


def below(host: Host, tmp_path: Path, uid: int, mode: int) -> Home:
    """Alice's home below a directory of this owner and mode."""
    above = tmp_path / "above"
    above.mkdir()
    home = Home(above / "deep" / "alice", 20_001)
    home.path.mkdir(parents=True)
    os.chown(home.path, home.uid, home.uid)
    os.chown(above, uid, uid)
    above.chmod(mode)
    host.homes["alice"] = home
    return home


@pytest.mark.parametrize(("uid", "mode", "reason"), [
    (20_002, 0o755, "/above of the user with uid 20002, who could exchange it: look who should own it, or move the home"),
    (20_002, 0o1777, "/above of the user with uid 20002, who could exchange it"),
    (0, 0o777, "/above (mode 0777), where others than root could exchange it: look who should write there, or move the home"),
    (0, 0o2775, "/above (mode 2775), where others than root could exchange it"),
])  # fmt: skip
@pytest.mark.parametrize("check", [True, False], ids=["check", ""])
def test_a_home_that_others_can_exchange_gets_nothing(host: Host, tmp_path: Path, uid: int, mode: int, reason: str, check: bool) -> None:
    home = below(host, tmp_path, uid, mode)
    for files in ((block(),), ()):
        result = host.run(*files, check=check)["alice"]
        assert result.problem is not None and reason in result.problem.message and result.problem.message.startswith(str(home.path))
    assert not home.tree()


@pytest.mark.parametrize(("uid", "mode"), [(0, 0o755), (0, 0o711), (0, 0o1777), (20_001, 0o755), (20_001, 0o775)])
def test_other_homes_are_served(host: Host, tmp_path: Path, uid: int, mode: int) -> None:
    """In a sticky directory only the owner of a name can rename it; what is above in a user's own directory is that user's business."""
    home = below(host, tmp_path, uid, mode)
    assert host.run(block())["alice"].problem is None and home.read(".blockrc")

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In check mode, homes, users, owners and directories that an earlier task of the run would have made are warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from .home import OWN, Site, all_changes, changed_users
from .machine import Machine


def test_a_home_that_an_earlier_task_would_make(machine: Machine) -> None:
    home = machine.add("alice")
    home.path.rmdir()
    answer = machine.run("alice", check=True)
    assert answer.results[0].warnings == (f"{home.path} does not exist: a real run fails unless the home directory exists by then",)
    assert [change.path for change in all_changes(answer)] == [f"{home.path}/.blockrc", f"{home.path}/{OWN}"]
    assert "does not exist; it may not be mounted or unlocked" in machine.run("alice").results[0].problem.message


def test_a_user_whom_an_earlier_task_would_create(machine: Machine) -> None:
    answer = machine.run("no-such-user-here", check=True)
    assert answer.missing == ("no-such-user-here",)
    assert [change.path for change in all_changes(answer)] == ["~no-such-user-here/.blockrc", f"~no-such-user-here/{OWN}"]
    answer = machine.run("no-such-user-here")
    assert answer.missing == ("no-such-user-here",) and not answer.results and machine.served == []


@pytest.mark.parametrize("option", ["owner", "group"])
def test_an_owner_whom_an_earlier_task_would_create(site: Site, option: str) -> None:
    given = {option: "no-such-name-here"}
    dry = site.run("anna", check=True, **given)
    assert len(dry.warnings) == 1 and dry.warnings[0].startswith(f"{option}: the host has no ") and "a real run fails" in dry.warnings[0]
    real = site.run("anna")
    assert [change.path for change in all_changes(dry)] == [change.path for change in all_changes(real)]
    assert len(site.run("anna", check=True, **given).warnings) == 1
    # Who removes accounts needs no owner.
    assert site.run(absent=("anna",), **given).warnings == () and site.left() == set()


def test_directories_above_a_dest_that_an_earlier_task_would_make(site: Site, tmp_path: Path) -> None:
    site.root = tmp_path / "not/yet/there"
    assert changed_users(site.run("anna", check=True)) == {"anna"} and not (tmp_path / "not").exists()

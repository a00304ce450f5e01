# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside an account that the user has at another provider, in the same program: no server is told the other's name or password, ours is
logged in to, and the user's receives and sends as before."""

from __future__ import annotations

import lived_in_terminal
import lived_in_tools
import pytest
from harness import Lab
from lived_in import LivedIn, each, no_secret_went_astray, ours_works, theirs_works

HOMES = [*lived_in_terminal.HOMES, *lived_in_tools.HOMES]
pytestmark = pytest.mark.usefixtures("no_command_ran")


@each(HOMES)
def test_no_server_is_told_the_other_s_name_or_password(lab: Lab, home: LivedIn) -> None:
    no_secret_went_astray(lab, home, "password")


@pytest.mark.every_release
@each(HOMES)
def test_ours_is_logged_in_to(lab: Lab, home: LivedIn) -> None:
    ours_works(lab, home)


@each(HOMES)
def test_theirs_receives_and_sends_as_before(lab: Lab, home: LivedIn) -> None:
    theirs_works(lab, home, "password")


@each(HOMES)
def test_no_secret_goes_astray_when_ours_has_no_password(lab: Lab, home: LivedIn) -> None:
    no_secret_went_astray(lab, home, "no-password")


@each(HOMES)
def test_theirs_works_beside_one_of_ours_without_a_password(lab: Lab, home: LivedIn) -> None:
    theirs_works(lab, home, "no-password")

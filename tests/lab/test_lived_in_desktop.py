# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside an account that the user has at another provider, in the same program with windows: no server is told the other's name or password,
ours is logged in to, and the user's receives and sends as before."""

from __future__ import annotations

import pytest
from harness import Lab
from lived_in import Beside, LivedIn
from lived_in_desktop import HOMES

# Thunderbird asks for the password of ours, and may do so before its remote control answers.
ASKS = "does not answer"


class TestDesktop(Beside):
    homes = HOMES

    @pytest.mark.long
    def test_no_secret_goes_astray_when_ours_has_no_password(self, lab: Lab, home: LivedIn) -> None:
        super().test_no_secret_goes_astray_when_ours_has_no_password(lab, home)

    @pytest.mark.long
    def test_theirs_works_beside_one_of_ours_without_a_password(self, lab: Lab, home: LivedIn) -> None:
        try:
            super().test_theirs_works_beside_one_of_ours_without_a_password(lab, home)
        except AssertionError as failure:
            if home.name == "thunderbird" and ASKS in str(failure):
                pytest.xfail("it asks for the password of ours, and nobody answers")
            raise

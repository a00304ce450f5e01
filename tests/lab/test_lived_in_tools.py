# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside an account that the user has at another provider, in the same mail tool: no server is told the other's name or password, ours is
logged in to, and the user's receives and sends as before."""

from __future__ import annotations

from lived_in import Beside
from lived_in_tools import HOMES


class TestTools(Beside):
    homes = HOMES

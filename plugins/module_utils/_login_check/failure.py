# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a check ends early."""

from __future__ import annotations


class CheckFailed(Exception):
    """``outcome``: one of the list. ``msg``: one sentence. ``hint``: what would work. Texts of a server have been cleaned."""

    def __init__(self, outcome: str, msg: str, hint: str = "") -> None:
        super().__init__(msg)
        self.outcome = outcome
        self.msg = msg
        self.hint = hint

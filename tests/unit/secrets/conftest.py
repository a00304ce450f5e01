# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store with an encrypted password."""

from __future__ import annotations

import pytest

from .sealed import INCOMING, KEY, OUTGOING, edit


@pytest.fixture
def store():
    """A store with one profile whose incoming password is encrypted."""
    snapshot = {}
    edit("work", snapshot, KEY, incoming=INCOMING, outgoing=OUTGOING)
    return snapshot

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mail_account_info does in homes with traps: it reads nothing outside, changes nothing, and does not wait."""

from __future__ import annotations

import time
from typing import Any, Mapping

from ansible_collections.mailops.profiles.plugins.module_utils._writer.inspect_place import inspect_place

from ..unit.writer.home import Host
from .traps import Ground, assert_helpful, untouched


def look(host: Host, grounds: Mapping[str, Ground], before: Mapping[str, Any], patterns: Any, deadline: float) -> None:
    """``before``: the homes as they were; bob has none."""
    start = time.monotonic()
    with untouched([ground.outside for ground in grounds.values()]):
        found = host.run(users=(*before, "bob"), patterns=patterns, deadline=deadline, check=True, inspect=inspect_place)
    assert time.monotonic() - start < deadline * 2
    assert {name: host.home(name).tree() for name in before} == before
    assert found["bob"].problem is None and {file.state for file in found["bob"].found.files} <= {"deployed"}
    for name, ground in grounds.items():
        if found[name].problem:
            assert_helpful(found[name].problem, ground.home)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused, and what an administrator reads then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError


def problems(function: Callable[..., object], *arguments: Any, **options: Any) -> list[str]:
    """All that the call finds wrong, which must be something."""
    with pytest.raises(MailopsError) as refused:
        function(*arguments, **options)
    return refused.value.problems


def refusal(function: Callable[..., object], *arguments: Any, **options: Any) -> str:
    """What the call finds wrong, as one text."""
    with pytest.raises((MailopsError, Invalid)) as refused:
        function(*arguments, **options)
    return str(refused.value)

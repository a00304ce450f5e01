# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that runs a rollout again for some of its hosts."""

from __future__ import annotations

import re
import shlex
from typing import Any, Sequence

from ...module_utils._text import printable

# What ansible-playbook --limit takes literally: no separators, no patterns, no signs that begin an exclusion, an expression or a file.
_LITERAL = re.compile(r"[\w.][\w.:@+=%-]*")


def rerun(arguments: Sequence[str], hosts: Sequence[str]) -> dict[str, Any]:
    """``arguments``: playbooks and the like, as they were given. ``by_hand``: hosts whose names the option cannot take."""
    literal = [host for host in hosts if _LITERAL.fullmatch(host)]
    by_hand = [host for host in hosts if host not in set(literal)]
    # With a comma, a colon is not one that separates names.
    limit = ",".join(literal) + ("," if len(literal) == 1 and ":" in literal[0] else "")
    command = printable(shlex.join(["ansible-playbook", *arguments, "--limit", limit])) if literal and arguments else ""
    return {"command": command, "hosts": literal, "by_hand": by_hand}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts with the names of the roles' variables: Ansible lets what a host says win over the inventory and the roles' defaults."""

from __future__ import annotations

from typing import Any, Mapping

from ansible import constants as C

from .._model.errors import comma_list
from .role import VARIABLES


def spoofed_options(task_vars: Mapping[str, Any]) -> str | None:
    """Why nothing may be read for this host or sent to it; None: its facts have other names.

    Only the exact names: a host may have facts of its own that begin like them.
    """
    facts = task_vars.get("ansible_facts") if C.INJECT_FACTS_AS_VARS else None
    names = sorted(VARIABLES & set(facts or ()))
    if not names:
        return None
    return (
        f"a fact of the host has the name of a variable of the role ({comma_list(names)}), and facts win over the inventory: nothing was sent. "
        "If a task of yours sets it with set_fact, leave cacheable: true out, and clear the fact cache; else find out who controls the host"
    )

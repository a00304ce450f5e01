# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_apply`` does on the host."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.mailops.profiles.plugins.module_utils._writer._host import deploy
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import HostError, internal_error
from ansible_collections.mailops.profiles.plugins.module_utils._writer._selinux import policy


def run(payload: Mapping[str, Any]) -> Dict[str, Any]:
    """The module's result. ``payload`` is what the ``mail_account`` action sends."""
    try:
        return deploy(payload, payload["check"], payload["diff"], policy())
    except HostError as exc:
        return {"failed": True, "msg": str(exc)}
    except Exception as exc:
        return {"failed": True, "msg": internal_error(exc)}

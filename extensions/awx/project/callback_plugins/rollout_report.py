# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's callback, for AWX, which decides itself which callbacks are enabled, but loads those beside a playbook."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.callback import rollout_report

DOCUMENTATION = rollout_report.DOCUMENTATION


class CallbackModule(rollout_report.CallbackModule):
    CALLBACK_NAME = "rollout_report"
    CALLBACK_NEEDS_ENABLED = False

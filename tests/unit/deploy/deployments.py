# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments for the tests, from the options that a task would give."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment, plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS, read_request

from ...profiles import profile
from ..clients.accounts import JOANNA

__all__ = ["JOANNA", "deployment", "profile"]


def deployment(users: list[dict[str, Any]], template: str = "", **options: Any) -> Deployment:
    known: dict[str, Any] = {"profile_definitions": [profile()], "clients": ["msmtp"], **options, "users": users}
    request = read_request({name: known.get(name) for name in OPTIONS}, {}, lambda src: (template, False))
    return plan_deployment(request, "laptop-17")

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings about places of the instance on the host that a run left alone."""

from __future__ import annotations

from typing import Sequence

from ...module_utils._wire import Remaining
from .._model.errors import some
from .request import Request


def remaining_warnings(request: Request, host: str | None, places: Sequence[Remaining], has_answer: bool) -> list[str]:
    """``has_answer``: the host was asked at all."""
    others = [place for place in places if not place.is_earlier]
    earlier = [place for place in places if place.is_earlier]
    warnings = []
    if not request.users and not request.invalid and not request.is_withdrawn and has_answer:
        warnings.append(_nobody_listed(request, others))
    elif others:
        warnings.append(_remaining_warning(request, host, others))
    if earlier:
        warnings.append(_earlier_warning(earlier))
    return warnings


def _nobody_listed(request: Request, remaining: Sequence[Remaining]) -> str:
    names = sorted({place.user for place in remaining})
    rest = f"; these users still have accounts here: {some(names)} (to remove them, list them with state: absent)" if names else ""
    return f"mail_account: users is empty, so {'no file' if request.forget else 'nothing'} was changed{rest}"


def _remaining_warning(request: Request, host: str | None, remaining: Sequence[Remaining]) -> str:
    places = [
        f"{place.user} in {place.path}" + ("" if place.inventory_host == (host or "") else f" (inventory host {place.inventory_host})")
        for place in remaining
    ]
    if not request.invalid and all(user.state == "absent" for user in request.users):
        # Who withdraws some users' accounts has no reason to believe that those of all others are unwanted.
        return (
            f"mail_account: instance {request.instance} has other files that this task leaves alone: {some(places)}; to remove them, too, list their users, "
            "for another inventory host there, or with the dest that comes out at the path"
        )
    return (
        f"mail_account: instance {request.instance} also has files of users who have no accounts in this task: {some(places)}; if no other task "
        "serves them, remove them: list the users with state: absent, for another inventory host there, or with the dest that comes out at the path"
    )


def _earlier_warning(places: Sequence[Remaining]) -> str:
    return (
        f"mail_account: these users are served in another directory now, and what is in the earlier one is still there: "
        f"{some([f'{place.user} in {place.path}' for place in places])}; purge_users: true removes it"
    )

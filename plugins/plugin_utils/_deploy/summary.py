# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line about a host that changed, for the administrator who watches the run."""

from __future__ import annotations

from typing import Mapping, Sequence

from .._model.errors import comma_list, some
from .deployment import Deployment

# The line is short: with 1,000 hosts there are as many.
_MAX_LOSSES = 3
_MAX_CHARACTERS = 60  # of names in a row


def summary(
    deployment: Deployment,
    changed: Sequence[str],
    purged: Sequence[str],
    missing: Sequence[str],
    forgotten: Sequence[str],
    files: Mapping[str, int],
    check: bool,
) -> str:
    """``changed``: listed users for whom something changed. ``purged``: other users whose accounts went. ``forgotten``: users whose places are off the
    host's list. ``files``: action -> how many."""
    text = _files(files, check) if any(files.values()) else ""
    if changed:
        users = _amount(len(changed), len(deployment.request.users), "user")
        total = sum(map(len, deployment.accounts.values()))
        accounts = _amount(sum(len(deployment.accounts.get(name, ())) for name in changed), total, "account")
        text = f"{users}, {accounts}: {text}" if total else f"{users}: {text}"
    parts = [text, *_losses(deployment)] if text else []
    if purged:
        parts.append(f"no longer listed: {_fitting(purged)}")
    if missing:
        parts.append(f"missing: {_fitting(missing)}")
    if forgotten:
        parts.append(f"{'would be ' if check else ''}forgotten: {_fitting(forgotten)}")
    return f"mail_account: [{deployment.host}] {'; '.join(parts)}"


def _files(counts: Mapping[str, int], check: bool) -> str:
    """``12 files created, 1 updated``; in check mode ``12 files would be created, 1 updated``."""
    (action, count), *others = [(action, count) for action, count in counts.items() if count]
    first = f"{count} {'file' if count == 1 else 'files'} {'would be ' if check else ''}{action}"
    return comma_list([first, *(f"{count} {action}" for action, count in others)])


def _amount(changed: int, total: int, noun: str) -> str:
    some_of = "" if changed == total else f"{changed} of "
    return f"{some_of}{total} {noun}{'' if total == 1 else 's'}"


def _losses(deployment: Deployment) -> list[str]:
    """What clients cannot express, once for each profile."""
    clients: dict[tuple[str, str], list[str]] = {}
    for client, profiles in deployment.losses.items():
        for profile, fields in profiles.items():
            clients.setdefault((profile, _fitting(fields)), []).append(client)
    found = [f"{_fitting(names)} cannot express {fields} ({profile})" for (profile, fields), names in clients.items()]
    more = [f"{len(found) - _MAX_LOSSES} more such losses"] if len(found) > _MAX_LOSSES else []
    return found[:_MAX_LOSSES] + more


def _fitting(names: Sequence[str]) -> str:
    """As many of the names as fit, one at least, and how many more there are."""
    size = 0
    for count, name in enumerate(names):
        size += len(name) + 2
        if count and size > _MAX_CHARACTERS:
            return some(names, count)
    return comma_list(names)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the worker tells its parent: a line of JSON for each message."""

from __future__ import annotations

import json
from typing import List, NamedTuple, Optional, Tuple

from .._wire import Change, Diff, Drift, Problem


class Found(NamedTuple):
    """A plan. ``changes``: each with its relative path. The rest is as in a ``Result``."""

    changes: List[Tuple[str, Change]]
    drifted: List[Drift]
    unchanged: int
    notes: List[Tuple[str, str]]
    residue: bool


class Message(NamedTuple):
    """About the task with this ``number``. ``changed``, with a problem: relative paths of what was changed all the same."""

    number: int
    is_done: bool
    found: Optional[Found] = None
    problem: Optional[Problem] = None
    changed: List[str] = []
    warnings: List[str] = []


def dump_message(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"


def load_message(line: bytes) -> Message:
    message = Message(*json.loads(line.decode()))
    return message._replace(
        found=message.found and _found(*message.found),
        problem=message.problem and Problem(*message.problem),
    )


def _found(changes: list, drifted: list, unchanged: int, notes: list, residue: bool) -> Found:
    return Found(
        [(path, Change(*change)._replace(diff=change[3] and Diff(*change[3]))) for path, change in changes],
        [Drift(*drift) for drift in drifted],
        unchanged,
        [tuple(note) for note in notes],
        residue,
    )

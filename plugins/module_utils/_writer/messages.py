# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the worker tells its parent: a line of JSON for each message."""

from __future__ import annotations

import json
from typing import NamedTuple, Optional, Sequence

from .._wire import Problem, Result, load_result


class Message(NamedTuple):
    """About the task with this ``number``. ``plan``: what was found, and would be done. ``changed``, with a problem: the displayed paths
    of what was changed all the same."""

    number: int
    is_done: bool
    plan: Optional[Result] = None
    problem: Optional[Problem] = None
    changed: Sequence[str] = ()
    warnings: Sequence[str] = ()


def dump_message(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"


def load_message(line: bytes) -> Message:
    message = Message(*json.loads(line.decode()))
    return message._replace(plan=message.plan and load_result(message.plan), problem=message.problem and Problem(*message.problem))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A message to oneself: sent at the outgoing server, found at the incoming one, deleted again."""

from __future__ import annotations

import email.utils
import time
import uuid
from typing import Callable

from .._login_wire import OK, POP, Check, Finding
from .attempt import Seen, conversation
from .clock import Clock
from .failure import CheckFailed
from .imap import ImapSession
from .network import Network
from .pop import PopSession

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0  # seconds between two looks


def new_message_id(address: str) -> str:
    return f"<mailops-check-{uuid.uuid4().hex}@{address.rpartition('@')[2]}>"


def message(address: str, message_id: str) -> bytes:
    lines = (
        f"From: <{address}>",
        f"To: <{address}>",
        "Subject: mailops.profiles: test of this mail account",
        f"Date: {email.utils.formatdate()}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",  # RFC 3834: nobody answers this
        "",
        "This message tests whether mail arrives. It is deleted as soon as it is found.",
        "",
    )
    return "\r\n".join(lines).encode("ascii")


def find(check: Check, network: Network, seconds: float, end: float, message_id: str) -> Finding:
    """Looks for the message until it is there, and deletes it; with log-ins of its own, because a POP server shows only what was there when the
    session began. The log-in is known to work."""
    seen = Seen()
    clock = Clock(seconds, end)
    try:
        if (_in_sessions if check.protocol == POP else _in_one_session)(check, network, seconds, end, message_id, clock, seen):
            return seen.finding(OK, "the message arrived, and was deleted")
    except CheckFailed as exc:
        return seen.finding(exc.outcome, exc.msg, exc.hint)
    hint = f"look for Message-ID {message_id} in the server's log, and for filters that move mail"
    return seen.finding("timeout", f"the message was sent, and did not arrive in the inbox within {seconds:g} seconds", hint)


def _in_one_session(check: Check, network: Network, seconds: float, end: float, message_id: str, clock: Clock, seen: Seen) -> bool:
    with conversation(check, network, Clock(seconds, end), seen) as session:
        session.log_in(session.chosen())
        if not isinstance(session, ImapSession):
            raise TypeError("an IMAP account has a conversation in IMAP")
        session.open_mailbox(writing=True)

        def look() -> bool:
            session.stream.renew()
            return session.remove_message(message_id)

        return _repeated(look, clock)


def _in_sessions(check: Check, network: Network, seconds: float, end: float, message_id: str, clock: Clock, seen: Seen) -> bool:
    def look() -> bool:
        with conversation(check, network, Clock(seconds, end), seen) as session:
            session.log_in(session.chosen())
            if not isinstance(session, PopSession):
                raise TypeError("a POP account has a conversation in POP")
            return session.remove_message(message_id)

    return _repeated(look, clock)


def _repeated(look: Callable[[], bool], clock: Clock) -> bool:
    pause = _FIRST_PAUSE
    while True:
        if look():
            return True
        if clock.left() <= pause:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)

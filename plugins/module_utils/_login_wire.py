# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller sends to a host that is to try log-ins, and what comes back: one set of types for both sides.

A job travels as one opaque string, because it holds passwords. The controller's side is ``_deploy/check_exchange.py``.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import NamedTuple, Optional, Tuple

OUTCOMES = (
    "ok", "unreachable", "refused", "timeout", "not_tls", "tls_untrusted", "tls_name", "tls_expired", "starttls_missing", "login_disabled",
    "mechanism_missing", "password_refused", "account_disabled", "sender_refused", "recipient_refused", "nonsense",
)  # fmt: skip
OK = OUTCOMES[0]
PROTOCOLS = IMAP, POP, SMTP = ("imap", "pop", "smtp")
MAX_SERVER_TEXT = 200  # characters of a server's that are displayed


class Check(NamedTuple):
    """One log-in at one server.

    ``host`` in A-labels, or an IP address. ``security``: ``tls``, ``starttls`` or ``none``. ``mechanisms``: names in the order of preference, the first
    that the server offers is taken; empty: any will do. ``password`` None: no log-in is tried. ``in_clear``: a password may be sent without TLS.
    ``senders``: addresses that are to be accepted as sender and recipient, after the log-in at a submission server.
    """

    protocol: str
    host: str
    port: int
    security: str
    username: str
    password: Optional[str]
    mechanisms: Tuple[str, ...]
    in_clear: bool = False
    ca_file: Optional[str] = None
    senders: Tuple[str, ...] = ()


class RoundTrip(NamedTuple):
    """A message to oneself: which check sends it (by its number), as which of its senders, and which check finds it."""

    outgoing: int
    sender: int
    incoming: int


class CheckJob(NamedTuple):
    """``timeout``: seconds for one check. ``parallel``: connections at a time, ``per_server`` to one server. ``total``: seconds for all."""

    checks: Tuple[Check, ...]
    round_trips: Tuple[RoundTrip, ...] = ()
    timeout: float = 30
    parallel: int = 40
    per_server: int = 24
    total: float = 600


class Finding(NamedTuple):
    """``outcome``: one of ``OUTCOMES``. ``msg``: one sentence. ``hint``: what would work, or what to do. ``address``: the one that was connected to,
    ``tried``: what became of each that was tried. ``certificate_days``: until it expires, negative when it has expired. ``mechanisms``: what the
    server offers to log in with, at the end (after STARTTLS). ``mechanism``: what was used. ``reached``: whether the server did all that it
    has to do before a log-in, so that the outcome is the account's."""

    outcome: str
    msg: str
    hint: str = ""
    address: str = ""
    tried: Tuple[str, ...] = ()
    tls_version: str = ""
    certificate_days: Optional[int] = None
    mechanisms: Tuple[str, ...] = ()
    mechanism: str = ""
    reached: bool = False


class CheckAnswer(NamedTuple):
    """``findings``: for each check one, or one for each of its senders. ``round_trips``: for each one that was asked for, None when one of
    its two log-ins failed."""

    findings: Tuple[Tuple[Finding, ...], ...]
    round_trips: Tuple[Optional[Finding], ...] = ()


def load_job(text: str) -> CheckJob:
    checks, round_trips, *limits = json.loads(zlib.decompress(base64.b64decode(text)).decode("utf-8"))
    return CheckJob(tuple(map(_check, checks)), tuple(RoundTrip(*trip) for trip in round_trips), *limits)


def _check(data: list) -> Check:
    check = Check(*data)
    return check._replace(mechanisms=tuple(check.mechanisms), senders=tuple(check.senders))


def dump_answer(answer: CheckAnswer) -> str:
    return json.dumps(answer)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log-ins of a host's accounts: each one once, however many users or profiles share it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from ...module_utils._login_wire import SMTP, Check, CheckJob, RoundTrip
from .._model.account import Account
from .._model.passwords import SERVERS
from .._model.profile import Server
from .check_request import CheckRequest
from .deployment import Deployment

INCOMING, OUTGOING = SERVERS
ROUND_TRIP = "round_trip"
SIDES = (INCOMING, OUTGOING, ROUND_TRIP)
_PER_SERVER = 24  # connections at a time; Postfix allows a client 50
_MAX_TOTAL = 3600  # seconds
_MECHANISMS = {
    "password": ("PLAIN", "LOGIN"),
    "encrypted": ("CRAM-MD5",),
    "gssapi": ("GSSAPI",),
    "ntlm": ("NTLM",),
    "oauth2": ("XOAUTH2", "OAUTHBEARER"),
    "client_certificate": (),  # some servers want a password besides
    "none": (),
}
_WITH_PASSWORD = ("password", "encrypted")


@dataclass(frozen=True)
class Row:
    """One line of the result: whose it is, and where its finding is: in the job's ``number``-th check as its ``sender``-th, or, for a round trip, in
    the ``number``-th of these. ``untried``: why no log-in is tried, "" when one is."""

    user: str
    profile: str
    side: str
    server: Server
    protocol: str
    number: int
    sender: int = 0
    untried: str = ""


@dataclass(frozen=True)
class Plan:
    job: CheckJob
    rows: Sequence[Row]


def plan_checks(deployment: Deployment, request: CheckRequest, round_trips: bool) -> Plan:
    """``round_trips``: whether messages are sent."""
    planner = _Planner()
    for listed in deployment.accounts.values():
        for account in listed:
            planner.add(account, round_trips)
    checks = tuple(check._replace(senders=tuple(planner.senders[number])) for number, check in enumerate(planner.checks))
    rounds = 2 + 2 * math.ceil(len(checks) / request.parallel)
    job = CheckJob(
        checks=checks,
        round_trips=tuple(planner.round_trips),
        timeout=request.timeout,
        parallel=request.parallel,
        per_server=_PER_SERVER,
        total=min(rounds * request.timeout, _MAX_TOTAL),
    )
    return Plan(job, planner.rows)


class _Planner:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.checks: dict[Check, int] = {}
        self.senders: list[dict[str, int]] = []
        self.round_trips: dict[RoundTrip, int] = {}

    def add(self, account: Account, round_trip: bool) -> None:
        incoming = self._side(account, INCOMING, account.incoming, account.account_type)
        outgoing = self._side(account, OUTGOING, account.outgoing, SMTP)
        if round_trip and not incoming.untried and not outgoing.untried:
            trip = RoundTrip(outgoing.number, outgoing.sender, incoming.number)
            number = self.round_trips.setdefault(trip, len(self.round_trips))
            self.rows.append(Row(account.login, account.profile, ROUND_TRIP, account.incoming, account.account_type, number))

    def _side(self, account: Account, side: str, server: Server, protocol: str) -> Row:
        untried = _untried(server)
        check = Check(
            protocol=protocol,
            host=server.host,
            port=server.port or 0,
            security=server.security,
            username=server.username if not untried else "",
            password=server.password if not untried and server.authentication in _WITH_PASSWORD else None,
            mechanisms=_MECHANISMS[server.authentication],
            in_clear=server.allow_cleartext,
            ca_file=account.ca_file,
        )
        number = self.checks.setdefault(check, len(self.checks))
        if number == len(self.senders):
            self.senders.append({})
        sender = 0
        if protocol == SMTP and not untried:
            sender = self.senders[number].setdefault(account.email, len(self.senders[number]))
        row = Row(account.login, account.profile, side, server, protocol, number, sender, untried)
        self.rows.append(row)
        return row


def _untried(server: Server) -> str:
    """Why a log-in cannot be tried; "" when it can, or when none is needed."""
    if server.authentication == "none":
        return ""
    if server.authentication not in _WITH_PASSWORD:
        return f"authentication {server.authentication} needs what only the user has"
    if server.password_command:
        return "the password comes from password_command, which only the user's own programs run"
    return "" if server.password is not None else "the profile has no password, so that the user's program asks for it"

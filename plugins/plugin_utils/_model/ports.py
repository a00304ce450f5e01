# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports, and the protocol and security that each one implies (RFC 8314, RFC 6409, the IANA registry of service names)."""

from __future__ import annotations

_TITLES = {"imap": "IMAP", "pop": "POP3", "smtp": "submission"}
_HOW = {"tls": "over TLS", "starttls": "with STARTTLS", "none": "without TLS"}

_DERIVED = {
    ("imap", "tls"): 993, ("imap", "starttls"): 143, ("imap", "none"): 143,
    ("pop", "tls"): 995, ("pop", "starttls"): 110, ("pop", "none"): 110,
    ("smtp", "tls"): 465, ("smtp", "starttls"): 587, ("smtp", "none"): 587,
}  # fmt: skip
# Each registered port: its protocol, and the securities that it is made for.
_REGISTERED = {
    993: ("imap", ("tls",)),
    143: ("imap", ("starttls", "none")),
    995: ("pop", ("tls",)),
    110: ("pop", ("starttls", "none")),
    465: ("smtp", ("tls",)),
    587: ("smtp", ("starttls", "none")),
}
_RELAY = 25


def derived_port(protocol: str, security: str) -> int:
    """The port that follows from ``imap``, ``pop`` or ``smtp`` and a security."""
    return _DERIVED[protocol, security]


def port_problem(protocol: str, security: str, port: int) -> tuple[str | None, str | None]:
    """(problem, warning) of a port that was given. Ports that are not registered have neither."""
    right = f"{_TITLES[protocol]} {_HOW[security]} is {derived_port(protocol, security)}"
    if port == _RELAY:
        if protocol != "smtp":
            return f"{port} is the SMTP port; {right}", None
        return None, f"{port} is for mail between servers and often blocked for clients; {right}"
    if port not in _REGISTERED:
        return None, None
    meant, securities = _REGISTERED[port]
    if meant == protocol and security in securities:
        return None, None
    which = f"{port} is the {_TITLES[meant]} port {_HOW[securities[0]]}"
    if meant == protocol:
        return f"{which}, and security is {security}; {right}", None
    return f"{which}; {right}", None

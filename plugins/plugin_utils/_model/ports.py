# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports, and the protocol and security that each one implies (RFC 8314, RFC 6409, the IANA registry of service names)."""

from __future__ import annotations

_TITLES = {"imap": "IMAP", "pop": "POP3", "smtp": "submission"}
_HOW = {"tls": "over TLS", "starttls": "with STARTTLS", "none": "without TLS"}

# Each registered port with the protocol and the securities that it is for.
_DERIVED = {
    ("imap", "tls"): 993, ("imap", "starttls"): 143, ("imap", "none"): 143,
    ("pop", "tls"): 995, ("pop", "starttls"): 110, ("pop", "none"): 110,
    ("smtp", "tls"): 465, ("smtp", "starttls"): 587, ("smtp", "none"): 587,
}  # fmt: skip
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
    meant = [pair for pair, known in _DERIVED.items() if known == port]
    if not meant or (protocol, security) in meant:
        return None, None
    meant_protocol, meant_security = meant[0]
    which = f"{port} is the {_TITLES[meant_protocol]} port {_HOW[meant_security]}"
    if meant_protocol == protocol:
        return f"{which}, and security is {security}; {right}", None
    return f"{which}; {right}", None

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would work instead, found out without any log-in, and only after a failure."""

from __future__ import annotations

from typing import List, Optional, Tuple

from .._login_wire import Check, Finding
from .attempt import Seen, certificate_facts, conversation
from .clock import Clock
from .failure import CheckFailed
from .network import Network

SECONDS = 5.0  # for one probe
_USUAL = {"imap": ((993, "tls"), (143, "starttls")), "pop": ((995, "tls"), (110, "starttls")), "smtp": ((465, "tls"), (587, "starttls"))}
_OTHER_PORTS_HELP = ("refused", "timeout", "not_tls", "starttls_missing", "login_disabled", "mechanism_missing", "nonsense")
_LOOK_AT_CERTIFICATE = ("tls_name", "tls_expired")


def advised(check: Check, finding: Finding, network: Network) -> Finding:
    """The finding with a hint, if one can be given."""
    if finding.outcome in _LOOK_AT_CERTIFICATE:
        return _with_certificate(check, finding, network)
    if finding.hint or finding.outcome not in _OTHER_PORTS_HELP:
        return finding
    works = [found for port, security in _alternatives(check) if (found := _probe(check, port, security, network))]
    if not works:
        return finding
    return finding._replace(hint=f"the server offers {' and '.join(works)}; the profile says {check.security} on {check.port}")


def _alternatives(check: Check) -> List[Tuple[int, str]]:
    own = [(check.port, security) for security in ("tls", "starttls")]
    found = dict.fromkeys((*own, *_USUAL[check.protocol]))
    found.pop((check.port, check.security), None)
    return list(found)


def _probe(check: Check, port: int, security: str, network: Network) -> Optional[str]:
    other = check._replace(port=port, security=security, password=None)
    try:
        with conversation(other, network, Clock(SECONDS), Seen()) as session:
            session.chosen()
    except CheckFailed:
        return None
    return f"{security} on {port}"


def _with_certificate(check: Check, finding: Finding, network: Network) -> Finding:
    try:
        facts = certificate_facts(check._replace(password=None), network, Clock(SECONDS))
    except CheckFailed:
        return finding
    finding = finding._replace(certificate_days=facts.certificate_days, tls_version=facts.tls_version)
    if finding.outcome == "tls_name" and facts.hint:
        return finding._replace(hint=f"the certificate is for {facts.hint}: use such a name as host, or give the server a certificate for {check.host}")
    return finding

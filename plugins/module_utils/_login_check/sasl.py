# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log-ins by SASL: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195). Passwords are UTF-8, which Python's own mail clients do not do."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Callable, Optional

from .failure import CheckFailed

MAX_CHALLENGES = 4


def initial_response(mechanism: str, username: str, password: str) -> Optional[bytes]:
    """What is said before any challenge; None when the server begins."""
    if mechanism != "PLAIN":
        return None
    return base64.b64encode(f"\0{username}\0{password}".encode("utf-8"))


def answerer(mechanism: str, username: str, password: str) -> Callable[[bytes], bytes]:
    """A function from a challenge (base64) to the answer (base64); each call is the next step."""
    if mechanism == "CRAM-MD5":
        return lambda challenge: base64.b64encode(_digest(challenge, username, password))
    steps = [f"\0{username}\0{password}"] if mechanism == "PLAIN" else [username, password]
    remaining = [base64.b64encode(step.encode("utf-8")) for step in steps]

    def answer(_challenge: bytes) -> bytes:
        if not remaining:
            raise CheckFailed("nonsense", f"the server asks for more than {mechanism} has")
        return remaining.pop(0)

    return answer


def _digest(challenge: bytes, username: str, password: str) -> bytes:
    try:
        found = base64.b64decode(challenge, validate=True)
    except ValueError:
        raise CheckFailed("nonsense", "the server's challenge is not base64") from None
    try:
        digest = hmac.new(password.encode("utf-8"), found, hashlib.md5).hexdigest()
    except ValueError:
        raise CheckFailed("mechanism_missing", "the host's Python has no MD5, which CRAM-MD5 needs (FIPS mode?)") from None
    return f"{username} {digest}".encode("utf-8")

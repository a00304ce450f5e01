# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it means when a server refuses a log-in: the password, the account, the way of logging in, or not now."""

from __future__ import annotations

import re
from typing import Iterable

from .failure import CheckFailed
from .text import said

# Response codes of IMAP (RFC 5530) and POP (RFC 2449, RFC 3206), status codes of SMTP (RFC 4954, RFC 5248).
_NOT_NOW = re.compile(rb"\[(UNAVAILABLE|INUSE|IN-USE|LIMIT|SYS/TEMP|LOGIN-DELAY)\]|^4\d\d|too many", re.I)
_NEEDS_TLS = re.compile(rb"\[PRIVACYREQUIRED\]|^538", re.I)
_NO_PASSWORDS = re.compile(rb"^504|basic ?auth\w* is (disabled|blocked)|basicauthblocked|unsupported (auth\w* )?mechanism|\b5\.7\.4\b", re.I)
_DISABLED = re.compile(
    rb"\[(AUTHORIZATIONFAILED|EXPIRED|CONTACTADMIN|SYS/PERM)\]|\b5\.7\.13\b|\b(disabled|locked|suspended|deactivated|expired|blocked)\b", re.I
)
_BY_SENDER = re.compile(rb"\b[45]\.1\.[78]\b|\bsender\b", re.I)


def log_in_refused(answer: bytes, secrets: Iterable[str]) -> CheckFailed:
    """``answer``: the server's line, without the tag of IMAP and the ``-ERR`` of POP."""
    text = said(answer, secrets)
    if _NO_PASSWORDS.search(answer):
        hint = "the server may want OAuth 2: set authentication: oauth2 in the profile"
        return CheckFailed("mechanism_missing", f"the server takes no passwords{text}", hint)
    if _NEEDS_TLS.search(answer):
        return CheckFailed("login_disabled", f"the server takes no password without TLS{text}", "set security: tls or starttls")
    if _NOT_NOW.search(answer):
        return CheckFailed("refused", f"the server cannot log anybody in at the moment{text}", "look at the server's own log")
    if _DISABLED.search(answer):
        return CheckFailed("account_disabled", f"the account is disabled, locked or expired{text}", "look at the account on the server")
    return CheckFailed("password_refused", f"the server refuses the user name or the password{text}", "check both; this was tried once, and never repeated")


def recipient_refused(answer: bytes, secrets: Iterable[str]) -> CheckFailed:
    """At RCPT; many servers keep what they think of the sender until then."""
    text = said(answer, secrets)
    if _BY_SENDER.search(answer):
        return CheckFailed("sender_refused", f"the server does not take mail from the account's address{text}", _SENDER_HINT)
    later = " for now" if answer.startswith(b"4") else ""
    return CheckFailed("recipient_refused", f"the server does not take mail to the account's own address{later}{text}", "check the address")


def sender_refused(answer: bytes, secrets: Iterable[str]) -> CheckFailed:
    return CheckFailed("sender_refused", f"the server does not take mail from the account's address{said(answer, secrets)}", _SENDER_HINT)


_SENDER_HINT = "check the profile's email, and which addresses the server lets this log-in send from"

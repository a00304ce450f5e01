# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A conversation with a mail server, up to the log-in: what is common to the protocols."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

from .._login_wire import Check
from .failure import CheckFailed
from .stream import Stream

_MECHANISM = re.compile(rb"[A-Z0-9_-]{1,20}")
_MAX_MECHANISMS = 20
_GOODBYE_SECONDS = 2.0


class Session:
    """``mechanisms``: those that the server offers for SASL. ``simple``: what the protocol has besides, in its own name, or "" when that is not
    offered. ``offers_starttls``: whether it does."""

    TITLE = ""

    def __init__(self, stream: Stream, check: Check) -> None:
        self.stream = stream
        self.check = check
        self.mechanisms: Tuple[str, ...] = ()
        self.simple = ""
        self.offers_starttls = False
        self.secrets = [check.password] if check.password else []

    def greet(self) -> None:
        """Reads the greeting."""
        raise NotImplementedError

    def ask(self) -> None:
        """Asks what the server offers. What it said before TLS does not count after it."""
        raise NotImplementedError

    def request_tls(self) -> None:
        """STARTTLS; CheckFailed unless the server agrees."""
        raise NotImplementedError

    def authenticate(self, mechanism: str) -> None:
        raise NotImplementedError

    def log_in_simply(self) -> None:
        raise NotImplementedError

    def open_mailbox(self) -> None:
        """Makes sure that the inbox can be read."""
        raise NotImplementedError

    def goodbye(self) -> None:
        raise NotImplementedError

    def chosen(self) -> str:
        """The first of the wanted mechanisms that is offered, the protocol's own log-in where that will do, or CheckFailed."""
        wanted = self.check.mechanisms
        for mechanism in wanted:
            if mechanism in self.mechanisms:
                return mechanism
        if self.simple and "PLAIN" in wanted:
            return self.simple
        if not wanted:
            return ""
        if not self.mechanisms:
            raise CheckFailed("login_disabled", "the server offers no log-in" + self._without_tls(), self._tls_hint())
        offers = f"it offers {', '.join(self.mechanisms)}"
        raise CheckFailed("mechanism_missing", f"the server does not offer {' or '.join(wanted)}; {offers}", _mechanism_hint(self.mechanisms))

    def _without_tls(self) -> str:
        return " without TLS" if self.check.security == "none" else ""

    def _tls_hint(self) -> str:
        return "the server offers starttls on this port: set security: starttls" if self.check.security == "none" and self.offers_starttls else ""

    def log_in(self, mechanism: str) -> None:
        """Once. CheckFailed says what was wrong."""
        self.stream.waits_for = "the answer to the log-in"
        if mechanism == self.simple:
            self.log_in_simply()
        else:
            self.authenticate(mechanism)

    def leave(self) -> None:
        """Always, because some servers ban who does not; but not for long."""
        self.stream.clock.seconds = _GOODBYE_SECONDS
        self.stream.clock.restart()
        try:
            self.goodbye()
        except CheckFailed:
            pass
        self.stream.close()


def mechanism_names(words: Sequence[bytes]) -> Tuple[str, ...]:
    names: List[str] = [word.decode() for word in words if _MECHANISM.fullmatch(word)]
    return tuple(dict.fromkeys(names))[:_MAX_MECHANISMS]


def _mechanism_hint(offered: Sequence[str]) -> str:
    for names, authentication in ((("PLAIN", "LOGIN"), "password"), (("CRAM-MD5",), "encrypted"), (("XOAUTH2", "OAUTHBEARER"), "oauth2"),
                                  (("GSSAPI",), "gssapi"), (("NTLM",), "ntlm"), (("EXTERNAL",), "client_certificate")):  # fmt: skip
        if set(names) & set(offered):
            return f"the server offers what authentication: {authentication} uses"
    return ""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Submission (RFC 6409, RFC 4954): one log-in, and whether the server would take a message of the account's."""

from __future__ import annotations

from typing import List, Optional, Tuple

from . import sasl
from .failure import CheckFailed
from .session import Session, mechanism_names
from .text import said
from .verdict import log_in_refused, recipient_refused, sender_refused

_MAX_LINES = 200


class SmtpSession(Session):
    TITLE = "SMTP"

    def greet(self) -> None:
        code, text = self._answer()
        if code[:1] in (b"4", b"5"):
            raise CheckFailed("refused", f"the server turns the connection away{said(text)}")
        if code != b"220":
            raise CheckFailed("nonsense", f"the server does not greet in SMTP{said(code + b' ' + text)}")

    def ask(self) -> None:
        code, lines = self._command(b"EHLO " + self._own_name(), "the answer to EHLO")
        if code != b"250":
            raise CheckFailed("refused", f"the server refuses EHLO{said(b' '.join(lines))}")
        words = {line.split()[0]: line.split()[1:] for line in (line.upper().replace(b"AUTH=", b"AUTH ") for line in lines[1:]) if line.split()}
        self.offers_starttls = b"STARTTLS" in words
        self.mechanisms = mechanism_names(words.get(b"AUTH", ()))

    def _own_name(self) -> bytes:
        """As an address, because the host's name may be none that a server accepts."""
        address = self.stream.own_address()
        return (f"[IPv6:{address}]" if ":" in address else f"[{address}]").encode()

    def request_tls(self) -> None:
        code, lines = self._command(b"STARTTLS", "the answer to STARTTLS")
        if code != b"220":
            raise CheckFailed("starttls_missing", f"the server offers STARTTLS, and refuses it{said(b' '.join(lines))}")

    def authenticate(self, mechanism: str) -> None:
        username, password = self.check.username, self.check.password or ""
        answer = sasl.answerer(mechanism, username, password)
        initial = sasl.initial_response(mechanism, username, password)
        self.stream.send(b"AUTH " + mechanism.encode() + (b" " + initial if initial else b"") + b"\r\n")
        for _challenge in range(sasl.MAX_CHALLENGES):
            code, text = self._answer()
            if code == b"235":
                return
            if code != b"334":
                raise log_in_refused(code + b" " + text, self.secrets)
            self.stream.send(answer(text.strip()) + b"\r\n")
        raise CheckFailed("nonsense", "the server asks again and again instead of answering the log-in")

    def offer(self, address: str, message: Optional[bytes] = None) -> None:
        """Whether the server takes mail from the address, to itself; sends ``message`` if one is given (CR LF, no line with a single dot)."""
        code, lines = self._command(b"MAIL FROM:<%s>" % address.encode(), "the answer to MAIL")
        if code != b"250":
            raise sender_refused(_whole(code, lines), self.secrets)
        code, lines = self._command(b"RCPT TO:<%s>" % address.encode(), "the answer to RCPT")
        if code not in (b"250", b"251"):
            raise recipient_refused(_whole(code, lines), self.secrets)
        if message is None:
            self.forget_sender()
            return
        code, lines = self._command(b"DATA", "the answer to DATA")
        if code == b"354":
            code, lines = self._command(message + b".", "the answer to the message")
        if code != b"250":
            raise CheckFailed("recipient_refused", f"the server does not take the message{said(_whole(code, lines), self.secrets)}")

    def forget_sender(self) -> None:
        """So that the next one can be tried."""
        try:
            self._command(b"RSET", "the answer to RSET")
        except CheckFailed:
            pass  # the next command will not work either

    def goodbye(self) -> None:
        self._command(b"QUIT", "the answer to QUIT")

    def _command(self, command: bytes, waits_for: str) -> Tuple[bytes, List[bytes]]:
        self.stream.waits_for = waits_for
        self.stream.send(command + b"\r\n")
        return self._lines()

    def _answer(self) -> Tuple[bytes, bytes]:
        code, lines = self._lines()
        return code, b" ".join(lines)

    def _lines(self) -> Tuple[bytes, List[bytes]]:
        """The code, and the text of each line. Only the code means something: servers word the text as they like."""
        lines: List[bytes] = []
        while len(lines) < _MAX_LINES:
            line = self.stream.line()
            code, more, text = line[:3], line[3:4], line[4:]
            if not code.isdigit() or len(code) < 3 or more not in (b"", b" ", b"-"):
                raise CheckFailed("nonsense", f"the server does not answer in SMTP{said(line, self.secrets)}")
            lines.append(text)
            if more != b"-":
                return code, lines
        raise CheckFailed("nonsense", f"the server sends more than {_MAX_LINES} lines where {self.stream.waits_for} was expected")


def _whole(code: bytes, lines: List[bytes]) -> bytes:
    return code + b" " + b" ".join(lines)

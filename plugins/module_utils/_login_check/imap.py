# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IMAP (RFC 9051, RFC 3501): one log-in, and a look at INBOX."""

from __future__ import annotations

import re
from typing import List, Tuple

from . import sasl
from .failure import CheckFailed
from .session import Session, mechanism_names
from .text import said
from .verdict import log_in_refused

_LITERAL = re.compile(rb"\{(\d{1,9})\+?\}$")
_MAX_LITERALS = 10


class ImapSession(Session):
    TITLE = "IMAP"

    _tag = 0
    _capabilities: Tuple[bytes, ...] = ()

    def greet(self) -> None:
        line = self._line()
        if line.upper().startswith(b"* BYE"):
            raise CheckFailed("refused", f"the server turns the connection away{said(line[5:])}")
        if line.upper().startswith(b"* PREAUTH"):
            raise CheckFailed("nonsense", "the server says that somebody has logged in already, so that neither TLS nor the log-in could be proven")
        if not line.upper().startswith(b"* OK"):
            raise CheckFailed("nonsense", f"the server does not greet in IMAP{said(line)}")

    def ask(self) -> None:
        status, text, lines = self._command(b"CAPABILITY", "the answer to CAPABILITY")
        found = next((line for line in lines if line.upper().startswith(b"* CAPABILITY ")), None)
        if status != b"OK" or found is None:
            raise CheckFailed("nonsense", f"the server does not say what it can do{said(text)}")
        words = tuple(found.upper().split()[2:])
        self._capabilities = words
        self.offers_starttls = b"STARTTLS" in words
        self.mechanisms = mechanism_names([word[5:] for word in words if word.startswith(b"AUTH=")])
        self.simple = "" if b"LOGINDISABLED" in words else "IMAP LOGIN"

    def request_tls(self) -> None:
        status, text, _lines = self._command(b"STARTTLS", "the answer to STARTTLS")
        if status != b"OK":
            raise CheckFailed("starttls_missing", f"the server offers STARTTLS, and refuses it{said(text)}")

    def authenticate(self, mechanism: str) -> None:
        username, password = self.check.username, self.check.password or ""
        initial = sasl.initial_response(mechanism, username, password)
        answer = sasl.answerer(mechanism, username, password)
        direct = initial is not None and b"SASL-IR" in self._capabilities
        tag = self._send(b"AUTHENTICATE " + mechanism.encode() + (b" " + initial if direct and initial else b""))
        for _challenge in range(sasl.MAX_CHALLENGES):
            line = self._answer(tag, [])
            if not line.startswith(b"+"):
                return self._judge(line)
            self.stream.send(answer(line[1:].strip()) + b"\r\n")
        raise CheckFailed("nonsense", "the server asks again and again instead of answering the log-in")

    def log_in_simply(self) -> None:
        # As literals, which need no quotes and may be UTF-8.
        tag = self._send(b"LOGIN {%d}" % len(self.check.username.encode("utf-8")))
        for text, more in ((self.check.username, b" {%d}" % len((self.check.password or "").encode("utf-8"))), (self.check.password or "", b"")):
            line = self._answer(tag, [])
            if not line.startswith(b"+"):
                return self._judge(line)
            self.stream.send(text.encode("utf-8") + more + b"\r\n")
        return self._judge(self._answer(tag, []))

    def _judge(self, line: bytes) -> None:
        status, text = _status(line)
        if status == b"BAD":
            raise CheckFailed("mechanism_missing", f"the server does not understand the log-in{said(text, self.secrets)}")
        if status != b"OK":
            raise log_in_refused(text, self.secrets)

    def open_mailbox(self, writing: bool = False) -> None:
        status, text, _lines = self._command(b"SELECT INBOX" if writing else b"EXAMINE INBOX", "the answer about INBOX")
        if status != b"OK":
            msg = f"the log-in works, and INBOX cannot be opened{said(text, self.secrets)}"
            raise CheckFailed("account_disabled", msg, "look at the mailbox on the server")

    def remove_message(self, message_id: str) -> bool:
        """Deletes the message if it has arrived; no other one."""
        self._command(b"NOOP", "the answer to NOOP")
        found = self._search(b'HEADER Message-ID "%s"' % message_id.encode())
        if not found:
            return False
        numbers = b",".join(found)
        self._command(b"UID STORE " + numbers + b" +FLAGS.SILENT (\\Deleted)", "the answer to STORE")
        self.ask()  # some servers offer more after the log-in
        if b"UIDPLUS" in self._capabilities:
            self._command(b"UID EXPUNGE " + numbers, "the answer to EXPUNGE")
        elif set(self._search(b"DELETED")) == set(found):  # else it would take messages that the user has marked
            self._command(b"EXPUNGE", "the answer to EXPUNGE")
        return True

    def _search(self, criteria: bytes) -> List[bytes]:
        _status_, _text, lines = self._command(b"UID SEARCH " + criteria, "the answer to SEARCH")
        words = next((line.split()[2:] for line in lines if line.upper().startswith(b"* SEARCH")), [])
        return [word for word in words if word.isdigit()]

    def goodbye(self) -> None:
        self._command(b"LOGOUT", "the answer to LOGOUT")

    def _command(self, command: bytes, waits_for: str) -> Tuple[bytes, bytes, List[bytes]]:
        """The status, the text behind it, and the untagged lines before it."""
        self.stream.waits_for = waits_for
        lines: List[bytes] = []
        line = self._answer(self._send(command), lines)
        return (*_status(line), lines)

    def _send(self, command: bytes) -> bytes:
        self._tag += 1
        tag = b"m%d" % self._tag
        self.stream.send(tag + b" " + command + b"\r\n")
        return tag

    def _answer(self, tag: bytes, untagged: List[bytes]) -> bytes:
        """The line of this command, without its tag, or a continuation, with the plus."""
        while True:
            line = self._line()
            if line.startswith(tag + b" "):
                return line[len(tag) + 1 :]
            if line.startswith(b"+"):
                return line
            if not line.startswith(b"*"):
                raise CheckFailed("nonsense", f"the server does not answer in IMAP{said(line, self.secrets)}")
            untagged.append(line)

    def _line(self) -> bytes:
        """A line with its literals."""
        line = self.stream.line()
        for _number in range(_MAX_LITERALS):
            announced = _LITERAL.search(line)
            if not announced:
                return line
            line = line[: announced.start()] + self.stream.take(int(announced.group(1))) + self.stream.line()
        raise CheckFailed("nonsense", f"the server sends literal after literal where {self.stream.waits_for} was expected")


def _status(line: bytes) -> Tuple[bytes, bytes]:
    status, _space, text = line.partition(b" ")
    return status.upper(), text

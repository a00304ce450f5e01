# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POP3 (RFC 1939, RFC 2449, RFC 5034): one log-in, and a look at how many messages there are."""

from __future__ import annotations

from typing import List, Tuple

from . import sasl
from .failure import CheckFailed
from .session import Session, mechanism_names
from .text import said
from .verdict import log_in_refused

_MAX_COMMAND = 255  # bytes of a line
_MAX_LINES = 2000
_NEWEST = 10  # messages that are looked at for our own


class PopSession(Session):
    TITLE = "POP3"

    def greet(self) -> None:
        line = self.stream.line()
        if line.startswith(b"-ERR"):
            raise CheckFailed("refused", f"the server turns the connection away{said(line[4:])}")
        if not line.startswith(b"+OK"):
            raise CheckFailed("nonsense", f"the server does not greet in POP3{said(line)}")

    def ask(self) -> None:
        good, text = self._command(b"CAPA", "the answer to CAPA")
        lines = [line.upper() for line in self._lines()] if good else []
        words = {line.split()[0]: line.split()[1:] for line in lines if line.split()}
        if not good and not text:
            raise CheckFailed("nonsense", "the server does not say what it can do")
        self.offers_starttls = b"STLS" in words
        self.mechanisms = mechanism_names(words.get(b"SASL", ()))
        self.simple = "USER" if b"USER" in words or not good else ""

    def request_tls(self) -> None:
        good, text = self._command(b"STLS", "the answer to STLS")
        if not good:
            raise CheckFailed("starttls_missing", f"the server offers STLS, and refuses it{said(text)}")

    def authenticate(self, mechanism: str) -> None:
        username, password = self.check.username, self.check.password or ""
        answer = sasl.answerer(mechanism, username, password)
        initial = sasl.initial_response(mechanism, username, password)
        command = b"AUTH " + mechanism.encode()
        direct = initial is not None and len(command) + len(initial) + 3 <= _MAX_COMMAND
        self.stream.send(command + (b" " + initial if direct and initial else b"") + b"\r\n")
        for _challenge in range(sasl.MAX_CHALLENGES):
            line = self.stream.line()
            if not line.startswith(b"+ ") and line != b"+":
                return self._judge(line)
            self.stream.send(answer(line[1:].strip()) + b"\r\n")
        raise CheckFailed("nonsense", "the server asks again and again instead of answering the log-in")

    def log_in_simply(self) -> None:
        for command in (f"USER {self.check.username}", f"PASS {self.check.password or ''}"):
            self.stream.send(command.encode("utf-8") + b"\r\n")
            self._judge(self.stream.line())

    def _judge(self, line: bytes) -> None:
        good, text = self._parsed(line)
        if not good:
            raise log_in_refused(text, self.secrets)

    def open_mailbox(self, writing: bool = False) -> None:
        good, text = self._command(b"STAT", "the answer to STAT")
        if not good:
            msg = f"the log-in works, and the mailbox cannot be opened{said(text, self.secrets)}"
            raise CheckFailed("account_disabled", msg, "look at the mailbox on the server")

    def remove_message(self, message_id: str) -> bool:
        """Deletes the message if it was there when the session began; no other one."""
        good, text = self._command(b"STAT", "the answer to STAT")
        count = int(text.split()[0]) if good and text.split() and text.split()[0][:9].isdigit() else 0
        for number in range(count, max(count - _NEWEST, 0), -1):
            good, _text = self._command(b"TOP %d 0" % number, "the head of a message")
            if good and any(message_id.encode() in line for line in self._lines()):
                good, _text = self._command(b"DELE %d" % number, "the answer to DELE")
                return good
        return False

    def goodbye(self) -> None:
        self._command(b"QUIT", "the answer to QUIT")

    def _command(self, command: bytes, waits_for: str) -> Tuple[bool, bytes]:
        self.stream.waits_for = waits_for
        self.stream.send(command + b"\r\n")
        return self._parsed(self.stream.line())

    def _parsed(self, line: bytes) -> Tuple[bool, bytes]:
        """Whether it is good, and the text behind that."""
        if line.startswith(b"+OK"):
            return True, line[4:]
        if line.startswith(b"-ERR"):
            return False, line[5:]
        raise CheckFailed("nonsense", f"the server does not answer in POP3{said(line, self.secrets)}")

    def _lines(self) -> List[bytes]:
        """An answer of several lines, up to the single dot."""
        lines: List[bytes] = []
        while len(lines) < _MAX_LINES:
            line = self.stream.line()
            if line == b".":
                return lines
            lines.append(line)
        raise CheckFailed("nonsense", f"the server sends more than {_MAX_LINES} lines where {self.stream.waits_for} was expected")

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection that is read in lines. Whatever the server sends, it takes no more than the clock's time and a fixed amount of memory."""

from __future__ import annotations

import socket
import ssl
from typing import Optional

from .clock import Clock
from .failure import CheckFailed
from .tls import handshake

MAX_LINE = 16_384  # bytes; RFC 9051 asks for 8,192
MAX_BYTES = 262_144  # in one conversation
_CHUNK = 4096


class Stream:
    """``waits_for``: what is read next, for messages."""

    def __init__(self, connection: socket.socket, clock: Clock) -> None:
        self.clock = clock
        self.waits_for = "the greeting"
        self.tls: Optional[ssl.SSLSocket] = None
        self._socket = connection
        self._buffer = bytearray()
        self._received = 0

    def renew(self) -> None:
        """The full time, and the full amount, for the next step."""
        self.clock.restart()
        self._received = 0

    def line(self) -> bytes:
        """The next line without its end."""
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = bytes(self._buffer[: end + 1])
                del self._buffer[: end + 1]
                return line.rstrip(b"\r\n")
            if len(self._buffer) > MAX_LINE:
                raise CheckFailed("nonsense", f"the server sends a line of more than {MAX_LINE} bytes instead of {self.waits_for}")
            self._receive()

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if size > MAX_LINE:
            raise CheckFailed("nonsense", f"the server announces {size} bytes where {self.waits_for} was expected")
        while len(self._buffer) < size:
            self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except OSError as exc:
            raise self._failure(exc) from None

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """CheckFailed when bytes were sent ahead of TLS: whoever is in between put them there, to be taken for the server's."""
        if self._buffer:
            raise CheckFailed("nonsense", "the server, or somebody in between, sends text between the answer to STARTTLS and TLS: no password was sent")
        self._socket = self.tls = handshake(self._socket, context, host, self._left())

    def own_address(self) -> str:
        try:
            return str(self._socket.getsockname()[0])
        except OSError as exc:
            raise self._failure(exc) from None

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> None:
        if self._received > MAX_BYTES:
            raise CheckFailed("nonsense", f"the server sends more than {MAX_BYTES} bytes where {self.waits_for} was expected")
        try:
            self._socket.settimeout(self._left())
            data = self._socket.recv(_CHUNK)
        except OSError as exc:
            raise self._failure(exc) from None
        if not data:
            raise CheckFailed("refused", f"the server closes the connection instead of sending {self.waits_for}")
        self._received += len(data)
        self._buffer += data

    def _left(self) -> float:
        left = self.clock.left()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> CheckFailed:
        return CheckFailed("timeout", f"the server did not send {self.waits_for} within {self.clock.seconds:g} seconds")

    def _failure(self, exc: OSError) -> CheckFailed:
        if isinstance(exc, socket.timeout):  # a class of its own until Python 3.9
            return self._late()
        return CheckFailed("refused", f"the server breaks the connection off instead of sending {self.waits_for}")

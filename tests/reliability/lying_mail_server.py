# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers that lie, each on a port of its own. Arguments: a certificate, its key, a directory. Says on standard output which behaviour has which
port, and writes into a file of the directory, named like the behaviour, what it was told."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ESCAPES = b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae"
GREETING = b"* OK ready\r\n"
_HEARD: list[bytes] = []  # passwords
_LOCK = threading.Lock()
_OPEN: dict[object, int] = {}  # conversations of each behaviour


class Peer:
    """One conversation, from the server's side; all that is read is written down."""

    def __init__(self, connection: socket.socket, log: Path, certificate: ssl.SSLContext) -> None:
        self.connection = connection
        self._log = log
        self._certificate = certificate

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hear(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            data = self.connection.recv(1)
            if not data:
                raise OSError("the peer is gone")
            line += data
        self.write_down(line)
        return line

    def write_down(self, line: bytes) -> None:
        with self._log.open("ab") as file:
            file.write(line)

    def secure(self) -> None:
        self.connection = self._certificate.wrap_socket(self.connection, server_side=True)

    def serve_imap(self, capabilities: bytes, log_in: Callable[[Peer, bytes, bytes], None], starttls: bytes = b"OK begin") -> None:
        """By the book, up to the log-in."""
        while True:
            tag, command, *rest = self.hear().strip().split(b" ", 2)
            if command == b"CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1 " + capabilities + b"\r\n" + tag + b" OK\r\n")
            elif command == b"STARTTLS":
                self.say(tag + b" " + starttls + b"\r\n")
                self.secure()
                capabilities = b"AUTH=PLAIN SASL-IR"
            elif command in (b"AUTHENTICATE", b"LOGIN"):
                log_in(self, tag, b" ".join(rest))
            elif command == b"LOGOUT":
                self.say(b"* BYE\r\n" + tag + b" OK\r\n")
                return
            else:
                self.say(tag + b" OK\r\n")


def _forever(peer: Peer, data: bytes, pause: float = 0) -> None:
    while True:
        peer.say(data)
        time.sleep(pause)


def _refuse_with(text: Callable[[bytes], bytes]) -> Callable[[Peer], None]:
    """Refuses the log-in with a text that is made of the password."""

    def log_in(peer: Peer, tag: bytes, data: bytes) -> None:
        password = base64.b64decode(data.split(b" ")[-1]).split(b"\0")[-1]
        peer.say(tag + b" NO " + text(password) + b"\r\n")

    def serve(peer: Peer) -> None:
        peer.secure()
        peer.say(GREETING)
        peer.serve_imap(b"AUTH=PLAIN SASL-IR", log_in)

    return serve


def _agree(peer: Peer, tag: bytes, _data: bytes) -> None:
    peer.say(tag + b" OK welcome\r\n")


def _greets(data: bytes) -> Callable[[Peer], None]:
    return lambda peer: (peer.say(data), time.sleep(60), None)[-1]


def _with_starttls(capabilities: bytes, starttls: bytes = b"OK begin") -> Callable[[Peer], None]:
    return lambda peer: (peer.say(GREETING), peer.serve_imap(capabilities, _agree, starttls), None)[-1]


def _slow(seconds: float) -> Callable[[Peer], None]:
    return lambda peer: (peer.secure(), time.sleep(seconds), peer.say(GREETING), peer.serve_imap(b"AUTH=PLAIN SASL-IR", _agree), None)[-1]


def _secure_then(answer: Callable[[Peer, bytes], None]) -> Callable[[Peer], None]:
    """Greets in TLS; ``answer`` has the first command."""
    return lambda peer: (peer.secure(), peer.say(GREETING), answer(peer, peer.hear().split()[0]), None)[-1]


def _challenge_forever(peer: Peer, tag: bytes, _data: bytes) -> None:
    while True:
        peer.say(b"+ " + base64.b64encode(b"again") + b"\r\n")
        peer.hear()


BEHAVIOURS: dict[str, Callable[[Peer], None]] = {
    "silent": lambda peer: time.sleep(60),
    "closes": lambda peer: None,
    "closes for everybody": lambda peer: None,
    "nonsense": _greets(bytes(range(256)) * 4 + b"\r\n"),
    "escapes": _greets(b"220 " + ESCAPES + b" hello\r\n"),
    "bye with escapes": _greets(b"* BYE " + ESCAPES + b"x" * 5000 + b"\r\n"),
    "a greeting of 100 MB": lambda peer: (peer.say(b"* OK " + b"x" * (100 << 20) + b"\r\n"), time.sleep(60), None)[-1],
    "a line without end": lambda peer: _forever(peer, b"x" * 4096),
    "lines without end": lambda peer: (peer.say(GREETING), peer.hear(), _forever(peer, b"* OK and another one\r\n"), None)[-1],
    "drips": lambda peer: _forever(peer, b"x", 0.1),
    "drips lines": lambda peer: (peer.say(GREETING), peer.hear(), _forever(peer, b"* OK\r\n", 0.1), None)[-1],
    "drips in tls": lambda peer: (peer.say(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"), _forever(peer, b"\x03", 0.1), None)[-1],
    "a huge literal": _greets(b"* OK {999999999}\r\n"),
    "literal after literal": lambda peer: _forever(peer, b"* OK {1}\r\nx"),
    "logged in already": _greets(b"* PREAUTH welcome\r\n"),
    "no starttls": _with_starttls(b"AUTH=PLAIN"),
    "refuses starttls": _with_starttls(b"STARTTLS AUTH=PLAIN", b"NO " + ESCAPES),
    "injects": _with_starttls(b"STARTTLS AUTH=PLAIN", b"OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nm3 OK logged in"),
    "closes at the log-in": _secure_then(lambda peer, tag: peer.say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK\r\n")),
    "no capabilities": _secure_then(lambda peer, tag: peer.say(tag + b" OK\r\n")),
    "capabilities that are none": _secure_then(lambda peer, tag: peer.say(b"* CAPABILITY AUTH=" + ESCAPES + b" LOGINDISABLED\r\n" + tag + b" OK\r\n")),
    "many capabilities": _secure_then(lambda peer, tag: (
        peer.say(b"* CAPABILITY LOGINDISABLED" + b"".join(b" AUTH=X%d" % number for number in range(1000)) + b"\r\n" + tag + b" OK\r\n"), None)[-1]),
    "challenges without end": lambda peer: (peer.secure(), peer.say(GREETING), peer.serve_imap(b"AUTH=PLAIN", _challenge_forever), None)[-1],
    "echo": _refuse_with(lambda password: b"no such password: " + password),
    "echo of a part": _refuse_with(lambda password: b"your password begins with " + password[:6]),
    "echo in capitals": _refuse_with(lambda password: b"(" + password.upper() + b")"),
    "echo backwards": _refuse_with(lambda password: b"drowssap " + password[::-1]),
    "echo with spaces": _refuse_with(lambda password: b" ".join(password[index : index + 1] for index in range(len(password)))),
    "echo in base64": _refuse_with(lambda password: b"got " + base64.b64encode(b"a" + password)),
    "echo in digits": _refuse_with(lambda password: b"got " + password.hex().encode()),
    "echo behind much": _refuse_with(lambda password: b"x" * 150 + password + b"y" * 150),
    "echo of the first one's": _refuse_with(lambda password: (_HEARD.append(password), b"got " + base64.b64encode(_HEARD[0]))[-1]),
    "escapes at the log-in": _refuse_with(lambda password: b"[ALERT] " + ESCAPES + b" call 555"),
    "a long refusal": _refuse_with(lambda password: b"x" * 10_000),
    "greets late": _slow(6),
    "greets after a moment": _slow(0.2),
    "greets after 15 seconds": _slow(15),
}  # fmt: skip


def main() -> None:
    certificate, key, directory = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    ports = {}
    for name, behaviour in BEHAVIOURS.items():
        listener = socket.create_server(("127.0.0.1", 0))
        ports[name] = listener.getsockname()[1]
        threading.Thread(target=_serve, args=(listener, behaviour, Path(directory) / name, context), daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


def _serve(listener: socket.socket, behaviour: Callable[[Peer], None], log: Path, context: ssl.SSLContext) -> None:
    while True:
        connection, _address = listener.accept()
        threading.Thread(target=_converse, args=(Peer(connection, log, context), behaviour), daemon=True).start()


def _converse(peer: Peer, behaviour: Callable[[Peer], None]) -> None:
    with _LOCK:
        _OPEN[behaviour] = _OPEN.get(behaviour, 0) + 1
        peer.write_down(b"connected, %d in all\n" % _OPEN[behaviour])
    try:
        behaviour(peer)
    except (OSError, ValueError):
        pass  # the peer has had enough
    finally:
        with _LOCK:
            _OPEN[behaviour] -= 1
        peer.connection.close()


if __name__ == "__main__":
    main()

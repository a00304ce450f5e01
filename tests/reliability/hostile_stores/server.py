# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that speaks as much of PostgreSQL's protocol as it likes (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator

from .rows import ESCAPES

_NO_TLS = (struct.pack(">I", 80877103), struct.pack(">I", 80877104))
Answer = Callable[[socket.socket, bytes], None]


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def setting(name: str, value: str) -> bytes:
    return message(b"S", name.encode() + b"\0" + value.encode() + b"\0")


READY, IN_TRANSACTION, FAILED = message(b"Z", b"I"), message(b"Z", b"T"), message(b"Z", b"E")
SETTINGS = setting("server_encoding", "UTF8") + setting("client_encoding", "UTF8") + setting("server_version", "15.0")
WELCOME = message(b"R", struct.pack(">I", 0)) + SETTINGS + message(b"K", struct.pack(">II", 1, 1)) + READY
DONE = message(b"C", b"SELECT 1\0")
BEGUN = message(b"C", b"BEGIN\0") + message(b"C", b"SET\0") * 3 + IN_TRANSACTION


def error(state: str, text: str, severity: str = "ERROR") -> bytes:
    fields = {"S": severity, "V": severity, "C": state, "M": text, "D": text, "H": text}
    return message(b"E", b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0")


def columns(*names: str, kind: int = 25, binary: int = 0) -> bytes:
    described = b"".join(name.encode() + b"\0" + struct.pack(">IHIHIH", 0, 0, kind, 0xFFFF, 0xFFFFFFFF, binary) for name in names)
    return message(b"T", struct.pack(">H", len(names)) + described)


def row(*values: bytes) -> bytes:
    return message(b"D", struct.pack(">H", len(values)) + b"".join(struct.pack(">I", len(value)) + value for value in values))


def extended(answer: bytes) -> bytes:
    """What a query with parameters is answered by."""
    return message(b"1") + message(b"2") + answer


def forever(piece: bytes, pause: float = 0.0) -> Answer:
    def send(client: socket.socket, _asked: bytes) -> None:
        while True:
            client.sendall(piece)
            time.sleep(pause)

    return send


def says(answer: bytes) -> Answer:
    return lambda client, _asked: client.sendall(answer)


def silence(client: socket.socket, _asked: bytes) -> None:
    time.sleep(600)


def large(kind: bytes, size: int) -> Answer:
    """A message of this size, of nothing."""

    def send(client: socket.socket, _asked: bytes) -> None:
        client.sendall(message(b"1") + message(b"2") + columns("relname"))
        client.sendall(kind + struct.pack(">I", size + 10) + struct.pack(">HI", 1, size))
        for _piece in range(size >> 20):
            client.sendall(bytes(1 << 20))
        client.sendall(DONE + IN_TRANSACTION)

    return send


_TWO = columns("relname") + row(b"schema_version") + row(b"profiles") + DONE + IN_TRANSACTION


def with_schema(profiles: bytes, version: bytes = b"1") -> Answer:
    """The answers of a server with a store, of which ``profiles`` is the answer about the profiles."""

    def send(client: socket.socket, asked: bytes) -> None:
        if b"pg_namespace" in asked:
            client.sendall(extended(_TWO))
        elif b"schema_version" in asked:
            client.sendall(columns("version", kind=23) + row(version) + DONE + IN_TRANSACTION)
        else:
            client.sendall(profiles)

    return send


_FIELDS = ("id", "key", "name", "revision", "document")
# At the first word, and after it.
EARLY: dict[str, Answer] = {
    "silence at first": silence, "drops at first": forever(b"R", 0.3), "settings at first": forever(setting("a", "b"), 0.3),
    "settings without pause": forever(message(b"R", struct.pack(">I", 0)) + setting("a", "b") * 1000),
    "another protocol": says(b"HTTP/1.1 200 OK\r\n\r\n" + ESCAPES.encode()), "zeros": says(bytes(100_000)),
    "an error with escapes": says(error(f"28{ESCAPES}", ESCAPES, "FATAL")), "a long error": says(error("28000", 'role "' * 4_000, "FATAL")),
    "an error of the first protocol": says(b"E" + ESCAPES.encode() + b"\0"), "an unknown log-in": says(message(b"R", struct.pack(">I", 77))),
    "a log-in without end": forever(message(b"R", struct.pack(">I", 5) + b"salt"), 0.1),
    "no encoding": says(WELCOME.replace(b"server_encoding", b"server_encodinX")),
    "another encoding": says(WELCOME.replace(b"UTF8", b"\xff\x1b[m")), "an encoding of escapes": says(WELCOME.replace(b"UTF8", b"\x1b[2J", 1)),
}  # fmt: skip
LATE: dict[str, Answer] = {
    "silence": silence, "drops": forever(setting("a", "b"), 0.2), "notices": forever(error("00000", ESCAPES, "WARNING").replace(b"E", b"N", 1), 0.05),
    "a half of a message": says(b"T\0\0\x10\0x"), "a message of 4 GB": says(b"D\xff\xff\xff\xff"), "an unknown message": says(b"\x1b" + bytes(50)),
    "notices without pause": forever(message(b"N", b"SWARNING\0C00000\0M" + ESCAPES.encode() * 20 + b"\0\0") * 100),
    "settings without pause": forever(b"".join(setting(f"a{number}", "b") for number in range(1000))),
    "notifications without pause": forever(message(b"A", struct.pack(">I", 1) + b"c\0" + b"x" * 5000 + b"\0") * 100),
    "rows without end": lambda client, asked: (client.sendall(extended(columns("relname"))), forever(row(b"x" * 1000) * 1000)(client, asked))[1],
    "a row of 100 MB": large(b"D", 100 << 20), "a row of 1 GB": large(b"D", 1000 << 20), "an error of 100 MB": large(b"E", 100 << 20),
    "a state of escapes": says(error(f"XX{ESCAPES}", ESCAPES) + FAILED), "a state of nothing": says(error("", "") + FAILED),
    "a copy in": says(message(b"G", b"\0\0\0") + IN_TRANSACTION), "a copy out": forever(message(b"H", b"\0\0\0") + message(b"d", b"x" * 1000), 0.05),
    "nothing": says(message(b"I") + IN_TRANSACTION), "no columns": with_schema(columns() + DONE + IN_TRANSACTION),
    "too few columns": with_schema(columns("id") + row(b"x") + DONE + IN_TRANSACTION),
    "a row of other columns": says(extended(columns("relname") + row(b"a", b"b") + DONE + IN_TRANSACTION)),
    "many columns": says(extended(columns(*(f"c{number}" for number in range(1600))) + row(*[b"x"] * 1600) + DONE + IN_TRANSACTION)),
    "a column of escapes": with_schema(columns(*[ESCAPES] * 5) + row(*[ESCAPES.encode()] * 5) + DONE + IN_TRANSACTION),
    "numbers of no digits": with_schema(columns(*_FIELDS, kind=1700) + row(*[b"9" * 100_000] * 5) + DONE + IN_TRANSACTION),
    "dates": with_schema(columns(*_FIELDS, kind=1114) + row(*[b"infinity"] * 5) + DONE + IN_TRANSACTION),
    "JSON without end": with_schema(columns(*_FIELDS, kind=3802) + row(*[b"[" * 100_000] * 5) + DONE + IN_TRANSACTION),
    "binary": with_schema(columns(*_FIELDS, kind=1700, binary=1) + row(*[b"\xff" * 9] * 5) + DONE + IN_TRANSACTION),
    "no UTF-8": with_schema(columns(*_FIELDS) + row(*[b"\xff\x1b"] * 5) + DONE + IN_TRANSACTION),
    "a version of escapes": with_schema(b"", version=ESCAPES.encode()), "a version of many digits": with_schema(b"", version=b"9" * 50_000),
    "a status of no transaction": says(extended(columns("relname") + DONE + message(b"Z", b"\x1b"))),
    "another encoding later": says(setting("client_encoding", ESCAPES) + extended(_TWO)), "the end": lambda client, _asked: client.close(),
}  # fmt: skip


def _serve(listener: socket.socket, early: Answer | None, late: Answer | None) -> None:
    with suppress(OSError):
        while True:
            client, _address = listener.accept()
            threading.Thread(target=_session, args=(client, early, late), daemon=True).start()


def _session(client: socket.socket, early: Answer | None, late: Answer | None) -> None:
    with suppress(OSError), client:
        asked = client.recv(1 << 16)
        while asked[4:8] in _NO_TLS:
            client.sendall(b"N")
            asked = client.recv(1 << 16)
        (early or says(WELCOME))(client, asked)
        while asked := client.recv(1 << 16):
            (says(BEGUN) if b"BEGIN" in asked or late is None else late)(client, asked)


@contextmanager
def hostile_server(early: Answer | None = None, late: Answer | None = None) -> Iterator[int]:
    """Its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, early, late), daemon=True).start()
        yield listener.getsockname()[1]

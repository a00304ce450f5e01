# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody may put into a directory of profiles: texts, files that are none, too many of them, and a work directory that is none of ours."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Callable

from .rows import BASE, ESCAPES, GOOD, Row, named_rows, rows

Poison = Callable[[Path], None]
VICTIM = "victim.yml"
WORK = ".mailops"


def _text(row: Row) -> str:
    """The same as a file; a document that is no mapping is the whole file."""
    document = row.content
    columns = json.dumps({"name": row.name, "key": row.key, "id": row.id, "revision": row.revision})
    return f"{columns[:-1]}, {document[1:]}" if document[:1] == "{" else document


def _row(row: Row) -> Poison:
    return lambda path: (path / VICTIM).write_text(_text(row))


def _file(content: str | bytes, name: str = VICTIM) -> Poison:
    return lambda path: (path / name).write_bytes(content if isinstance(content, bytes) else content.encode()) and None


def _replaced(make: Callable[[Path], None], name: str = VICTIM) -> Poison:
    def poison(path: Path) -> None:
        file = path / name
        file.unlink(missing_ok=True)
        file.parent.mkdir(exist_ok=True)
        make(file)

    return poison


def _link(target: str) -> Poison:
    return _replaced(lambda file: file.symlink_to(target))


def _socket(file: Path) -> None:
    """Bound from inside: the path may be too long for a socket."""
    before = os.open(".", os.O_RDONLY)
    os.chdir(file.parent)
    socket.socket(socket.AF_UNIX).bind(file.name)
    os.fchdir(before)
    os.close(before)


def _sparse(size: int) -> Poison:
    def make(file: Path) -> None:
        file.touch()
        os.truncate(file, size)

    return _replaced(make)


def _many(count: int, name: str, content: str = "") -> Poison:
    def poison(path: Path) -> None:
        for number in range(count):
            with open(path / name.format(number), "w") as file:
                file.write(content)

    return poison


def _journal(content: bytes | None, size: int = 0) -> Poison:
    """A journal in a work directory that is right otherwise."""

    def poison(path: Path) -> None:
        work = path / WORK
        work.mkdir()
        (work / "lock").touch()
        if content is None:
            os.mkfifo(work / "journal")
            return
        status = (work / "lock").stat()
        numbers = f"[{status.st_ino}, {status.st_mtime_ns}]".encode()
        (work / "journal").write_bytes(content.replace(b"LOCK", numbers))
        if size:
            os.truncate(work / "journal", size)

    return poison


def _steps(*files: str) -> bytes:
    steps = json.dumps([[file, None, None] for file in files])
    return b'{"format": 1, "lock": LOCK, "steps": %s}' % steps.encode()


def _work(make: Callable[[Path], None], name: str = "") -> Poison:
    return lambda path: ((path / WORK).mkdir() if name else None, make(path / WORK / name))[1]


_HEAD = "incoming: {host: imap.example.org}\noutgoing: {host: smtp.example.org}\n"
OWN: dict[str, Poison] = {
    "a bomb": _file("a: &a [x, x]\n" + "".join(f"b{number}: &b{number} [*a, *a, *a, *a]\n" for number in range(30))),
    "a merge": _file(f"x: &x {{host: h}}\nincoming: {{<<: *x}}\n{_HEAD}"),
    "an object": _file("a: !!python/object/apply:os.system [touch canary]\n"),
    "a tag": _file(f"{_HEAD}description: !!binary {ESCAPES}\n"),
    "a key that is a list": _file(f"? [{ESCAPES!r}]\n: x\n"),
    "escapes in a key": _file(f'"{ESCAPES!r}": 1\n'),
    "escapes in a comment": _file(f"{_HEAD}# {ESCAPES}\n"),
    "blocks": _file("".join(f"{' ' * depth}a:\n" for depth in range(350))),
    "a number of the base 60": _file(_HEAD + "check_interval: " + "1:" * 30_000 + "1\n"),
    "a date of no calendar": _file(_HEAD + "description: 2024-13-45\n"),
    "many keys": _file("".join(f"k{number}: 1\n" for number in range(6_000))),
    "no UTF-8": _file(b"description: \xff\x1b]0;owned\x07\n"),
    "UTF-16": _file(_HEAD.encode("utf-16")),
    "UTF-32 without a mark": _file(_HEAD.encode("utf-32-le")),
    "zeros": _file(bytes(60_000)),
    "brackets": _file("[" * 65_000),
    "quotes": _file("'" * 65_001),
    "question marks": _file("? " * 32_000),
    "colons": _file(": " * 32_000),
    "dashes": _file("- " * 32_000),
    "escapes in a file's name": _file("incoming: {", f"x{ESCAPES}.yml"),
    "a line feed in a file's name": _file("incoming: {", "x\n- store: ok.yml"),
    "another file with escapes": _file("", f"x{ESCAPES}"),
    "a pipe": _replaced(os.mkfifo),
    "a socket": _replaced(_socket),
    "a directory": _replaced(Path.mkdir),
    "a link to a secret": _link("/etc/shadow"),
    "a link to a device": _link("/dev/zero"),
    "a link to itself": _link(VICTIM),
    "100 MB of nothing": _sparse(100_000_000),
    "1 TB of nothing": _sparse(1 << 40),
    "very many profiles": _many(45_000, "n{}.yml"),
    "very many files": _many(45_000, "n{}"),
    "many large profiles": _many(1_100, "n{}.yml", f"{_HEAD}#{'x' * 65_000}\n"),
    "a work directory that is a link": _work(lambda work: work.symlink_to("/etc")),
    "a work directory that is a pipe": _work(os.mkfifo),
    "a lock that is a pipe": _work(os.mkfifo, "lock"),
    "a lock that is a link": _work(lambda lock: lock.symlink_to("/etc/shadow"), "lock"),
    "a lock that is a secret": _work(lambda lock: lock.hardlink_to(lock.parents[1] / "good.yml"), "lock"),
    "a lock that is a directory": _work(Path.mkdir, "lock"),
    "very many files at work": lambda path: (_journal(b"{")(path), (path / WORK / "journal").unlink(), _many(45_000, "n{}")(path / WORK))[0],
    "a journal that is a pipe": _journal(None),
    "a journal of nothing": _journal(b"{", 1 << 40),
    "a journal of brackets": _journal(b"[" * 8_000_000),
    "a journal of lists": _journal(b'{"format": 1, "lock": LOCK, "steps": [' + b"[]," * 2_600_000 + b"[]]}"),
    "a journal that leads out": _journal(_steps("../../canary", "/etc/shadow")),
    "a journal with escapes": _journal(_steps(f"{ESCAPES}.yml", VICTIM)),
    "a journal from elsewhere": _journal(_steps(VICTIM).replace(b"LOCK", b"[1, 2]")),
    "a journal of other types": _journal(b'{"format": 1, "lock": LOCK, "steps": [[7, {}, null], ["victim.yml"]]}'),
    "an ignore file that is a link": lambda path: ((path / WORK).mkdir(), (path / WORK / ".gitignore").symlink_to("../../canary"))[1],
}  # fmt: skip


def attacks(canary: str) -> dict[str, Poison]:
    """``canary``: a file that code would make."""
    return {**{title: _row(row) for title, row in {**rows(canary), **named_rows()}.items()}, **OWN}


def make(path: Path) -> None:
    """A store with two profiles, as a person writes it."""
    path.mkdir()
    for row in (GOOD, Row()):
        (path / f"{row.name}.yml").write_text(json.dumps({"name": row.name, "key": row.key, "id": row.id, **BASE}))

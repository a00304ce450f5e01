# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user can lay in the writer's way, and where: on every path of every client in the registry."""

from __future__ import annotations

import ctypes
import fcntl
import functools
import os
import re
import socket
import stat
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File, Problem
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients

from ..profiles import profile
from ..unit.clients.accounts import files_of, resolved
from ..unit.writer.home import MANIFEST, Home

STATE = ".local/state/mailops"
BACKUPS = f"{STATE}/backups"
_SECRET = "outside-c0ntent"  # in every file that must not be read


# --- what is deployed, and where


@functools.lru_cache(maxsize=None)
def _files(client: str, version: int) -> list[File]:
    """Of a user with accounts of every kind."""
    of_a_command = {f"{side}__{key}": value for side in ("incoming", "outgoing")
                    for key, value in (("password", None), ("password_command", ["pass", "show", f"mail{version}"]))}  # fmt: skip
    listed = [
        profile("work", incoming__host=f"imap{version}.example.org", outgoing__host=f"smtp{version}.example.org", signature=f"V{version}\n"),
        profile("shop", account_type="pop", incoming__host=f"pop{version}.example.org"),
        profile("command", incoming__host=f"other{version}.example.org", **of_a_command),
    ]
    chosen = [_clients.get(client)] if client else _clients.all_clients()
    return [file for each in chosen for file in files_of(each, *resolved(listed))]


def wanted(client: str = "", version: int = 1) -> list[File]:
    """The rendered files of a client, or of all clients; another version has other contents."""
    return list(_files(client, version))


def patterns() -> dict[str, Sequence[str]]:
    return {client.name: client.paths for client in _clients.all_clients()}


def _components(path: str) -> Iterator[str]:
    return accumulate(path.split("/"), lambda above, name: f"{above}/{name}")


def needed(client: str) -> set[str]:
    """Every component of every path that is really written for a client: what is in the way there cannot be gone round."""
    return {component for file in wanted(client) if file.content is not None for component in _components(file.path)} | set(_components(STATE))


def places() -> dict[str, str]:
    """Every component of every path that any client may use -> a client that uses it; the record and the backups come with each."""
    found: dict[str, str] = {}
    # Where the record is trapped, blocks are found without it, and whole files are not.
    names = sorted(_clients.names(), key=lambda name: any(file.strategy == "owned" for file in wanted(name)))
    for client in names:
        for place in sorted(needed(client)):
            found.setdefault(place, client)
    for client in names:
        others = [path for file in wanted(client) for path in file.alternatives]
        patterns = [pattern.replace("*", "x") for pattern in _clients.get(client).paths]
        for path in (*others, *patterns, MANIFEST, BACKUPS):
            for place in _components(path):
                found.setdefault(place, client)
    return found


# --- what must not be touched


class Outside:
    """Files and directories of root's, of another user's and of the user's own, all outside of the home, and open to everybody so
    that no permission does the writer's work."""

    def __init__(self, path: Path, uid: int, stranger: int) -> None:
        self.path = path
        self.stranger = stranger
        if path.exists():
            return
        path.mkdir()
        for name, owner in (("root", 0), ("stranger", stranger), ("own", uid)):
            directory = path / name
            directory.mkdir()
            (directory / "file").write_text(f"{_SECRET} of {name}\n")
            for each, mode in ((directory, 0o777), (directory / "file", 0o666)):
                os.chmod(each, mode)
                os.chown(each, owner, owner)

    def states(self) -> dict[Path, Any]:
        states = {path: path.lstat() for path in (self.path, *self.path.rglob("*"))}
        return {path: (each.st_mode, each.st_uid, each.st_gid, each.st_size, each.st_mtime_ns) for path, each in states.items()}


# IN_ACCESS, MODIFY, OPEN, MOVED_FROM, MOVED_TO, CREATE, DELETE (linux/inotify.h)
_EVENTS = 0x1 | 0x2 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200


@contextmanager
def untouched(outsides: Sequence[Outside]) -> Iterator[None]:
    """Nothing in them is opened or changed, under whatever name."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = [outside.states() for outside in outsides]
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    paths = {libc.inotify_add_watch(watch, os.fsencode(path), _EVENTS): path for states in before for path in states}
    assert watch >= 0 and min(paths, default=0) >= 0
    try:
        yield
        events = os.read(watch, 1 << 16)
    except BlockingIOError:
        events = b""
    finally:
        os.close(watch)
    assert not events, f"{paths[struct.unpack_from('@i', events)[0]]} was opened or changed"
    assert [outside.states() for outside in outsides] == before


# --- traps


@dataclass
class Ground:
    """Where a trap is laid: ``place`` in the home, which is free and has a directory to lie in."""

    home: Home
    outside: Outside
    place: str

    @property
    def path(self) -> Path:
        return self.home.path / self.place

    def link(self, target: str | bytes, uid: int | None = None) -> None:
        os.symlink(target, os.fsencode(self.path) if isinstance(target, bytes) else self.path)
        self.own(self.home.uid if uid is None else uid)

    def own(self, uid: int | None = None) -> None:
        os.chown(self.path, *[self.home.uid if uid is None else uid] * 2, follow_symlinks=False)

    def file(self, mode: int = 0o600, uid: int | None = None) -> None:
        self.path.write_text("the user's\n")
        os.chmod(self.path, mode)
        self.own(uid)

    def directory(self, mode: int = 0o700, uid: int | None = None) -> None:
        self.path.mkdir()
        os.chmod(self.path, mode)
        self.own(uid)
        os.chmod(self.path, mode)  # chown takes setgid away

    def node(self, mode: int, device: int = 0) -> None:
        os.mknod(self.path, mode | 0o666, device)
        self.own()

    def socket(self) -> None:
        # A socket's address is short; the file can be moved.
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(self.home.path)
            listener.bind("s")
            os.rename("s", self.path)
            os.chdir("/")
        self.own()

    def chain(self, length: int) -> None:
        for number in range(length):
            if not os.path.lexists(self.home.path / f"chain{number}"):
                self.home.link(f"chain{number}", f"chain{number + 1}")
        self.link(str(self.home.path / "chain0"))

    def sparse(self) -> None:
        self.file()
        os.truncate(self.path, 1 << 40)


_FLAGS = struct.Struct("@l")
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS (linux/fs.h)
IMMUTABLE, APPEND_ONLY = 0x10, 0x20


def set_flags(path: Path, flags: int) -> None:
    """As chattr does."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        (old,) = _FLAGS.unpack(fcntl.ioctl(fd, _GET_FLAGS, _FLAGS.pack(0)))
        fcntl.ioctl(fd, _SET_FLAGS, _FLAGS.pack(old & ~(IMMUTABLE | APPEND_ONLY) | flags))
    finally:
        os.close(fd)


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """As setfacl writes it: (tag, permissions, id), see linux/posix_acl_xattr.h."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def open_to(uid: int) -> bytes:
    """An access list that lets this user do everything."""
    return access_list((0x01, 7, 0xFFFFFFFF), (0x02, 7, uid), (0x04, 7, 0xFFFFFFFF), (0x10, 7, 0xFFFFFFFF), (0x20, 7, 0xFFFFFFFF))


def _default_acl(ground: Ground) -> None:
    ground.directory()
    os.setxattr(ground.path, "system.posix_acl_default", open_to(ground.outside.stranger))


TRAPS: dict[str, Callable[[Ground], None]] = {
    "link to root's file": lambda at: at.link(str(at.outside.path / "root/file")),
    "link to root's directory": lambda at: at.link(str(at.outside.path / "root")),
    "link to another user's file": lambda at: at.link(str(at.outside.path / "stranger/file")),
    "link to another user's directory": lambda at: at.link(str(at.outside.path / "stranger")),
    "link to the user's own directory outside": lambda at: at.link(str(at.outside.path / "own")),
    "dangling link outside": lambda at: at.link(str(at.outside.path / "root/new")),
    "relative link outside": lambda at: at.link("../" * 30 + str(at.outside.path / "root")[1:]),
    "link with .. in its middle": lambda at: at.link("x/../" + "../" * 30 + str(at.outside.path / "root")[1:]),
    "link through /proc/self/root": lambda at: at.link(f"/proc/self/root{at.outside.path}/root"),
    "link to /proc/self/cwd": lambda at: at.link("/proc/self/cwd"),
    "link to a name that is not UTF-8": lambda at: at.link(os.fsencode(at.outside.path) + b"/root/\xff\n"),
    "link of root's": lambda at: at.link("elsewhere", uid=0),
    "link to itself": lambda at: at.link(os.path.basename(at.place)),
    "link to the home": lambda at: at.link(str(at.home.path)),
    "chain of links": lambda at: at.chain(100),
    "dangling link inside": lambda at: at.link(str(at.home.path / "elsewhere")),
    "FIFO": lambda at: at.node(stat.S_IFIFO),
    "socket": lambda at: at.socket(),
    "character device": lambda at: at.node(stat.S_IFCHR, os.makedev(1, 5)),
    "block device": lambda at: at.node(stat.S_IFBLK, os.makedev(7, 250)),
    "hard link to root's file": lambda at: os.link(at.outside.path / "root/file", at.path),
    "hard link to another user's file": lambda at: os.link(at.outside.path / "stranger/file", at.path),
    "root's directory": lambda at: at.directory(0o777, uid=0),
    "another user's directory": lambda at: at.directory(0o777, uid=at.outside.stranger),
    "root's file": lambda at: at.file(0o666, uid=0),
    "another user's file": lambda at: at.file(0o666, uid=at.outside.stranger),
    "directory": lambda at: at.directory(),
    "directory without any permission": lambda at: at.directory(0),
    "directory that cannot be written to": lambda at: at.directory(0o500),
    "sticky setgid directory": lambda at: at.directory(0o3777),
    "directory with a default ACL": _default_acl,
    "file": lambda at: at.file(),
    "file without any permission": lambda at: at.file(0),
    "set-user-ID file": lambda at: at.file(0o6777),
    "sparse file of 1 TiB": lambda at: at.sparse(),
}  # fmt: skip


# --- the sentence about it

_SENTENCE = re.compile(r"(?P<path>/\S*) (?P<reason>[^\n]{10,300}[^.\n])\Z")


def assert_helpful(problem: Problem, home: Home, words: Sequence[str] = ()) -> None:
    """One sentence about a path in the home, with a remedy after a colon, and nothing of what is outside."""
    found = _SENTENCE.match(problem.message)
    assert found and found["path"] == problem.path, problem
    assert problem.path.startswith(str(home.path)), problem
    assert ": " in found["reason"] or " (" in found["reason"], f"no remedy: {problem}"
    assert "internal error" not in problem.message and _SECRET not in problem.message, problem
    for word in words:
        assert word in problem.message, problem


def temporary(tree: dict[str, Any]) -> set[str]:
    return {path for path in tree if path.endswith(".tmp")}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a disk may hold after a power cut, by what POSIX promises and no more.

A file has what was written before its last fsync, and of later writes any part. A directory has the changes before its own last
fsync, and any of the later ones, except that changes of one name keep their order. (Pillai et al., All File Systems Are Not
Created Equal, OSDI 2014. Real file systems promise more; which ones, and what, changes.)
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from ..unit.writer.home import Home


@dataclass
class File:
    data: bytes
    mode: int
    later: list[tuple[str, Any]] = field(default_factory=list)  # since its last fsync

    def sync(self) -> None:
        self.data, self.mode = self.after(self.later)
        self.later = []

    def after(self, calls: list[tuple[str, Any]]) -> tuple[bytes, int]:
        written = b"".join(value for name, value in calls if name == "write")
        return self.data + written, ([self.mode] + [value for name, value in calls if name == "mode"])[-1]


@dataclass
class Directory:
    mode: int
    entries: dict[str, Node] = field(default_factory=dict)
    later: list[tuple[str, str, Any]] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.later:
            _apply(self.entries, change)
        self.later = []


Node = Union[File, Directory, str]


def _apply(entries: dict[str, Node], change: tuple[str, str, Any]) -> None:
    call, name, value = change
    if call == "add":
        entries[name] = value
    elif call == "rename":
        entries[value] = entries.pop(name)
    else:
        entries.pop(name)


class Disk:
    """The home as it was before, and the calls of a run up to some point."""

    def __init__(self, home: Home, tree: dict[str, Any]) -> None:
        self._nodes: dict[int, Node] = {}
        self.root = Directory(0o700)
        self._nodes[home.path.stat().st_ino] = self.root
        made: dict[str, Node] = {"": self.root}
        for path, (_uid, mode, content) in sorted(tree.items()):
            bits = int(mode, 8) & 0o7777
            node = content if isinstance(content, str) else Directory(bits) if content is None else File(content, bits)
            above, _slash, name = path.rpartition("/")
            made[above].entries[name] = made[path] = node
            self._nodes[(home.path / path).lstat().st_ino] = node

    def play(self, call: str, inode: int, *rest: Any) -> None:
        node = self._nodes[inode] if call not in ("open", "mkdir") else None
        if call == "open" or call == "mkdir":
            name, made, mode = rest
            self._nodes[made] = File(b"", mode) if call == "open" else Directory(mode)
            self._nodes[inode].later.append(("add", name, self._nodes[made]))
        elif call == "rename":
            node.later.append(("rename", *rest))
        elif call in ("unlink", "rmdir"):
            node.later.append(("drop", rest[0], None))
        elif call == "fsync":
            node.sync()
        elif call == "write":
            node.later.append(("write", bytes.fromhex(rest[1])))
        elif call == "utime":
            pass  # times are not modelled
        else:
            node.later.append(("mode", rest[0]))

    def survivors(self, chance: random.Random) -> dict[str, Any]:
        """One of the states that may be found: path -> mode and content, as ``Home.tree`` has it."""
        kept = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        found: dict[str, Any] = {}
        todo: list[tuple[str, Node]] = [("", self.root)]
        while todo:
            path, node = todo.pop()
            if isinstance(node, str):
                found[path] = 0o120777, node
            elif isinstance(node, File):
                data, mode = node.after([call for call in node.later if chance.random() < kept])
                lost = len(data) - len(node.data)
                found[path] = 0o100000 | mode, data[: len(node.data) + chance.choice((0, lost, chance.randint(0, lost)))]
            else:
                if path:
                    found[path] = 0o040000 | node.mode, None
                entries = dict(node.entries)
                for change in _some(node.later, kept, chance):
                    _apply(entries, change)
                todo += [(f"{path}/{name}".lstrip("/"), entry) for name, entry in entries.items()]
        return found


def _some(changes: list[tuple[str, str, Any]], kept: float, chance: random.Random) -> list[tuple[str, str, Any]]:
    """Any of the changes; without one of a name, none of the later ones of that name."""
    lost: set[str] = set()
    chosen = []
    for change in changes:
        call, name, value = change
        names = {name, value} if call == "rename" else {name}
        if chance.random() < kept and not names & lost:
            chosen.append(change)
        else:
            lost |= names
    return chosen


def read_calls(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]

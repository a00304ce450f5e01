# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user's program reads besides our lines: the user's own text, other files, and what these include. Nothing of it is executed."""

from __future__ import annotations

import glob
import os
import posixpath
import re
import stat
from typing import Dict, Iterator, List, Optional, Pattern, Set

from .._wire import IN_WORK_TREE, NEXT_FILE, OTHER_INSTANCES, UNKNOWN_INCLUDE, File
from .block import without_blocks
from .content import MAX_SIZE, READ
from .errors import UnsafePath
from .tree import Tree
from .work_trees import WorkTrees

_MAX_DEPTH = 5
_MAX_FILES = 100
_UNKNOWN = UNKNOWN_INCLUDE.encode() + b"\n"
# Nothing but these and the home is looked into: elsewhere may be a file system that never answers.
_OF_ROOT = ("/etc/", "/usr/")
_IN_HOME = (("~/", ""), ("$HOME/", ""), ("${HOME}/", ""), ("$XDG_CONFIG_HOME/", ".config/"), ("${XDG_CONFIG_HOME}/", ".config/"))
# What only the program itself could work out: variables, commands, patterns, quotes in the middle.
_EVALUATED = re.compile(r"[$`*?|~\\\"'%]")


class UsersText:
    """Of one place. ``instance``: whose blocks are ours. ``is_home`` False: the files of root's are another machine's."""

    def __init__(self, tree: Tree, instance: str, is_home: bool, work_trees: WorkTrees) -> None:
        self._tree = tree
        self._work_trees = work_trees
        self._instance = instance
        self._is_home = is_home
        self._known: Dict[str, Optional[bytes]] = {}

    def around(self, file: File, path: str, data: bytes) -> bytes:
        """The text for the variants of ``file``, which lies at ``path`` and holds ``data``."""
        includes = re.compile(file.includes.encode(), re.MULTILINE) if file.includes else None
        own: List[bytes] = []
        others: List[bytes] = []
        seen = {path}
        self._add(data, path, includes, own, others, seen, 0)
        for each in file.reads:
            for name in self._files(each):
                if name not in seen:
                    seen.add(name)
                    own.append(NEXT_FILE.encode())
                    self._add(self._read(name), name, includes, own, others, seen, 0)
        if file.secret and self._is_home and any(map(self._is_in_work_tree, file.reads or (path,))):
            own.append(IN_WORK_TREE.encode())
        return b"\n".join([*own, OTHER_INSTANCES.encode(), *others])

    def _is_in_work_tree(self, path: str) -> bool:
        if path.startswith("/"):
            return False
        try:
            self._work_trees.check(path)
        except UnsafePath:
            return True
        return False

    def _add(
        self, data: Optional[bytes], path: str, includes: Optional[Pattern[bytes]], own: List[bytes], others: List[bytes], seen: Set[str], depth: int
    ) -> None:
        if data is None:
            own.append(_UNKNOWN)
            return
        users, blocks = without_blocks(data, self._instance)
        own.append(users)
        others += blocks
        if includes is None:
            return
        for texts, target in ((users, own), *((block, others) for block in blocks)):
            for token in includes.findall(texts):
                for name in self._targets(token, path):
                    if name is None or len(seen) > _MAX_FILES or depth >= _MAX_DEPTH:
                        target.append(_UNKNOWN)
                    elif name not in seen:
                        seen.add(name)
                        self._add(self._read(name), name, includes, target, others, seen, depth + 1)

    def _files(self, pattern: str) -> Iterator[str]:
        if not pattern.startswith("/"):
            yield pattern
        elif self._is_home:
            yield from sorted(glob.glob(pattern)) if "*" in pattern else (pattern,)

    def _targets(self, token: bytes, path: str) -> Iterator[Optional[str]]:
        """Relative to the home, or absolute; None: it cannot be known. What is relative counts from the including file and from the home,
        because programs differ."""
        text = os.fsdecode(token).strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        names = (text,)
        for begin, inside in _IN_HOME:
            if text.startswith(begin):
                names = (f"{self._tree.base}/{inside}{text[len(begin) :]}",)
        if not names[0].startswith("/"):
            names = (f"{posixpath.dirname(self._absolute(path))}/{text}", f"{self._tree.base}/{text}")
        for name in dict.fromkeys(map(posixpath.normpath, names)):
            rest = name[len(self._tree.base.rstrip("/")) + 1 :] if name.startswith(f"{self._tree.base.rstrip('/')}/") else None
            if _EVALUATED.search(rest or name):
                yield None
            elif rest is not None:
                yield rest
            else:
                yield name if self._is_home and name.startswith(_OF_ROOT) else None

    def _absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"{self._tree.base}/{path}"

    def _read(self, path: str) -> Optional[bytes]:
        """The text, empty when there is no such file; None: it cannot be known."""
        if path not in self._known:
            self._known[path] = _read_of_root(path) if path.startswith("/") else self._read_own(path)
        return self._known[path]

    def _read_own(self, path: str) -> Optional[bytes]:
        try:
            content = self._tree.read(path)
        except UnsafePath:
            return None
        return content.data if content else b""


def _read_of_root(path: str) -> Optional[bytes]:
    """With the user's ids, like the user's program."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None  # before the open: opening a device may have an effect
        with open(os.open(path, READ & ~os.O_NOFOLLOW), "rb") as file:
            data = file.read(MAX_SIZE + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError:
        return None
    return data if data is not None and len(data) <= MAX_SIZE else None

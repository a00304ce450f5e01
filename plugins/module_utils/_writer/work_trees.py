# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work trees of version control, whose users may publish what lies in them: no secret is written there."""

from __future__ import annotations

from contextlib import suppress
from typing import Dict, List

from .errors import UnsafePath
from .links import join, split
from .tree import Tree

# Of Git (a file in a linked work tree), Mercurial, Subversion, Jujutsu, Bazaar, Darcs, Pijul and Fossil, and of chezmoi's source.
_SIGNS = (".git", ".hg", ".svn", ".jj", ".bzr", "_darcs", ".pijul", ".fslckout", ".chezmoiroot", ".chezmoiversion")
# Usual places of the bare repository of a home, which shows no other sign; the last one is yadm's.
_OF_A_HOME = (".cfg/HEAD", ".dotfiles/HEAD", ".local/share/yadm/repo.git/HEAD")
_CHEZMOI = ".local/share/chezmoi"


class WorkTrees:
    """Those above files of a ``tree``. ``warnings``: about the home itself, which may be one for good."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._found: Dict[str, str] = {}  # directory -> the work tree that it lies in, "" for none
        self.warnings: List[str] = []

    def check(self, path: str, is_copy: bool = False) -> None:
        """UnsafePath when the file, which gets a secret, really lies in a work tree. ``is_copy``: of what the user wrote, who may have written a
        password."""
        tree = self._tree
        if "" not in self._found:
            self._found[""] = ""
            sign = tree.first_of("", _SIGNS) or self._bare_repository()
            if sign:
                keep = "see that no file with a password is committed (password_command keeps passwords out of files)"
                self.warnings.append(f"{tree.display} is a work tree itself ({sign}): {keep}")
        real = tree.real(path)
        is_linked = real != path
        found = self._above(split(real)[0]) or (is_linked and self._chezmoi(real))
        if found:
            where = f" as {tree.absolute(real)}" if is_linked else ""
            secret = "a copy of what the user wrote" if is_copy else "a password"
            reason = f"would hold {secret}, and lies in the work tree {tree.absolute(found)}{where}, which may be published"
            remedies = [] if is_copy else ["use password_command"]
            directory = split(path)[0]
            if directory and tree.real(directory) != directory:
                remedies.append("link files there and no directories (stow --no-folding)")
            raise UnsafePath(tree.absolute(path), f"{reason}: {', or '.join([*remedies, 'move it out of the work tree'])}")

    def _bare_repository(self) -> str:
        for path in _OF_A_HOME:
            with suppress(UnsafePath):
                if self._tree.exists(path):
                    return split(path)[0]
        return ""

    def _above(self, directory: str) -> str:
        if directory not in self._found:
            found = directory if self._tree.first_of(directory, _SIGNS) else ""
            self._found[directory] = found or (self._above(split(directory)[0]) if directory != "/" else "")
        return self._found[directory]

    def _chezmoi(self, real: str) -> str:
        """Its usual source needs no sign."""
        with suppress(UnsafePath):
            source = self._tree.real(join(_CHEZMOI, "x"))[: -len("/x")]
            if f"{real}/".startswith(f"{source}/"):
                return source
        return ""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the manifests and backups of a place lie.

In a home, and for the files of the host, below the place itself. For another directory among root's own files (without root, among
the running user's): a web server may publish that directory, and a manifest must not be published with it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
from typing import NamedTuple, Optional

from .errors import WriterError
from .tree import Tree

ROOT = "/"
OF_ROOT = "var/lib/mailops.profiles"  # relative to ROOT
IN_HOME = ".local/state/mailops"


class StateLocation(NamedTuple):
    """``base`` None: ``directory`` is relative to the place."""

    directory: str
    base: Optional[str] = None


HOME = StateLocation(IN_HOME)
HOST = StateLocation(f"{OF_ROOT}/host")


def location_of(base: str) -> StateLocation:
    """That of a directory which is no home."""
    name = f"places/{hashlib.sha256(os.fsencode(base)).hexdigest()[:32]}"
    if os.geteuid() == 0:
        return StateLocation(f"{OF_ROOT}/{name}", ROOT)
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        home = ""
    if not home.startswith("/") or not home.strip("/"):
        raise WriterError(f"the user with uid {os.geteuid()}, who runs this, has no home directory for the manifests: run with become")
    return StateLocation(f"{IN_HOME}/{name}", home)


class State(NamedTuple):
    """A location in an open tree. ``inside``: that tree is the place's own. ``is_place_made``: this run has made the place's directory."""

    tree: Tree
    directory: str
    instance: str
    inside: bool
    is_place_made: bool = False

    @property
    def manifest(self) -> str:
        return f"{self.directory}/{self.instance}.json"

    @property
    def backups(self) -> str:
        return f"{self.directory}/backups"

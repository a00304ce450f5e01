# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Works with a user's effective ids, in a process whose real and saved uid stay root's.

With the effective ids of the user the kernel decides what is allowed, as if the user's own program asked. Because the real and saved
uid are root's, the user can neither signal nor trace the process.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import Iterator, NamedTuple


class Identity(NamedTuple):
    uid: int
    gid: int


_EXIT_NOT_RESTORED = 71  # EX_OSERR: it would be worse to go on with a user's ids as if they were root's


class Switch:
    """Changes to the ids of users and back. One per process, made in the process that uses it, before the first change."""

    def __init__(self) -> None:
        self.own = Identity(os.geteuid(), os.getegid())
        self._groups = os.getgroups()
        # Kept open: after a change of ids /proc/self may not be readable. -1 where there are no Linux capabilities.
        self._status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC) if sys.platform == "linux" else -1

    @contextmanager
    def to(self, identity: Identity) -> Iterator[None]:
        """The block runs with these effective ids and no supplementary group."""
        # Without root there is one identity, also when the process was started with another group (newgrp).
        if identity == self.own or identity.uid == self.own.uid != 0:
            yield
            return
        if self.own.uid != 0:
            raise PermissionError(1, "only root can act for another user")
        try:
            os.setgroups([identity.gid])
            os.setegid(identity.gid)
            os.seteuid(identity.uid)
            self._check(identity)
            yield
        finally:
            self._restore()

    def _check(self, identity: Identity) -> None:
        if (os.geteuid(), os.getegid(), os.getgroups()) != (identity.uid, identity.gid, [identity.gid]):
            raise PermissionError(1, "the ids were not changed")
        # Under SECBIT_NO_SETUID_FIXUP seteuid keeps every capability, and the user's ids would mean nothing.
        if identity.uid != 0 and self._status >= 0:
            status = os.pread(self._status, 8192, 0)
            if int(status.split(b"CapEff:", 1)[1].split(None, 1)[0], 16) != 0:
                raise PermissionError(1, "capabilities survived the change of ids")

    def _restore(self) -> None:
        try:
            os.seteuid(self.own.uid)
            os.setegid(self.own.gid)
            os.setgroups(self._groups)
            if (os.geteuid(), os.getegid()) != self.own:
                os._exit(_EXIT_NOT_RESTORED)
        except OSError:
            os._exit(_EXIT_NOT_RESTORED)

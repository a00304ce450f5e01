# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that are no homes: made when they are needed, and given to the job's owner and group.

The way there may lead through directories of users, and through directories that all users can write to.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from contextlib import closing
from typing import List, NamedTuple, Optional, Tuple

from .._wire import Job
from .errors import UnsafePath, WriterError, other_owner, perhaps_not_mounted
from .identity import Identity, Switch
from .walk import Walk


class Opened(NamedTuple):
    """``fd`` -1: there is no directory. ``identity``: whose ids write in it."""

    fd: int
    identity: Identity
    is_made: bool = False


class Dest(NamedTuple):
    """How the directories are made; None: as it comes. With an owner there is a group, too."""

    owner: Optional[int] = None
    group: Optional[int] = None
    directory_mode: int = 0o700

    def open(self, path: str, display: str, switch: Switch, wanted: bool, check: bool) -> Opened:
        """The directory, made when something is ``wanted`` in it. In a user's directory the work goes on as that user."""
        identity, shared, is_made = switch.own, False, False
        with closing(Walk(path, display, switch)) as walk:
            while walk.pending:
                with switch.to(identity):
                    try:
                        walk.step()
                    except FileNotFoundError:
                        if check or not wanted:
                            return Opened(-1, self._final(identity, switch))
                        self._create(walk, identity == switch.own)
                        is_made = not walk.pending
                found = os.fstat(walk.fd)
                given = not walk.pending and found.st_uid == self.owner
                if shared and found.st_uid not in (0, switch.own.uid) and not given:
                    # The first user to make a directory in /tmp would get the files of all.
                    raise UnsafePath(display, "lies in a directory that another user made in a shared one: choose another directory")
                identity, shared = _owner(found, display, identity, switch)
            found = os.fstat(walk.fd)
            if not wanted:
                if found.st_uid == 0 and identity.uid != 0:
                    raise UnsafePath(display, "belongs to root in a directory of another user, where root removes nothing: remove the files by hand")
                return Opened(walk.take(), Identity(found.st_uid, found.st_gid))
            identity = self._final(identity, switch)
            if found.st_uid != identity.uid:
                raise UnsafePath(display, other_owner(found.st_uid, identity.uid, "look who should own it, or choose another directory"))
            if self.group is not None and found.st_gid != self.group:
                otherwise = "look whose group it and the files in it should have, or choose another directory"
                reason = f"belongs to the group with gid {found.st_gid}, not to the group with gid {self.group}"
                raise UnsafePath(display, f"{reason}; {perhaps_not_mounted(otherwise)}")
            return Opened(walk.take(), identity, is_made)

    @staticmethod
    def remove(path: str, display: str, switch: Switch) -> None:
        """Takes the directory away; OSError when something is in it."""
        identity = switch.own
        with closing(Walk(path, display, switch)) as walk:
            while len(walk.pending) > 1:
                with switch.to(identity):
                    walk.step()
                identity, _shared = _owner(os.fstat(walk.fd), display, identity, switch)
            with switch.to(identity):
                os.rmdir(walk.pending[-1], dir_fd=walk.fd)

    def _create(self, walk: Walk, trusted: bool) -> None:
        """The next directory; the last one is given to its owner and group while it is empty and no other user can exchange it."""
        last = len(walk.pending) == 1
        os.mkdir(walk.pending[-1], self.directory_mode if last else 0o755, dir_fd=walk.fd)
        if last and trusted and self.group is not None:
            owner = -1 if self.owner is None else self.owner
            os.chown(walk.pending[-1], owner, self.group, dir_fd=walk.fd, follow_symlinks=False)
        walk.step()

    def _final(self, identity: Identity, switch: Switch) -> Identity:
        """Whose ids write in the directory itself."""
        if switch.own.uid != 0:
            return identity
        if self.owner is not None:
            identity = identity._replace(uid=self.owner)
        if self.group is not None:
            identity = identity._replace(gid=self.group)
        return identity


def _owner(found: os.stat_result, display: str, identity: Identity, switch: Switch) -> Tuple[Identity, bool]:
    """With whose ids to go on below an open directory, and whether all users can make things there; UnsafePath where others could
    exchange what is in it."""
    if found.st_uid not in (0, switch.own.uid):
        if switch.own.uid != 0:
            raise UnsafePath(display, f"lies in a directory of the user with uid {found.st_uid}: run as that user or as root")
        return Identity(found.st_uid, found.st_gid), False
    sticky = bool(found.st_mode & stat.S_ISVTX)
    # In a sticky directory such as /tmp users exchange only what is theirs. A group that may write to a directory of a user
    # other than root is that user's own choice (the umask 002 of private groups).
    private = found.st_uid == switch.own.uid != 0 and not found.st_mode & 0o002
    if identity == switch.own and found.st_mode & 0o022 and not sticky and not private:
        raise UnsafePath(display, "lies in a directory that others can write to: look who should write there, or choose another directory")
    return identity, identity == switch.own and bool(found.st_mode & 0o022)


def dest_of(job: Job, check: bool) -> Tuple[Dest, List[str]]:
    """And warnings. WriterError for an owner or group whom the host does not know; a dry run goes on, because an earlier task of a real run may
    create them, and a removal needs neither."""
    if (job.owner is not None or job.group is not None) and os.geteuid() != 0:
        raise WriterError("owner and group need root: run with become")
    is_wanted = any(place.files for place in job.places)
    uid = gid = None
    unknown = []
    try:
        if job.owner is not None:
            user = pwd.getpwnam(job.owner)
            uid, gid = user.pw_uid, user.pw_gid
    except KeyError:
        unknown.append(f"owner: the host has no user '{job.owner}'")
    try:
        gid = gid if job.group is None else grp.getgrnam(job.group).gr_gid
    except KeyError:
        gid = None
        unknown.append(f"group: the host has no group '{job.group}'")
    if unknown and is_wanted and not check:
        raise WriterError("; ".join(unknown))
    return Dest(uid, gid, job.directory_mode), [f"{text}; a real run fails unless it exists by then" for text in unknown if is_wanted]

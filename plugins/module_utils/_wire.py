# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller sends to a host, and what comes back: one set of types for both sides.

A :class:`Job` travels as one opaque string, because it holds passwords and Ansible looks into whatever has a structure. The
:class:`Answer` is one string as well. The controller's side, which encodes jobs and checks answers, is ``_deploy/exchange.py``.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Mapping, NamedTuple, Optional, Sequence, Tuple

OWNED = "owned"
BLOCK = "block"
MASK = "********"  # what is displayed for a password

CREATED, UPDATED, REMOVED = ACTIONS = ("created", "updated", "removed")
# What a file of a manifest is found to be.
DEPLOYED, EDITED, MISSING, FOREIGN, UNREADABLE = FILE_STATES = ("deployed", "edited", "missing", "foreign", "unreadable")

MAX_TAG = 64  # characters


# In the text that the patterns of variants look at: there is an include whose text could not be found out; the texts of other
# instances follow, blocks of ours in the same files; another file begins; in a comment, here will be our own block; and, where there is a secret, that
# the file (or one that is read) lies in a work tree of version control, which gets none. None is in a line that a program accepts.
UNKNOWN_INCLUDE = "\x00"
OTHER_INSTANCES = "\x01"
NEXT_FILE = "\x02"
OUR_BLOCK = "\x03"
IN_WORK_TREE = "\x04"


class Variant(NamedTuple):
    """Another content for a user whose own text matches ``pattern`` (bytes syntax of ``re``, multi-line). None: the file is not written, or the
    block. ``note`` is an identifier that comes back; the controller has the words. ``ours``: what the lines of our own block have to match, too, as the
    last run left them and the user may have edited them, empty where there is none; so it can matter whose account was the default one."""

    pattern: str
    content: Optional[bytes]
    redacted: str
    note: str = ""
    ours: str = ""


class Remark(NamedTuple):
    """What the user's text means for our file or block, which is written all the same: ``note`` comes back where ``pattern`` matches the text, and
    ``ours`` what is written. Syntax and note are those of a variant."""

    pattern: str
    note: str
    ours: str = ""


class File(NamedTuple):
    """One file, or a block of lines in a file that is the user's.

    ``path`` is relative to the place. The first of ``alternatives`` that exists is taken instead of it. ``content`` is the whole file
    (``OWNED``) or the lines between two markers (``BLOCK``), which begin with ``comment``; None: only a variant is written. Of ``variants`` the
    first that matches the user's text replaces it. ``redacted`` is the content for people to read: no password is in it. ``secret``: whether one is
    in the content. ``mode`` None: that of the job; a user's own file keeps its mode, as far as ``mode`` allows. ``tag``: a public text of at most
    64 characters that the manifest keeps, and whose change is reported. ``producer``: who made the file; results are given by producer.
    ``reads``: other files whose text is the user's, too, below the place or, with ``*`` in their names, below ``/etc``. ``includes``: how these
    texts name further ones (bytes syntax of ``re``, multi-line; group 1 is a path).
    ``last``: the block goes behind lines that the user has added below it, if this matches one (bytes syntax of ``re``, multi-line).
    ``remarks``: of a block, and of a file with ``reads``.
    Whole files that follow blocks of the same producer are for these: they are written only if one of the blocks is.
    """

    path: str
    content: Optional[bytes]
    strategy: str = OWNED
    comment: str = "#"
    alternatives: Tuple[str, ...] = ()
    variants: Tuple[Variant, ...] = ()
    mode: Optional[int] = None
    tag: str = ""
    secret: bool = False
    redacted: str = ""
    producer: str = ""
    reads: Tuple[str, ...] = ()
    includes: str = ""
    last: str = ""
    remarks: Tuple[Remark, ...] = ()


class AccountLabel(NamedTuple):
    """What the manifest says of an account, for people: the writer only keeps it."""

    profile: str
    key: str
    clients: Tuple[str, ...]


class Place(NamedTuple):
    """A directory in which files are put for a user. ``base`` None: the home of the system user ``name``, with the manifest below it;
    else an absolute path, with the manifest among root's. ``display``: what is displayed instead of ``base``. ``absent``: nothing stays of this
    user, in no place that root's list has for the inventory host; ``base`` "" then means that only the list has places. ``accounts``: those that
    the files are for."""

    name: str
    base: Optional[str] = None
    files: Tuple[File, ...] = ()
    display: Optional[str] = None
    absent: bool = False
    accounts: Tuple[AccountLabel, ...] = ()


class Probe(NamedTuple):
    """A sign on the host that ``producer`` reads other files than ours: a path for ``glob`` exists, and the file matches ``matching`` if
    that is given. ``blocks``: our files would do harm then. ``note``: an identifier that comes back."""

    producer: str
    pattern: str
    note: str
    matching: Optional[str] = None
    blocks: bool = False


class HostFiles(NamedTuple):
    """Blocks in files of root's that all users of the host share.

    ``patterns``: producer -> the paths that it may produce -> strategy. ``residue``: (path with a ``/*/``, regular expression) of what programs keep of
    accounts that are gone; as long as they do, the blocks stay. ``remove``: the blocks go when no user is served any more.
    """

    files: Tuple[File, ...]
    patterns: Mapping[str, Mapping[str, str]]
    probes: Tuple[Probe, ...]
    residue: Tuple[Tuple[str, str], ...]
    remove: bool


class Job(NamedTuple):
    """What one run brings about on a host.

    ``patterns``: producer -> every path that it may produce -> strategy; only these are ever removed. None: any path, and what was written in homes
    root's list knows. ``owner``, ``group``, ``mode`` and
    ``directory_mode`` are those of places with a ``base``. ``deadline``: seconds that one place may take. ``inventory_host`` and
    ``dest_pattern`` (None: homes) are stamped on every place that is served. Of one run with several jobs, ``earlier`` are the users of those
    before this one, and ``later`` the present users of those after it, with the ``base`` of each. ``forget``: users whose places are taken off root's
    list as they are. ``kept``: other users whose places stay as they are. ``purge``, in the first job: places with the same stamp that the run does
    not serve are cleared. ``host``: None unless this is the last job. ``inspect``: nothing is changed, and the results say what is found of the users
    of ``places``, which have names only; without places, of the first users of root's list, and the others are ``remaining``.
    """

    instance: str
    places: Tuple[Place, ...]
    patterns: Mapping[str, Optional[Mapping[str, str]]]
    owner: Optional[str] = None
    group: Optional[str] = None
    mode: int = 0o600
    directory_mode: int = 0o700
    deadline: float = 20
    inventory_host: str = ""
    dest_pattern: Optional[str] = None
    earlier: Tuple[str, ...] = ()
    later: Tuple[Tuple[str, Optional[str]], ...] = ()
    forget: Tuple[str, ...] = ()
    purge: bool = False
    is_first: bool = True
    is_last: bool = True
    host: Optional[HostFiles] = None
    kept: Tuple[str, ...] = ()
    inspect: bool = False


def load_job(text: str) -> Job:
    texts, data = json.loads(zlib.decompress(base64.b64decode(text)).decode("utf-8"))
    job = Job(*data)
    host = job.host
    if host is not None:
        files, patterns, probes, residue, remove = host
        host = HostFiles(_files(files, texts), patterns, tuple(Probe(*probe) for probe in probes), tuple(map(tuple, residue)), remove)
    places = tuple(Place(name, base, _files(files, texts), display, absent, labels(accounts)) for name, base, files, display, absent, accounts in job.places)
    users = {name: tuple(getattr(job, name)) for name in ("earlier", "forget", "kept")}
    return job._replace(places=places, host=host, later=tuple(map(tuple, job.later)), **users)


def labels(data: Sequence[Any]) -> Tuple[AccountLabel, ...]:
    return tuple(AccountLabel(profile, key, tuple(clients)) for profile, key, clients in data)


def _files(data: Sequence[Any], texts: Sequence[str]) -> Tuple[File, ...]:
    return tuple(_file(File(*item), texts) for item in data)


def _file(file: File, texts: Sequence[str]) -> File:
    return file._replace(
        content=_content(file.content),
        alternatives=tuple(file.alternatives),
        variants=tuple(
            Variant(texts[pattern], _content(texts[data] if isinstance(data, int) else data), texts[redacted], note, texts[ours])
            for pattern, data, redacted, note, ours in file.variants
        ),
        remarks=tuple(Remark(texts[pattern], note, texts[ours]) for pattern, note, ours in file.remarks),
    )


def _content(data: Any) -> Optional[bytes]:
    if data is None:
        return None
    return data.encode("utf-8") if isinstance(data, str) else base64.b64decode(data[0])


class Diff(NamedTuple):
    """An entry of a task's ``diff``, made of redacted texts."""

    before: str
    after: str
    before_header: str
    after_header: str


class Change(NamedTuple):
    """What was done to one file, or would be. ``producer`` "": a manifest or a temporary file of ours. ``old_tag``: what the manifest had for a
    tag, where that differs. ``real_path``: where the file lies, if a symbolic link leads there."""

    path: str
    producer: str
    action: str
    diff: Optional[Diff] = None
    old_tag: str = ""
    real_path: str = ""


class Drift(NamedTuple):
    """A file that was edited or removed since the last run. ``real_path`` as in a change."""

    path: str
    producer: str
    real_path: str = ""


class Problem(NamedTuple):
    """Why a place could not be served: one sentence, which begins with the path."""

    path: str
    message: str


class FoundFile(NamedTuple):
    """A file of a manifest, or with the producer "" a manifest, and in which of the ``FILE_STATES`` it is. ``real_path`` as in a change.
    ``reason``: one sentence, of a file that is foreign or cannot be read."""

    path: str
    producer: str
    state: str
    real_path: str = ""
    reason: str = ""


class Found(NamedTuple):
    """What is found in a place that is only looked at. ``confirmed``: when a run last left everything in it as it should be, in seconds since
    1970, 0 if that is not known."""

    accounts: Tuple[AccountLabel, ...] = ()
    files: Tuple[FoundFile, ...] = ()
    confirmed: int = 0


class Result(NamedTuple):
    """What was found and done in one place. Paths are absolute, as they are displayed. ``notes``: (path, identifier) of variants.
    ``residue``: whether a program still knows of accounts that are gone. ``listed`` False: a place that the job did not name (purged).
    ``recorded``: whether a manifest was there. ``inode``: of the directory, 0 when there is none. ``written``: what root's list has to know of files
    in a home: (relative path, name of the copy of the user's own file, or ""). ``found``: None unless the place is only looked at."""

    name: str
    path: str
    changes: Tuple[Change, ...] = ()
    drifted: Tuple[Drift, ...] = ()
    unchanged: int = 0
    notes: Tuple[Tuple[str, str], ...] = ()
    warnings: Tuple[str, ...] = ()
    problem: Optional[Problem] = None
    residue: bool = False
    listed: bool = True
    recorded: bool = False
    inode: int = 0
    written: Tuple[Tuple[str, str], ...] = ()
    found: Optional[Found] = None


class Remaining(NamedTuple):
    """A place on root's list that the run left alone, though its user is absent or not listed, or took off the list. ``path`` is that to display.
    ``is_earlier``: that of a user who is served in another one now."""

    user: str
    path: str
    inventory_host: str
    is_earlier: bool = False


class Answer(NamedTuple):
    """``results``: one for each place that could be tried, and one with the name "" for the host's files. ``missing``: present users whom the
    host does not know; a dry run has results for them all the same. ``probes``: identifiers of those that were found. ``forgotten``: places that
    were taken off root's list as they are."""

    results: Tuple[Result, ...]
    missing: Tuple[str, ...] = ()
    probes: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    remaining: Tuple[Remaining, ...] = ()
    forgotten: Tuple[Remaining, ...] = ()


def dump_answer(answer: Answer) -> str:
    return json.dumps(answer)

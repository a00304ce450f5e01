# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller sends to a host, and what comes back: one set of types for both sides.

A :class:`Job` travels as one opaque string, because it holds passwords and Ansible looks into whatever has a structure. The
:class:`Answer` is one string as well. It is hostile input: ``load_answer`` takes nothing that ``dump_answer`` would not have written.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Tuple

from ._text import printable

OWNED = "owned"
BLOCK = "block"
MASK = "********"  # what is displayed for a password

CREATED, UPDATED, REMOVED = ACTIONS = ("created", "updated", "removed")

MAX_TAG = 64  # characters
_MAX_TEXT = 2000
_MAX_DIFF = 1 << 21
_MAX_ITEMS = 100_000
_MAX_ANSWER = 64 << 20
_LARGEST_NUMBER = 2**31


class Variant(NamedTuple):
    """Another content for a user whose own text matches ``pattern`` (bytes syntax of ``re``, multi-line). ``note`` is an identifier that
    comes back; the controller has the words."""

    pattern: str
    content: bytes
    redacted: str
    note: str = ""


class File(NamedTuple):
    """One file, or a block of lines in a file that is the user's.

    ``path`` is relative to the place. The first of ``alternatives`` that exists is taken instead of it. ``content`` is the whole file
    (``OWNED``) or the lines between two markers (``BLOCK``), which begin with ``comment``. Of ``variants`` the first that matches the user's
    text replaces it. ``redacted`` is the content for people to read: no password is in it. ``secret``: whether one is in the content.
    ``mode`` None: that of the job. ``tag``: a public text of at most 64 characters that the manifest keeps, and whose change is reported.
    ``producer``: who made the file; results are given by producer.
    """

    path: str
    content: bytes
    strategy: str = OWNED
    comment: str = "#"
    alternatives: Tuple[str, ...] = ()
    variants: Tuple[Variant, ...] = ()
    mode: Optional[int] = None
    tag: str = ""
    secret: bool = False
    redacted: str = ""
    producer: str = ""


class Place(NamedTuple):
    """A directory in which files are put for a user. ``base`` None: the home of the system user ``name``, with the manifest below it;
    else an absolute path, with the manifest among root's. ``display``: what is displayed instead of ``base``."""

    name: str
    base: Optional[str] = None
    files: Tuple[File, ...] = ()
    display: Optional[str] = None


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

    ``patterns``: producer -> the paths that it may produce. ``residue``: (path with a ``/*/``, regular expression) of what programs keep of
    accounts that are gone; as long as they do, the blocks stay. ``remove``: the blocks go when no user is served any more.
    """

    files: Tuple[File, ...]
    patterns: Mapping[str, Sequence[str]]
    probes: Tuple[Probe, ...]
    residue: Tuple[Tuple[str, str], ...]
    remove: bool


class Job(NamedTuple):
    """What one run brings about on a host.

    ``patterns``: producer -> every path that it may produce; only these are ever removed. ``owner``, ``group``, ``mode`` and
    ``directory_mode`` are those of places with a ``base``. ``deadline``: seconds that one place may take. ``earlier``: users of the jobs before
    this one, which belong to the same run. ``purge_except``: every other user whom the instance serves loses the accounts. ``host``: None
    unless this is the last job of a run. ``list_served``: report whom the instance serves.
    """

    instance: str
    places: Tuple[Place, ...]
    patterns: Mapping[str, Sequence[str]]
    owner: Optional[str] = None
    group: Optional[str] = None
    mode: int = 0o600
    directory_mode: int = 0o700
    deadline: float = 20
    earlier: Tuple[str, ...] = ()
    purge_except: Optional[Tuple[str, ...]] = None
    host: Optional[HostFiles] = None
    list_served: bool = False


def dump_job(job: Job) -> str:
    """Base64 of compressed JSON."""
    host = job.host and job.host._replace(files=tuple(map(_file_data, job.host.files)))
    places = tuple(place._replace(files=tuple(map(_file_data, place.files))) for place in job.places)
    return base64.b64encode(zlib.compress(json.dumps(job._replace(places=places, host=host)).encode(), 1)).decode()


def load_job(text: str) -> Job:
    job = Job(*json.loads(zlib.decompress(base64.b64decode(text)).decode("utf-8")))
    host = job.host
    if host is not None:
        files, patterns, probes, residue, remove = host
        host = HostFiles(_files(files), patterns, tuple(Probe(*probe) for probe in probes), tuple(map(tuple, residue)), remove)
    places = tuple(Place(name, base, _files(files), display) for name, base, files, display in job.places)
    listed = None if job.purge_except is None else tuple(job.purge_except)
    return job._replace(places=places, host=host, earlier=tuple(job.earlier), purge_except=listed)


def _file_data(file: File) -> Any:
    variants = tuple(variant._replace(content=_content_data(variant.content)) for variant in file.variants)
    return file._replace(content=_content_data(file.content), variants=variants)


def _files(data: Sequence[Any]) -> Tuple[File, ...]:
    return tuple(_file(*item) for item in data)


def _file(path: str, content: Any, strategy: str, comment: str, alternatives: Any, variants: Any, *others: Any) -> File:
    found = tuple(Variant(pattern, _content(data), redacted, note) for pattern, data, redacted, note in variants)
    return File(path, _content(content), strategy, comment, tuple(alternatives), found, *others)


def _content_data(content: bytes) -> Any:
    """Text where it is UTF-8, else a list with its base64."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return [base64.b64encode(content).decode()]


def _content(data: Any) -> bytes:
    return data.encode("utf-8") if isinstance(data, str) else base64.b64decode(data[0])


class Diff(NamedTuple):
    """An entry of a task's ``diff``, made of redacted texts."""

    before: str
    after: str
    before_header: str
    after_header: str


class Change(NamedTuple):
    """What was done to one file, or would be. ``producer`` "": a manifest or a temporary file of ours. ``old_tag``: what the manifest had for a
    tag, where that differs."""

    path: str
    producer: str
    action: str
    diff: Optional[Diff] = None
    old_tag: str = ""


class Drift(NamedTuple):
    """A file that was edited or removed since the last run."""

    path: str
    producer: str


class Problem(NamedTuple):
    """Why a place could not be served: one sentence, which begins with the path."""

    path: str
    message: str


class Result(NamedTuple):
    """What was found and done in one place. Paths are absolute, as they are displayed. ``notes``: (path, identifier) of variants.
    ``residue``: whether a program still knows of accounts that are gone. ``listed`` False: a user whom the job did not name (purged)."""

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


class Answer(NamedTuple):
    """``results``: one for each place that could be tried, and one with the name "" for the host's files. ``missing``: users whom the host
    does not know. ``probes``: identifiers of those that were found. ``served``: users whom the instance serves, if that was asked."""

    results: Tuple[Result, ...]
    missing: Tuple[str, ...] = ()
    probes: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    served: Tuple[str, ...] = ()


def dump_answer(answer: Answer) -> str:
    return json.dumps(answer)


def load_answer(text: Any) -> Answer:
    """ValueError for anything that ``dump_answer`` would not have written."""
    if not isinstance(text, str) or len(text) > _MAX_ANSWER:
        raise ValueError("not an answer")
    try:
        results, missing, probes, warnings, served = json.loads(text)
        return Answer(_tuple(results, load_result), _texts(missing), _texts(probes), _texts(warnings), _texts(served))
    except (TypeError, RecursionError) as exc:
        raise ValueError("not an answer") from exc


def load_result(data: Any) -> Result:
    name, path, changes, drifted, unchanged, notes, warnings, problem, residue, listed = data
    return Result(
        _text(name),
        _text(path),
        _tuple(changes, _change),
        _tuple(drifted, lambda item: Drift(*_pair(item))),
        _number(unchanged),
        _tuple(notes, _pair),
        _texts(warnings),
        None if problem is None else Problem(*_pair(problem)),
        residue is True,
        listed is True,
    )


def _change(data: Any) -> Change:
    path, producer, action, diff, old_tag = data
    if action not in ACTIONS:
        raise ValueError("not an action")
    return Change(_text(path), _text(producer), action, None if diff is None else _diff(diff), _text(old_tag))


def _diff(data: Any) -> Diff:
    before, after, before_header, after_header = data
    return Diff(_text(before, _MAX_DIFF, lines=True), _text(after, _MAX_DIFF, lines=True), _text(before_header), _text(after_header))


def _tuple(data: Any, convert: Callable[[Any], Any]) -> Tuple[Any, ...]:
    if not isinstance(data, list) or len(data) > _MAX_ITEMS:
        raise ValueError("not a list")
    return tuple([convert(item) for item in data])


def _texts(data: Any) -> Tuple[str, ...]:
    return _tuple(data, _text)


def _pair(data: Any) -> Tuple[str, str]:
    first, second = data
    return _text(first), _text(second)


def _text(value: Any, limit: int = _MAX_TEXT, lines: bool = False) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError("not a text")
    return printable(value, lines)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST_NUMBER:
        raise ValueError("not a number")
    return value

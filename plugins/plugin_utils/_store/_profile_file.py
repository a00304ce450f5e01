# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One profile as a file of the directory store: its label, and its text in both directions. No I/O.

The file's name is a label. The profile's name is inside; a file that a person wrote may leave it out, and then it is the label.
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Collection, NamedTuple

from .._model import strict_yaml
from .._model.errors import Invalid, MailopsError, Problems, named
from .._model.names import profile_name
from .._model.profile import slug
from .._model.profile_reader import given_fields, read_profile
from .._model.stored import Stored, record_fields
from . import _yaml_edit
from ._plain_file import printable

ENDING = ".yml"
# Any name that people give a file, but no hidden one, and none that leaves the directory.
LABEL = re.compile(r"[^./\0][^/\0]*\.yml\Z")
# A profile without an id, written by hand, has one that follows from its name until a module writes the file.
_NAMESPACE = uuid.UUID("0d9c1f5e-7a52-5d0b-9a0e-2f1f6c6a4b7d")
_MAX_PROBLEMS = 20
_IMPLICIT = ("name", "key", "id")  # a person may leave them out


class ProfileFile(NamedTuple):
    """What a file says. ``given``: its fields. The record's key is None where the file has none: it depends on the other profiles."""

    text: str
    given: dict[str, Any]
    record: Stored


def free_label(name: str, taken: Collection[str]) -> str:
    """A label for a new profile. ``taken`` holds what is in the directory, case folded, because some file systems ignore case."""
    start, number = slug(name), 1
    label = f"{start}{ENDING}"
    while label in taken:
        number += 1
        label = f"{start}-{number}{ENDING}"
    return label


def parse(label: str, content: bytes) -> ProfileFile:
    """What a file says, or MailopsError with all that is wrong; each problem begins with the label."""
    file = printable(label)
    with named(file, MailopsError):
        text, data = _loaded(content)
    problems = Problems()
    name = data["name"] if "name" in data else _stem(label, problems)
    profile_id, revision = record_fields(data, problems)
    try:
        profile = read_profile({**data, "name": name}, file)
    except MailopsError as exc:
        problems += [problem.removeprefix(f"{file}: ") for problem in exc.problems]
    if problems:
        lines = strict_yaml.lines(text)
        found = [f"{_line(lines, problem)}{problem}" for problem in problems[:_MAX_PROBLEMS]]
        more = [f"and {len(problems) - _MAX_PROBLEMS} more problems"] if len(problems) > _MAX_PROBLEMS else []
        raise MailopsError(*(f"{file}: {problem}" for problem in found + more))
    profile_id = profile_id or str(uuid.uuid5(_NAMESPACE, profile.name))
    return ProfileFile(text, data, Stored(profile_id, profile.name, revision or 1, profile.as_data()))


def _loaded(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8; save it as UTF-8 text") from None
    data = strict_yaml.load(text)
    if not isinstance(data, dict):
        raise Invalid("must be a mapping of profile fields, as mail_profile has them")
    return text, given_fields(data)


def _stem(label: str, problems: Problems) -> str:
    stem = label.removesuffix(ENDING)
    try:
        return profile_name(stem)
    except Invalid as exc:
        problems.append(f"name: is required here, because the name of the file is not a profile's: it {exc}")
        return "x"


def _line(lines: dict[str, int], problem: str) -> str:
    """The line of the field that a problem begins with, or of the mapping that lacks it."""
    path = problem.partition(":")[0]
    line = lines.get(path) or lines.get(path.partition(".")[0])
    return f"line {line}: " if line else ""


def new_text(record: Stored) -> bytes:
    return strict_yaml.dump(_document(record)).encode()


def edited_text(label: str, record: Stored, old: ProfileFile) -> bytes | None:
    """The text of ``old``, made to say the record; comments stay. None: the editor cannot edit such a spelling."""
    before = {key: value for key, value in _document(old.record).items() if key not in _IMPLICIT or key in old.given}
    after = _document(record)
    for sides in ((), ("incoming",), ("outgoing",), ("incoming", "outgoing")):
        # A port in the file may have followed from another field, and no longer does. Then the server's entries are compared
        # with all that the file says, not only with the document, so that the port is removed.
        said = {side: old.given[side] | before[side] for side in sides}
        edited = _yaml_edit.edit(old.text, before | said, after).encode()
        if _says(label, edited, record):
            return edited
    return None


def _says(label: str, content: bytes, record: Stored) -> bool:
    try:
        return parse(label, content).record == record
    except MailopsError:
        return False


def _document(record: Stored) -> dict[str, Any]:
    """What a file says: unset fields are left out. A variable without a default is not unset."""
    document: dict[str, Any] = {"name": record.name, "key": record.key, "id": record.id, "revision": record.revision}
    for field, value in record.data.items():
        if isinstance(value, dict) and field != "variables":
            value = {key: item for key, item in value.items() if item is not None}
        if field not in document and value is not None and value != {}:
            document[field] = value
    return document

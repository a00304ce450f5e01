# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One profile as a file: its name, and its text in both directions. No I/O."""

from __future__ import annotations

import re
import uuid
from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml, values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _yaml_edit

ENDING = ".yml"
# A profile without an id, written by hand, has one that follows from its name until somebody else writes the file.
_NAMESPACE = uuid.UUID("0d9c1f5e-7a52-5d0b-9a0e-2f1f6c6a4b7d")
_MOST_SHOWN = 20


def file_name(name: str) -> str:
    """``Work-2`` is ``,work-2.yml``: unlike ``=`` and ``~``, a comma means nothing to a shell, and case is not always kept."""
    return re.sub("[A-Z]", lambda capital: f",{capital[0].lower()}", name) + ENDING


def profile_name(file: str) -> str | None:
    """The profile that a file of this name holds; None: it is no profile."""
    name = re.sub(",([a-z])", lambda letter: letter[1].upper(), file.removesuffix(ENDING))
    try:
        return name if file_name(values.profile_name(name)) == file else None
    except Invalid:
        return None


def derived_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def parse(name: str, content: bytes) -> Stored:
    """The record in a file, or MailopsError with all that is wrong; each problem begins with the file's name."""
    file = file_name(name)
    try:
        text, data = _loaded(content)
    except Invalid as exc:
        raise MailopsError(f"{file}: {exc}") from exc
    problems: list[str] = []
    profile_id, revision = _record_fields(name, data, problems)
    try:
        profile = read_profile({**data, "name": name}, file)
    except MailopsError as exc:
        problems += [problem.removeprefix(f"{file}: ") for problem in exc.problems]
    if problems:
        lines = strict_yaml.lines(text)
        shown = [f"{_line(lines, problem)}{problem}" for problem in problems[:_MOST_SHOWN]]
        more = [f"and {len(problems) - _MOST_SHOWN} more problems"] if len(problems) > _MOST_SHOWN else []
        raise MailopsError(*(f"{file}: {problem}" for problem in shown + more))
    return Stored(profile_id, name, revision, profile.as_data())


def _loaded(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8; save it as UTF-8 text") from None
    data = strict_yaml.load(text)
    if not isinstance(data, dict):
        raise Invalid("must be a mapping of profile fields, as mail_profile has them")
    return text, data


def _record_fields(name: str, data: dict[str, Any], problems: list[str]) -> tuple[str, int]:
    """id and revision; what somebody who writes a profile by hand leaves out follows."""
    if "name" in data:
        problems.append("name: follows from the name of the file; remove this line")
    profile_id, revision = derived_id(name), 1
    if data.get("id") is not None:
        try:
            profile_id = values.identifier(data["id"])
            if profile_id != data["id"].lower():
                problems.append(f"id: write it as {profile_id}")
        except Invalid as exc:
            problems.append(f"id: {exc}")
    if data.get("revision") is not None:
        try:
            revision = values.revision(data["revision"])
        except Invalid as exc:
            problems.append(f"revision: {exc}")
    return profile_id, revision


def _line(lines: dict[str, int], problem: str) -> str:
    """Where the field is that a problem begins with, or the one that it is missing in."""
    path = problem.partition(":")[0]
    line = lines.get(path) or lines.get(path.partition(".")[0])
    return f"line {line}: " if line else ""


def new_text(record: Stored) -> bytes:
    return strict_yaml.dump(_document(record)).encode()


def edited_text(record: Stored, old: Stored, content: bytes) -> bytes | None:
    """``content``, which says ``old``, made to say the record; comments stay. None: nobody can edit what is written like this."""
    text, data = _loaded(content)
    before = {key: value for key, value in _document(old).items() if key != "id" or data.get("id") is not None}
    for sides in ((), ("incoming",), ("outgoing",), ("incoming", "outgoing")):
        # A port that followed from another field no longer does: what the file says of this side beyond the document goes.
        said = {side: {key: item for key, item in data[side].items() if item is not None} | before[side] for side in sides}
        edited = _yaml_edit.edit(text, before | said, _document(record)).encode()
        if _says(edited, record):
            return edited
    return None


def _says(content: bytes, record: Stored) -> bool:
    try:
        return parse(record.name, content) == record
    except MailopsError:
        return False


def _document(record: Stored) -> dict[str, Any]:
    """What a file says: unset fields are left out; a variable without a default is not unset."""
    document: dict[str, Any] = {"id": record.id, "revision": record.revision}
    for field, value in record.data.items():
        if isinstance(value, dict) and field != "variables":
            value = {key: item for key, item in value.items() if item is not None}
        if field != "name" and value is not None and value != {}:
            document[field] = value
    return document

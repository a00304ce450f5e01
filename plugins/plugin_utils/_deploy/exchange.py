# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of the wire: encodes jobs, and reads answers.

An answer is hostile input: ``load_answer`` takes nothing that ``dump_answer`` would not have written.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Callable

from ...module_utils._text import printable
from ...module_utils._wire import (
    ACTIONS,
    FILE_STATES,
    AccountLabel,
    Answer,
    Change,
    Diff,
    Drift,
    File,
    Found,
    FoundFile,
    Job,
    Problem,
    Remaining,
    Result,
)

_MAX_TEXT = 2000
_MAX_DIFF = 1 << 21
_MAX_ITEMS = 100_000
_MAX_ANSWER = 64 << 20
_LARGEST_NUMBER = 2**31
_LATEST = 253402300800  # seconds: the year 10000, which no date can hold


def dump_job(job: Job) -> str:
    """Base64 of compressed JSON: the texts of variants and remarks, each once for all users, and the job, which has their numbers."""
    texts: dict[str, int] = {}
    host = job.host and job.host._replace(files=tuple(_file_data(file, texts) for file in job.host.files))
    places = tuple(place._replace(files=tuple(_file_data(file, texts) for file in place.files)) for place in job.places)
    return base64.b64encode(zlib.compress(json.dumps([list(texts), job._replace(places=places, host=host)]).encode(), 1)).decode()


def _file_data(file: File, texts: dict[str, int]) -> Any:
    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    variants = []
    for variant in file.variants:
        content = _content_data(variant.content)
        if isinstance(content, str):
            content = number(content)
        variants.append((number(variant.pattern), content, number(variant.redacted), variant.note, number(variant.ours)))
    remarks = [(number(remark.pattern), remark.note, number(remark.ours)) for remark in file.remarks]
    return file._replace(content=_content_data(file.content), variants=variants, remarks=remarks)


def _content_data(content: bytes | None) -> Any:
    """Text where it is UTF-8, else a list with its base64; None stays what it is."""
    if content is None:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return [base64.b64encode(content).decode()]


def load_answer(text: Any) -> Answer:
    """ValueError for anything that ``dump_answer`` would not have written."""
    if not isinstance(text, str) or len(text) > _MAX_ANSWER:
        raise ValueError("not an answer")
    try:
        results, missing, probes, warnings, remaining, forgotten = json.loads(text)
        places = (_tuple(remaining, _remaining), _tuple(forgotten, _remaining))
        return Answer(_tuple(results, _result), _texts(missing), _texts(probes), _texts(warnings), *places)
    except (TypeError, RecursionError) as exc:
        raise ValueError("not an answer") from exc


def _result(data: Any) -> Result:
    name, path, changes, drifted, unchanged, notes, warnings, problem, residue, listed, recorded, inode, written, found = data
    return Result(
        _text(name),
        _text(path),
        _tuple(changes, _change),
        _tuple(drifted, lambda item: Drift(*_three(item))),
        _number(unchanged),
        _tuple(notes, _pair),
        _texts(warnings),
        None if problem is None else Problem(*_pair(problem)),
        residue is True,
        listed is True,
        recorded is True,
        _number(inode, 2**64),
        _tuple(written, _pair),
        None if found is None else _found(found),
    )


def _found(data: Any) -> Found:
    accounts, files, confirmed = data
    return Found(_tuple(accounts, _label), _tuple(files, _found_file), _number(confirmed, _LATEST))


def _label(data: Any) -> AccountLabel:
    profile, key, clients = data
    return AccountLabel(_text(profile), _text(key), _texts(clients))


def _found_file(data: Any) -> FoundFile:
    path, producer, state, real_path, reason = data
    if state not in FILE_STATES:
        raise ValueError("not a state")
    return FoundFile(_text(path), _text(producer), state, _text(real_path), _text(reason))


def _remaining(data: Any) -> Remaining:
    user, path, inventory_host, is_earlier = data
    return Remaining(_text(user), _text(path), _text(inventory_host), is_earlier is True)


def _change(data: Any) -> Change:
    path, producer, action, diff, old_tag, real_path = data
    if action not in ACTIONS:
        raise ValueError("not an action")
    return Change(_text(path), _text(producer), action, None if diff is None else _diff(diff), _text(old_tag), _text(real_path))


def _diff(data: Any) -> Diff:
    before, after, before_header, after_header = data
    return Diff(_text(before, _MAX_DIFF, lines=True), _text(after, _MAX_DIFF, lines=True), _text(before_header), _text(after_header))


def _tuple(data: Any, convert: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(data, list) or len(data) > _MAX_ITEMS:
        raise ValueError("not a list")
    return tuple([convert(item) for item in data])


def _texts(data: Any) -> tuple[str, ...]:
    return _tuple(data, _text)


def _pair(data: Any) -> tuple[str, str]:
    first, second = data
    return _text(first), _text(second)


def _three(data: Any) -> tuple[str, str, str]:
    first, second, third = data
    return _text(first), _text(second), _text(third)


def _text(value: Any, limit: int = _MAX_TEXT, lines: bool = False) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError("not a text")
    return printable(value, lines)


def _number(value: Any, limit: int = _LARGEST_NUMBER) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < limit:
        raise ValueError("not a number")
    return value

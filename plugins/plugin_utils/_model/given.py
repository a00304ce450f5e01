# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people give: options and fields in the spellings of YAML, the command line, CSV files and AWX surveys. Pure.

A survey sends ``""`` for a question that was left blank, and a template gives white space where it found nothing: both mean "not given",
everywhere but in the values of variables. Each reader returns the plain form, or raises :class:`Invalid`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, Mapping

from ansible.module_utils.common.validation import check_type_dict

from . import strict_yaml, values
from .errors import Invalid, named, nearest


def is_blank(value: Any) -> bool:
    """Whether a value means "not given"."""
    return value is None or (isinstance(value, str) and not value.strip())


def given(data: Mapping[Any, Any]) -> dict[Any, Any]:
    """``data`` without what is blank."""
    return {key: value for key, value in data.items() if not is_blank(value)}


def text_list(value: Any, numbers: bool = False) -> list[str]:
    """Texts: a list, JSON that begins with ``[``, YAML that begins with ``- ``, lines, or commas. ``numbers``: whole ones count as texts."""
    items = _structured(value) if isinstance(value, str) else value
    if numbers and isinstance(items, (list, tuple)):
        items = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in items]
    if isinstance(items, str):
        items = items.splitlines() if "\n" in items.strip() else items.split(",")
        items = [item.strip() for item in items]
    if not isinstance(items, (list, tuple)):
        raise Invalid("must be a list of texts")
    for number, item in enumerate(items, start=1):
        with named(f"entry {number}"):
            values.text(item)
    return [item for item in items if item.strip()]


def mapping_list(value: Any) -> list[Any]:
    """Mappings: a list, or one as JSON or YAML text. What is in the list is left to the caller."""
    items = _structured(value) if isinstance(value, str) else value
    if isinstance(items, str):
        raise Invalid(
            "must be a list of dictionaries; text must be JSON that begins with '[' or YAML that begins with '- ' "
            "(what is in a file: \"{{ lookup('ansible.builtin.file', 'FILE') | from_yaml }}\")"
        )
    if not isinstance(items, (list, tuple)):
        raise Invalid("must be a list of dictionaries")
    return list(items)


def mapping(value: Any) -> dict[Any, Any]:
    """A mapping, or one as JSON or ``key=value`` text, as every Ansible module takes it."""
    try:
        return dict(check_type_dict(value))
    except (TypeError, ValueError):  # its text quotes the value
        raise Invalid("must be a dictionary, or one as JSON or key=value text") from None


def choice(value: Any, choices: Iterable[str]) -> str:
    choices = tuple(choices)
    if not isinstance(value, str) or value.strip() not in choices:
        hint = nearest(value, choices) if isinstance(value, str) else ""
        raise Invalid(f"must be one of {', '.join(choices)}{hint}")
    return value.strip()


def spelled(value: Any, choices: Iterable[str], others: Mapping[str, str]) -> str:
    """The same in other people's words: ``others`` maps a spelling, in lower-case letters and digits only, to a choice."""
    if isinstance(value, str):
        value = others.get(re.sub("[^a-z0-9]", "", value.lower()), value)
    return choice(value, choices)


def _structured(text: str) -> Any:
    """The list in JSON or YAML text; any other text as it is."""
    start = text.lstrip()
    if start.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Invalid("begins with '[', and is not valid JSON") from None
    return strict_yaml.load(text) if start.startswith(("- ", "-\n", "---\n")) else text

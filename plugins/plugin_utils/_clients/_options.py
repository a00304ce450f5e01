# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a client, as a task gives them in ``client_options``."""

from __future__ import annotations

from typing import Any, Mapping

from .._model import values
from .._model.errors import Problems, comma_list, nearest
from .._model.given import choice, is_blank, mapping, text_list
from ._client import Client, Option

_MAX_NUMBER = 2**31 - 1
_READERS = {
    "bool": values.boolean,
    "str": values.text,
    "int": lambda value: values.whole_number(value, 0, _MAX_NUMBER),
    "list": text_list,
    "dict": mapping,
}


def read_options(client: Client, given: Mapping[Any, Any]) -> dict[str, Any]:
    """Every option of the client with its value, or its default if it is not given; MailopsError lists all problems."""
    declared = {option.name: option for option in client.options}
    found = {name: option.default for name, option in declared.items()}
    problems = Problems()
    for name, value in given.items():
        where = f"client_options.{client.name}.{str(name)[:60]}"
        if name not in declared:
            known = comma_list(declared) or "none"
            problems.append(f"{where}: there is no such option{nearest(name, declared)}; the options are {known}")
        elif not is_blank(value):
            with problems.at(where):
                found[name] = _read(declared[name], value)
    problems.raise_all()
    return found


def _read(option: Option, value: Any) -> Any:
    return choice(value, option.choices) if option.choices else _READERS[option.type](value)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a client, as a task gives them in ``client_options``."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from .._model import values, variables
from .._model.errors import Invalid, Problems, comma_list, nearest
from .._model.given import choice, is_blank, mapping, text_list
from ._client import Client, Option, OptionFile, Secret

_MAX_NUMBER = 2**31 - 1
_READERS = {
    "bool": values.boolean,
    "str": values.text,
    "int": lambda value: values.whole_number(value, 0, _MAX_NUMBER),
    "list": text_list,
    "dict": mapping,
}

# Reads the file of an option of type ``path``; Invalid when it cannot, None where no file is needed.
ReadFile = Callable[[str, Option], OptionFile | None]


def read_options(client: Client, given: Mapping[Any, Any], read_file: ReadFile = lambda path, option: None) -> dict[str, Any]:
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
                found[name] = _read(declared[name], value, read_file)
    problems.raise_all()
    return found


def _read(option: Option, value: Any, read_file: ReadFile) -> Any:
    if option.choices:
        return choice(value, option.choices)
    if option.type == "path":
        return read_file(values.absolute_path(value), option)
    found = _READERS[option.type](value)
    if option.variables:
        _refuse_unknown_variables(found)
    return Secret(found) if option.secret else found


def _refuse_unknown_variables(text: str) -> None:
    """A user's own variable may be a password."""
    usable = [name for name in variables.BUILT_IN if name != variables.PASSWORD]
    for name in variables.names(text):
        if name not in usable:
            raise Invalid(f"{{{name}}} cannot be used here{nearest(name, usable)}; the variables are {comma_list(usable)}")

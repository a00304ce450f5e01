# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML for people: read strictly (no duplicate keys, no anchors, no tags), and written plainly.

The parser's own messages are dropped: they quote the text, which may be a password. Ours name a line and a column.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping

import yaml

from . import values
from .errors import Invalid

# Only its parser and composer are used, which resolve no tags. Without libyaml thousands of files take a minute.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_DEPTH = 8
_TOO_DEEP = f"is nested too deeply; at most {MAX_DEPTH} levels are allowed"
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_MAX_DIGITS = 100  # 1:1:1:... is a number with the base 60, and takes the square of its length
_STRING = "tag:yaml.org,2002:str"
_LIST = "tag:yaml.org,2002:seq"
# The control characters that no profile may hold must not hide a line behind a comment either.
_HIDDEN = re.compile(rf"{values.FORBIDDEN.pattern}(?<![\n\t])(?<!\r(?=\n))")


def load(text: str) -> Any:
    """The one document in ``text``, made of dict, list and scalars; Invalid names line and column.

    Events rather than PyYAML's constructor: it lets duplicate keys pass, expands aliases, and raises whatever a tag makes of its text.
    """
    hidden = _HIDDEN.search(text)
    if hidden:
        before = text[: hidden.start()]
        place = _place(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise Invalid(f"{place}: holds the control character U+{ord(hidden[0]):04X}; remove it")
    try:
        return _Events(yaml.parse(text, Loader=LOADER)).document()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f"{_place(mark.line, mark.column)}: " if mark else ""
        if mark and _open_brackets(text[: mark.index]) > MAX_DEPTH:  # libyaml since 0.2.6 has a limit of its own, of 1000
            raise Invalid(f"{place}{_TOO_DEEP}") from None
        raise Invalid(f"{place}is not valid YAML; look at the quotes, colons and indentation there and just above") from None


def _open_brackets(text: str) -> int:
    return text.count("[") + text.count("{") - text.count("]") - text.count("}")


def _place(line: int, column: int) -> str:
    return f"line {line + 1}, column {column + 1}"


class _Events:
    """Builds the document from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def document(self) -> Any:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)
        behind = next(self._events)
        if not isinstance(behind, yaml.StreamEndEvent):
            raise _problem(behind, "a second document begins; remove it")
        return value

    def _value(self, event: yaml.Event, depth: int) -> Any:
        if event.anchor is not None:  # an alias has one as well: a few lines of them expand to gigabytes
            raise _problem(event, "anchors and aliases are not allowed; write the value out")
        if event.tag is not None:
            raise _problem(event, "tags are not allowed; remove it")
        if isinstance(event, yaml.ScalarEvent):
            try:
                return _scalar(event.value, event.implicit)
            except (ValueError, OverflowError):  # a date in a thirteenth month, a number of a thousand digits
                raise _problem(event, "is not a value that YAML knows; put it in quotes") from None
        if depth == MAX_DEPTH:
            raise _problem(event, _TOO_DEEP)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth + 1)
        return self._sequence(depth + 1)

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth)
            if not isinstance(key, str):
                raise _problem(event, "a key must be text; put it in quotes")
            if key in found:
                raise _problem(event, "this key is given twice; remove one")
            found[key] = self._value(next(self._events), depth)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth))
        return found


def _problem(event: yaml.Event, problem: str) -> Invalid:
    return Invalid(f"{_place(event.start_mark.line, event.start_mark.column)}: {problem}")


def _scalar(value: str, implicit: tuple[bool, bool]) -> Any:
    tag = _RESOLVER.resolve(yaml.ScalarNode, value, implicit)
    construct = yaml.constructor.SafeConstructor.yaml_constructors.get(tag)
    if tag == _STRING or construct is None:
        return value
    if len(value) > _MAX_DIGITS:
        raise ValueError
    return construct(_CONSTRUCTOR, yaml.ScalarNode(tag, value))


def lines(text: str) -> dict[str, int]:
    """The line of each key, such as ``incoming.port``, in a text that ``load`` has taken."""
    return dict(_lines(yaml.compose(text, Loader=LOADER), ""))


def _lines(node: yaml.Node, prefix: str) -> Iterator[tuple[str, int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield f"{prefix}{key.value}", key.start_mark.line + 1
        yield from _lines(value, f"{prefix}{key.value}.")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Block style; texts of several lines as ``|`` blocks, lists in one line, as the documentation writes them."""


def _style(text: str) -> str | None:
    # libyaml puts "..." behind a block that ends in an empty line.
    return None if "\n" not in text else '"' if text == "\n" or text.endswith("\n\n") else "|"


_Dumper.add_representer(str, lambda dumper, value: dumper.represent_scalar(_STRING, value, style=_style(value)))
_Dumper.add_representer(list, lambda dumper, value: dumper.represent_sequence(_LIST, value, flow_style=True))


def dump(data: Mapping[str, Any]) -> str:
    # What is folded is hard to compare, so the lines are as long as the texts.
    return yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1_000_000)

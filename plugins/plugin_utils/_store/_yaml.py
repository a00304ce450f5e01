# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML that people write and review: strict reading, plain writing, and edits that leave everything else as it stands.

Nothing that the parser says is passed on: it quotes the text, and a text may be a password. Places are a line and a column.
"""

from __future__ import annotations

import functools
import re
import textwrap
from typing import Any, Iterator, Mapping

import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml thousands of files take a minute
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_MOST_NESTED = 8
_MOST_DIGITS = 100  # 1:1:1:... is a number with the base 60, and takes the square of its length
_STRING = "tag:yaml.org,2002:str"
# What no text of a profile may hold shall not hide a line behind a comment either.
_HIDDEN = re.compile(rf"{values.FORBIDDEN.pattern}(?<![\n\t])(?<!\r(?=\n))")


# --- reading ---


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
        return _Events(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f"{_place(mark.line, mark.column)}: " if mark else ""
        raise Invalid(f"{place}is not valid YAML; look at the quotes, colons and indentation there and just above") from None


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
            raise _refused(behind, "a second document begins; a file holds one profile")
        return value

    def _value(self, event: yaml.Event, depth: int) -> Any:
        if event.anchor is not None:  # an alias has one as well: a few lines of them expand to gigabytes
            raise _refused(event, "anchors and aliases are not allowed; write the value out")
        if event.tag is not None:
            raise _refused(event, "tags are not allowed; remove it")
        if isinstance(event, yaml.ScalarEvent):
            try:
                return _scalar(event.value, event.implicit)
            except (ValueError, OverflowError):  # a date in a thirteenth month, a number of a thousand digits
                raise _refused(event, "is not a value that YAML knows; put it in quotes") from None
        if depth == _MOST_NESTED:
            raise _refused(event, "is nested too deeply; no field of a profile is")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth + 1)
        return self._sequence(depth + 1)

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth)
            if not isinstance(key, str):
                raise _refused(event, "a key must be text; put it in quotes")
            if key in found:
                raise _refused(event, "this key stands here for the second time; remove one")
            found[key] = self._value(next(self._events), depth)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth))
        return found


def _refused(event: yaml.Event, problem: str) -> Invalid:
    return Invalid(f"{_place(event.start_mark.line, event.start_mark.column)}: {problem}")


@functools.lru_cache(maxsize=8192)  # thousands of profiles say the same in most of their fields
def _scalar(value: str, implicit: tuple[bool, bool]) -> Any:
    tag = _RESOLVER.resolve(yaml.ScalarNode, value, implicit)
    construct = yaml.constructor.SafeConstructor.yaml_constructors.get(tag)
    if tag == _STRING or construct is None:
        return value
    if len(value) > _MOST_DIGITS:
        raise ValueError
    return construct(_CONSTRUCTOR, yaml.ScalarNode(tag, value))


def lines(text: str) -> dict[str, int]:
    """The line of each key, such as ``incoming.port``, in a text that ``load`` has taken."""
    return dict(_lines(yaml.compose(text, Loader=_LOADER), ""))


def _lines(node: yaml.Node, prefix: str) -> Iterator[tuple[str, int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield f"{prefix}{key.value}", key.start_mark.line + 1
        yield from _lines(value, f"{prefix}{key.value}.")


# --- writing ---


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Block style; texts of several lines as ``|`` blocks, lists in one line, as the documentation writes them."""


def _style(text: str) -> str | None:
    # libyaml puts "..." behind a block that ends in an empty line.
    return None if "\n" not in text else '"' if text == "\n" or text.endswith("\n\n") else "|"


_Dumper.add_representer(str, lambda dumper, value: dumper.represent_scalar(_STRING, value, style=_style(value)))
_Dumper.add_representer(list, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True))


def dump(data: Mapping[str, Any]) -> str:
    # What is folded is hard to compare, so the lines are as long as the texts.
    return yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1_000_000)


def edit(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``text``, which said ``before``, with the entries that differ in ``after``: comments, order and style of all others stay.

    A new entry follows the one that precedes it in ``after``. The caller reads the result again: there are spellings that this does
    not foresee, and a text that is one {} as a whole comes back as it is.
    """
    editor = _Editor(text)
    root = yaml.compose(text, Loader=_LOADER)
    if not root.flow_style:
        editor.mapping(root, before, after)
    return editor.result()


class _Editor:
    """Collects replacements of parts of a text. Only entries in block style are taken apart."""

    def __init__(self, text: str) -> None:
        self._text = text if text.endswith("\n") else f"{text}\n"
        self._length = len(text)  # a newline too many would belong to the value of a block
        self._edits: list[tuple[int, int, str]] = []

    def result(self) -> str:
        parts, done = [], 0
        for start, end, replacement in sorted(self._edits, key=lambda edit: edit[:2]):
            parts += [self._text[done:start], replacement]
            done = end
        return "".join([*parts, self._text[done : self._length]])

    def mapping(self, node: yaml.MappingNode, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        present = {key.value: (key, value) for key, value in node.value}
        for name, (key, value) in present.items():
            if name not in after:
                if name in before:  # otherwise it says null, and may do so
                    self._replace_entry(key, value, "")
            elif name not in before or before[name] != after[name]:
                self._change(key, value, before.get(name), after[name])
        first = node.value[0][0]
        place = self._above(first)
        for name, item in after.items():
            if name in present:
                place = self._end(present[name][1])
            elif name not in before or before[name] != item:
                self._edits.append((place, place, _entry(name, item, first.start_mark.column)))

    def _change(self, key: yaml.Node, value: yaml.Node, before: Any, after: Any) -> None:
        if isinstance(after, dict) and isinstance(before, dict) and isinstance(value, yaml.MappingNode) and not value.flow_style:
            self.mapping(value, before, after)
            return
        entry = _entry(key.value, after, key.start_mark.column)
        in_one_line = value.start_mark.line == value.end_mark.line and (value.start_mark.line == key.start_mark.line)
        if in_one_line and entry.count("\n") == 1:  # a comment behind the value stays
            start, end = value.start_mark.index, value.end_mark.index
            self._edits.append((start, end, (" " if start == end else "") + entry.partition(": ")[2].rstrip("\n")))
        else:
            self._replace_entry(key, value, entry)

    def _replace_entry(self, key: yaml.Node, value: yaml.Node, entry: str) -> None:
        self._edits.append((self._line(key.start_mark.index), self._end(value), entry))

    def _line(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _above(self, key: yaml.Node) -> int:
        """Where the comment right above a key begins, or its line."""
        start = self._line(key.start_mark.index)
        while start and self._text[self._line(start - 1) : start].lstrip().startswith("#"):
            start = self._line(start - 1)
        return start

    def _end(self, node: yaml.Node) -> int:
        """Where the line behind an entry begins. A collection's own mark lies behind the comments that follow it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = node.value[-1]
            return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)
        end = node.end_mark.index
        if getattr(node, "style", None) in ("|", ">"):  # its mark lies behind the blank lines that follow it
            return len(self._text[:end].rstrip("\n")) + 1
        return self._text.index("\n", end) + 1


def _entry(name: str, item: Any, column: int) -> str:
    return textwrap.indent(dump({name: item}), " " * column)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML that people review: written plainly, and edited so that everything else stays as it is. ``_model.strict_yaml`` reads it."""

from __future__ import annotations

import textwrap
from typing import Any, Mapping

import yaml

from .._model.strict_yaml import LOADER, dump


def edit(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``text``, which said ``before``, with the entries that differ in ``after``: comments, order and style of all others stay.

    A new entry follows the one that precedes it in ``after``. The caller reads the result again: there are spellings that this does
    not foresee, and a text that is one {} as a whole comes back as it is.
    """
    editor = _Editor(text)
    root = yaml.compose(text, Loader=LOADER)
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

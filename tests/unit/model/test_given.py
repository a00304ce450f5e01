# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The spellings that options and fields come in."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import given
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid


@pytest.mark.parametrize("value", ["", " ", "\n", "\t \n", None])
def test_what_is_blank_is_not_given(value: Any) -> None:
    assert given.is_blank(value)
    assert given.given({"a": value, "b": "x", "c": False, "d": 0, "e": []}) == {"b": "x", "c": False, "d": 0, "e": []}


@pytest.mark.parametrize(
    "value", [["a b", "c"], ("a b", "c"), "a b, c", "a b,c,", "a b\nc\n", " a b \n\n c", '["a b", "c"]', ' [ "a b", "c" ]', "- a b\n- c\n", "- 'a b'\n- c"]
)
def test_a_list_in_every_spelling(value: Any) -> None:
    assert given.text_list(value) == ["a b", "c"]


def test_a_list_as_a_yaml_document() -> None:
    assert given.text_list("---\n- a b\n- c\n") == ["a b", "c"]


@pytest.mark.parametrize("value", [1, True, {"a": None}, [1], [["a"]], "[a", "[1]", "- &x a\n- *x", "- a: b"])
def test_what_is_no_list_of_texts(value: Any) -> None:
    with pytest.raises(Invalid):
        given.text_list(value)


def test_what_is_no_text_in_a_list() -> None:
    with pytest.raises(Invalid, match="^entry 2: must be text, not a number: put it in quotes"):
        given.text_list(["work", 2024])


@pytest.mark.parametrize("value", ["users.yml", "name,email\njan,jan@example.org", "name: jan", '{"name": "jan"}'])
def test_text_that_is_no_list_of_mappings(value: str) -> None:
    with pytest.raises(Invalid, match="^must be a list of dictionaries; text must be JSON .*from_yaml"):
        given.mapping_list(value)


@pytest.mark.parametrize("value", [[{"name": "a"}], '[{"name": "a"}]', "- name: a", "- {name: a}\n"])
def test_mappings_in_every_spelling(value: Any) -> None:
    assert given.mapping_list(value) == [{"name": "a"}]


@pytest.mark.parametrize("value", [{"host": "a", "port": "1"}, '{"host": "a", "port": "1"}', "host=a port=1", "host=a, port=1"])
def test_a_mapping_in_every_spelling(value: Any) -> None:
    assert given.mapping(value) == {"host": "a", "port": "1"}


@pytest.mark.parametrize("value", ["secret", 1, ["a"], "{secret", "name: a"])
def test_a_message_quotes_nothing(value: Any) -> None:
    for read in (given.mapping, given.mapping_list):
        try:
            read(value)
        except Invalid as exc:
            assert "secret" not in str(exc)

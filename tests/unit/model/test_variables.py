# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.variables import BUILT_IN, Variable, parse

EMAIL, FOO = Variable("UserEmail"), Variable("Foo")

PARSED = [
    ("", ()),
    ("plain", ("plain",)),
    ("{UserEmail}", (EMAIL,)),
    ("<UserEmail>", (EMAIL,)),
    ("<b>{Foo}</b>", ("<b>", FOO, "</b>")),
    ("<Foo>", ("<Foo>",)),
    ("{Foo}{UserEmail}", (FOO, EMAIL)),
    ("p {color: red} {foo} {} {A b}", ("p {color: red} {foo} {} {A b}",)),
    (r"\{UserEmail}", ("{UserEmail}",)),
    (r"\<UserEmail>", ("<UserEmail>",)),
    (r"\{color}", ("{color}",)),
    (r"CORP\\{UserEmail}", ("CORP\\", EMAIL)),
    (r"a\b \<b>", (r"a\b \<b>",)),
    ("{{UserEmail}}", ("{", EMAIL, "}")),
]


@pytest.mark.parametrize("text, parts", PARSED)
def test_parse(text, parts):
    assert parse(text).parts == parts


PIECES = ["\\", "{", "}", "<", ">", "UserEmail", "{UserEmail}", "<UserEmail>", "x", "{Foo}", "<Foo>", " ", "\n"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@given(TEXTS)
def test_canonical_spelling_means_the_same(text):
    assert parse(str(parse(text))) == parse(text)


@given(TEXTS)
def test_canonical_spelling_is_stable(text):
    assert str(parse(str(parse(text)))) == str(parse(text))


@given(st.lists(st.sampled_from([*BUILT_IN, "Foo"]), min_size=1), TEXTS)
def test_values_are_inserted_once(names, value):
    template = parse("|".join(f"{{{name}}}" for name in names))
    assert template.fill(dict.fromkeys(names, value)) == "|".join([value] * len(names))


def test_a_value_that_looks_like_a_variable_stays_literal():
    assert parse("{Foo} {UserEmail}").fill({"Foo": "{UserEmail}", "UserEmail": "{Foo}"}) == "{UserEmail} {Foo}"


@pytest.mark.parametrize("text, name", [("{Foo}", "Foo"), (" {Foo}", None), ("{Foo}{Foo}", None), ("x", None), ("", None)])
def test_only_variable(text, name):
    assert parse(text).only_variable == name

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each language of the setup page has every text, with the same values in it; every color of an administrator's stays readable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._setup_page import texts as module
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._setup_page.colors import (
    COLOR,
    DARK,
    LIGHT,
    contrast,
    scheme,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._setup_page.texts import languages, texts
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import AUTHENTICATIONS, FOLDERS, SECURITIES

from ...checkout import ROOT
from .drawn import examples

TEMPLATE = (ROOT / "plugins/plugin_utils/_clients/_setup_page/page.html.j2").read_text()
# The same word in both languages.
NAMES = {"ltr", "Mac", "Android", "Thunderbird", "Gmail", "Samsung Email", "Outlook", "Port", "SSL/TLS", "STARTTLS", "NTLM", "Kerberos (GSSAPI)"}


def flat(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from flat(each, f"{where}.{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from flat(each, f"{where}[{number}]")
    else:
        yield where, str(value)


def variables(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


def test_there_are_english_and_polish() -> None:
    assert {"en", "pl"} <= set(languages())


@pytest.mark.parametrize("language", languages())
def test_a_language_is_complete(language: str) -> None:
    english, other = dict(flat(texts("en"))), dict(flat(texts(language)))
    assert list(other) == list(english), "the same texts in the same order"
    for where, text in other.items():
        assert text.strip() and variables(text) == variables(english[where]), where
        assert text.count("<b>") == text.count("</b>") and "*" not in text, where
        assert ("<b>" in text) is ("<b>" in english[where]), where
    assert other[".direction"] in ("ltr", "rtl")
    if language != "en":
        assert {text for where, text in other.items() if text == english[where]} <= NAMES


@pytest.mark.parametrize("language", languages())
def test_a_language_has_a_word_for_every_value_of_a_profile(language: str) -> None:
    found = texts(language)
    assert (set(found["security"]), set(found["authentication"]), set(found["folders"])) == (set(SECURITIES), set(AUTHENTICATIONS), set(FOLDERS))


def test_every_text_is_used() -> None:
    """A translator's work is on the page."""
    used = TEMPLATE + "".join((ROOT / "plugins/plugin_utils/_clients" / name).read_text() for name in ("setup_page.py", "_setup_page/tables.py"))
    for where, _text in flat(texts("en")):
        first, *rest = re.findall(r"\w+", where.partition("[")[0])
        assert re.search(rf"""t\.{first}\b|t\[name\]|\[["']{first}["']\]""", used), where
        # A value of a profile, or of a list of names, is looked up by it.
        dynamic = first in ("security", "authentication", "folders", "download")
        assert dynamic or all(re.search(rf"""\.{name}\b|\[["']{name}["']\]""", used) for name in rest), where


def test_texts_are_html(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xx.yml").write_text("a: 1 < 2 & **{name}** says \"x\"\nb: ['**one** and **two**']\n")
    monkeypatch.setattr(module, "_PLACE", tmp_path)
    found = module.texts.__wrapped__("xx")
    assert found["a"].format(name="<i>") == "1 &lt; 2 &amp; <b>&lt;i&gt;</b> says &#34;x&#34;"
    assert found["b"] == ["<b>one</b> and <b>two</b>"]


@examples(60)
@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_any_color_is_readable(color: str) -> None:
    assert COLOR.match(color)
    found = scheme(color)
    assert contrast(found.brand, found.on_brand) >= 4.5
    assert contrast(found.accent, LIGHT) >= 4.5 and contrast(found.accent_dark, DARK) >= 4.5


def test_contrasts_are_those_of_wcag() -> None:
    """The example of the standard, and a well-known border case."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


def test_the_backgrounds_are_those_of_the_style() -> None:
    style = (ROOT / "plugins/plugin_utils/_clients/_setup_page/page.css").read_text()
    assert re.findall("--card: (#[0-9a-f]{6});", style) == [LIGHT, DARK]

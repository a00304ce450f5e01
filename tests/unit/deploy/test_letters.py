# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of addresses and letters: complete, in every format, and harmless whatever a user is called."""

from __future__ import annotations

import base64
import csv
import html.parser
import io
import json
import re
from typing import Any

import pytest

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.profiles.plugins.filter.setup_links import FilterModule
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.letters import languages
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml

from ...checkout import ROOT
from ...unit.clients.qr_readers import by_zbar, by_zxing

setup_links = FilterModule().filters()["setup_links"]
SECRET = "the secret of links in these tests"
HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", '"><script>alert(1)</script>', 'Jan "Janek" Kowalski, dr', "Żółć"]
USERS = [{"name": f"u{number}", "email": f"u{number}@example.org", "display_name": name} for number, name in enumerate(HOSTILE)]
LEAVER = {"name": "zoe", "state": "absent"}


def text(users: Any = (*USERS, LEAVER), base_url: str = "https://setup.example.org/", **options: Any) -> str:
    return setup_links(list(users) if isinstance(users, tuple) else users, base_url, **{"link_secret": SECRET, **options})


class _Letters(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_each_present_user_has_one_address_in_every_format() -> None:
    links = json.loads(text())
    assert [(link["name"], link["display_name"]) for link in links] == [(user["name"], user["display_name"]) for user in USERS]
    urls = [link["url"] for link in links]
    assert len(set(urls)) == len(USERS) and all(len(url) == len("https://setup.example.org/") + 27 and url.endswith("/") for url in urls)
    assert [row["url"] for row in csv.DictReader(io.StringIO(text(format="csv"), newline=""))] == urls
    assert [url for url in urls if text(format="html").count(url) != 1] == []
    assert text(base_url="https://setup.example.org") == text() == text(json.dumps([*USERS, LEAVER]))
    assert not set(urls) & {link["url"] for link in json.loads(text(instance="other"))}


def test_a_program_for_tables_finds_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(text(format="csv"), newline="")))
    assert [row["display_name"] for row in rows] == [f"'{name}" if name[0] in "=+-@" else name for name in HOSTILE]


def test_the_code_of_a_letter_is_the_address() -> None:
    images = [base64.b64decode(image) for image in re.findall(r'src="data:image/png;base64,([^"]+)"', text(format="html"))]
    urls = [link["url"].encode() for link in json.loads(text())]
    assert [by_zxing(image) for image in images] == urls and by_zbar(images[0]) == urls[0]


@pytest.mark.parametrize("language", [*languages(), "xx"])
def test_a_name_is_no_markup(language: str) -> None:
    found = _Letters()
    found.feed(text(format="html", language=language))
    assert "script" not in found.tags and found.tags.count("section") == found.tags.count("img") == len(USERS)
    assert set(HOSTILE) <= set(found.texts)


def test_every_language_has_every_text() -> None:
    folder = ROOT / "plugins/plugin_utils/_deploy/_letters"
    known = {name: strict_yaml.load((folder / f"{name}.yml").read_text(encoding="utf-8")) for name in languages()}
    assert {"en", "pl"} <= set(known) and all(texts.keys() == known["en"].keys() and all(texts.values()) for texts in known.values())


@pytest.mark.parametrize(("options", "message"), [
    ({"link_secret": None}, "link_secret: is required: give link_secret, link_secret_file or MAILOPS_LINK_SECRET"),
    ({"link_secret": "short-hush"}, "link_secret: must have at least 32 characters"),
    ({"users": [{"name": "bob"}]}, "user 'bob': {LinkToken} has no value: give the user email"),
    ({"users": [{"name": "bob", "email": "x"}]}, "user 'bob': email: "),
    ({"base_url": "setup.example.org"}, "base_url: must be the address of the site"),
    ({"base_url": "https://x/?<"}, "base_url: must be the address of the site"),
    ({"format": "pdf"}, "format: must be one of csv, json, html"),
])  # fmt: skip
def test_mistakes(options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILOPS_LINK_SECRET", raising=False)
    with pytest.raises(AnsibleFilterError) as caught:
        text(**options)
    assert f"setup_links: {message}" in str(caught.value) and "hush" not in str(caught.value)


def test_users_with_mistakes_can_be_left_out() -> None:
    assert len(json.loads(text([*USERS[:2], {"name": "bob", "email": "x"}], skip_invalid=True))) == 2

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setup pages, with the files that the same task writes beside them, as a task would give them."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

from PIL import Image

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File

from ...profiles import profile
from ..deploy.deployments import JOANNA, deployment

PHONES = ["mobileconfig", "thunderbird_android", "k9_settings", "delta_chat", "setup_page"]
# What an administrator has who uses everything, and a person with three accounts.
OPTIONS = {
    "languages": ["en", "pl"],
    "contact": "Help desk, room 12, helpdesk@example.org, +48 58 123 45 67",
    "base_url": "https://setup.example.org/{UserName}/",
}
THREE = [
    profile("work", account_name="{UserDisplayName} (work)", default=True, folders={"sent": "Sent", "drafts": "Drafts"}),
    profile("helpdesk", account_name="Help desk", email="helpdesk@example.org", incoming__username="helpdesk@example.org"),
    profile("archive", account_name="Archive", account_type="pop", incoming__host="pop.example.org", delete_after_days=14),
]
UMLAUTS = "ÄÖÜäöüß" * 9 + "ü"  # 64
LONG_HOST = ".".join(["very-long-label-of-a-host-that-has-no-end-at-all-" + "x" * 13] * 3) + ".example.org"
HOSTILE = {
    "name": "o'brien\"><b>",
    "email": "o'b`x`{$HOME}|#!@example.org",
    "display_name": "</script><script>document.title='pwned'</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} {UserEmail} %s &amp; משה כהן",
    "password": "\"'></script><script>document.title='pwned'</script>",
}
HOSTILE_PROFILES = [
    profile("work", account_name="{UserDisplayName}", incoming__host=LONG_HOST, outgoing__host=LONG_HOST, signature="</script>"),
    profile("umlauts", account_name=UMLAUTS, sender_name=UMLAUTS, incoming__username="u'\"\\`$HOME:@/#%41<!--"),
    profile("rtl", account_name="דואר של משה <b>", sender_name="بريد العمل", reply_to="o'b`x`$HOME#@example.org", folders={"sent": "</table>הודעות"}),
]
HOSTILE_OPTIONS = {"title": "</title><script>document.title='pwned'</script>{UserDisplayName}", "contact": "<b onclick=x> {UserDisplayName} a@b.example"}


def files(
    profiles: list[dict[str, Any]] | None = None, user: dict[str, Any] | None = None, clients: list[str] | None = None,
    others: dict[str, dict[str, Any]] | None = None, **options: Any,
) -> dict[str, File]:
    """Path -> the file, of a task with these clients and options of setup_page. ``others``: options of the other clients."""
    made = deployment(
        [user or JOANNA], profile_definitions=profiles or [profile()], clients=clients or ["setup_page"],
        client_options={"setup_page": options, **(others or {})},
    )  # fmt: skip
    return {file.path: file for person in made.request.users for file in made.files(person)}


def page(profiles: list[dict[str, Any]] | None = None, user: dict[str, Any] | None = None, **options: Any) -> str:
    return text(files(profiles, user, **options)["index.html"])


def text(file: File) -> str:
    assert file.content is not None
    return file.content.decode()


def png(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "#c0392b").save(made, "png")
    return made.getvalue()


class Parsed(HTMLParser):
    """``elements``: (name, attributes) in their order. ``words``: the text without that of style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in self.raw else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside].append(data)
        elif data.strip():
            self.words.append(data)

    @property
    def shown(self) -> str:
        return "".join(self.words)

    def values(self, attribute: str) -> list[str]:
        return [value for _name, attributes in self.elements for key, value in attributes.items() if key == attribute and value is not None]

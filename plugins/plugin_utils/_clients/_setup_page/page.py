# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML of a page: one template, one style and one script, inside the page and allowed by their hashes. Nothing else is loaded or run."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, NamedTuple, Sequence

import jinja2
from markupsafe import Markup, escape

from .colors import scheme
from .texts import texts

_PLACE = Path(__file__).parent


class Code(NamedTuple):
    """A QR code: the ``data:`` address of its image, how many CSS pixels wide it is, the class for its size on paper, and the accounts that are in
    it."""

    image: str
    width: int
    size: str
    accounts: str = ""


class Link(NamedTuple):
    """A file of Delta Chat's beside the page."""

    file: str
    account: str


class Language(NamedTuple):
    code: str
    name: str
    file: str


class Row(NamedTuple):
    """``typed``: people type or copy the value."""

    label: str
    value: str
    typed: bool = False


class ServerTable(NamedTuple):
    title: str
    rows: Sequence[Row]


class AccountTable(NamedTuple):
    key: str
    name: str
    email: str
    rows: Sequence[Row]
    servers: Sequence[ServerTable]


@dataclass(frozen=True)
class Page:
    """What is on a page. ``downloads``: client -> the file beside the page. ``without_code``: the accounts that no code has. ``address``: the code of
    the page's own address. ``holds_password``: whether one is in a code; ``files_hold_password``: in a file that it links."""

    language: str
    title: str | None
    person: str
    accounts: Sequence[AccountTable]
    color: str
    logo: str | None = None
    contact: Markup | None = None
    other_languages: Sequence[Language] = ()
    downloads: Mapping[str, str] = field(default_factory=dict)
    delta_chat: Sequence[Link] = ()
    codes: Sequence[Code] = ()
    without_code: str = ""
    address: Code | None = None
    holds_password: bool = False
    files_hold_password: bool = False
    has_imap: bool = False
    has_pop: bool = False


def html(page: Page) -> str:
    style = _style(page.color)
    script = _part("page.js")
    return _template().render(page=page, t=texts(page.language), style=style, script=script, policy=_policy(style, script))


@functools.lru_cache(maxsize=32)
def _style(color: str) -> Markup:
    brand, on_brand, accent, accent_dark = scheme(color)
    return Markup(f":root {{ --brand: {brand}; --on-brand: {on_brand}; --accent: {accent}; --accent-dark: {accent_dark}; }}\n") + _part("page.css")


@functools.cache
def _part(name: str) -> Markup:
    # Of ours, and without "<", so that it ends where its element ends.
    return Markup((_PLACE / name).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=32)
def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _template() -> jinja2.Template:
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {"isolated": _isolated, "breakable": _breakable}
    return made.from_string((_PLACE / "page.html.j2").read_text(encoding="utf-8"))


def _isolated(text: str) -> Markup:
    """A name that may be written from right to left, in a sentence that is not."""
    return Markup("<bdi>{}</bdi>").format(text)


def _breakable(text: str) -> Markup:
    """An address or another value, which a narrow screen breaks where a person would: behind the @, and before the dots of a host."""
    before, at, host = text.rpartition("@")
    return escape(before) + (Markup("@<wbr>") if at else "") + Markup(re.sub("(?<=.)(?=[.])", "<wbr>", str(escape(host))))

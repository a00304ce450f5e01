# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of setup pages for the administrator who hands them out: as CSV, as JSON, and as letters to print. Pure."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

from .._clients import _qr
from .._model import strict_yaml, values
from .._model.errors import Invalid, Problems
from .._model.user import User
from .._secrets.links import LinkSecret

FORMATS = ("csv", "json", "html")
_FOLDER = Path(__file__).with_name("_letters")
# A program for tables takes such a text for a formula, which may start a program.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Link(NamedTuple):
    """The address of one user's page."""

    name: str
    display_name: str
    email: str
    url: str


def links_of(users: Sequence[User], base_url: str, instance: str, secret: LinkSecret) -> list[Link]:
    """Those of the present users; MailopsError names all who have no e-mail address."""
    problems = Problems()
    found = []
    for user in users:
        if user.state != "present":
            continue
        token = secret.token(instance, user)
        if token is None:
            problems.append(f"user '{user.name}': {{LinkToken}} has no value: give the user email")
            continue
        shown = user.variable_values(None).get("UserDisplayName", user.name)
        found.append(Link(user.name, shown, user.email or "", f"{base_url.rstrip('/')}/{token}/"))
    problems.raise_all()
    return found


def checked_url(value: Any) -> str:
    url = values.word(value)
    if not url.startswith(("https://", "http://")) or set("?#{}<>\"'\\") & set(url):
        raise Invalid("must be the address of the site, such as https://setup.example.org/")
    return url


def as_json(links: Sequence[Link]) -> str:
    return json.dumps([link._asdict() for link in links], indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_csv(links: Sequence[Link]) -> str:
    """RFC 4180."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(Link._fields)
    writer.writerows([[f"'{text}" if text.startswith(_FORMULA) else text for text in link] for link in links])
    return file.getvalue()


def as_html(links: Sequence[Link], language: str) -> str:
    """A sheet of paper for each user, in one of ``languages``."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((_FOLDER / "letters.html.j2").read_text(encoding="utf-8"))
    codes = [f"data:image/png;base64,{base64.b64encode(_qr.png(link.url.encode())).decode()}" for link in links]
    return template.render(letters=list(zip(links, codes)), texts=_texts(language), language=language) + "\n"


def languages() -> list[str]:
    return sorted(path.stem for path in _FOLDER.glob("*.yml"))


def _texts(language: str) -> Mapping[str, str]:
    if language not in languages():
        language = "en"  # the page may speak more languages than the letter
    return strict_yaml.load((_FOLDER / f"{language}.yml").read_text(encoding="utf-8"))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom to ask, with links where a phone can do something with them."""

from __future__ import annotations

import re
from urllib.parse import quote

from markupsafe import Markup

_LINKS = re.compile(
    r"(?P<web>https://[^\s<>\"'()]*[^\s<>\"'(),.;:!?])"
    r"|(?P<mail>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
    r"|(?P<phone>\+[0-9](?:[ ()/-]?[0-9]){5,14})"
)


def linked(text: str) -> Markup:
    """The text as HTML: addresses of the web (https only), of e-mail, and telephone numbers that begin with a + are links."""
    found, position = Markup(), 0
    for match in _LINKS.finditer(text):
        found += Markup("{}").format(text[position : match.start()]) + _link(match)
        position = match.end()
    return found + Markup("{}").format(text[position:])


def _link(match: re.Match[str]) -> Markup:
    text = match.group()
    if match["web"]:
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(text, text)
    if match["mail"]:
        return Markup('<a href="mailto:{}">{}</a>').format(quote(text, safe="@+"), text)
    return Markup('<a href="tel:{}"><bdi>{}</bdi></a>').format("+" + re.sub("[^0-9]", "", text), text)

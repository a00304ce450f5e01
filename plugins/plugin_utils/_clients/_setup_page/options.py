# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the page, and what is wrong with their values."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..._model import values
from ..._model.errors import Invalid, Problems, comma_list, nearest
from .._client import Option, OptionCheck
from .._qr import check_library
from .colors import COLOR
from .texts import languages

_MAX_LOGO = 16 << 10  # bytes
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"<svg": "image/svg+xml", b"<?xml": "image/svg+xml"}
# What RFC 3986 allows in a path.
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"

OPTIONS = (
    Option(
        "include_passwords", "bool", False,
        "Whether the codes on the page hold the passwords. No page has one as text. Whoever has such a page, a copy or a photo of it can read the mail.",
    ),
    Option("languages", "list", ["en"], f"A page for each, of {comma_list(languages())}. The first one is `index.html`."),
    Option("title", "str", None, "The heading, instead of the one of the language. Variables are filled in.", variables=True),
    Option("logo_file", "path", None, "A PNG, JPEG, GIF or SVG file on the controller, of at most 16 kB.", max_bytes=_MAX_LOGO),
    Option("color", "str", "#1f5fae", "The color of the heading and the buttons, such as `#1f5fae`. Texts stay readable with any color."),
    Option(
        "contact", "str", None,
        "Who helps, in one line. Addresses of e-mail and the web (https) and telephone numbers that begin with + become links. Variables are filled in.",
        variables=True,
    ),
    Option(
        "base_url", "str", None,
        "The `https` address of the directory that has the page, for a code with which a phone opens it. Variables are filled in.",
        variables=True,
    ),
)  # fmt: skip


def check_options(options: Mapping[str, Any], now: datetime.datetime) -> OptionCheck:
    problems = Problems(_problems(options))
    with problems.at("include_passwords"):  # the option that is about codes
        check_library()
    return OptionCheck(tuple(problems))


def _problems(options: Mapping[str, Any]) -> Iterator[str]:
    wanted = options["languages"]
    for name in wanted:
        if name not in languages():
            yield f"languages: there is no language '{str(name)[:60]}'{nearest(name, languages())}; there are {comma_list(languages())}"
    if not wanted or len(set(wanted)) != len(wanted):
        yield "languages: must name one language at least, and each once"
    if not COLOR.match(options["color"]):
        yield "color: must be # and six hexadecimal digits in quotes, such as '#1f5fae'"
    if options["logo_file"] and not _image_type(options["logo_file"].content):
        yield f"logo_file: {options['logo_file'].path} is not a PNG, JPEG, GIF or SVG file"
    if options["base_url"] is not None:
        problem = _wrong_with_url(options["base_url"])
        if problem:
            yield f"base_url: {problem}"


def logo(content: bytes) -> str:
    """The ``data:`` address of an image that ``check_options`` accepts."""
    return data_url(_image_type(content) or "", content)


def data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _image_type(content: bytes) -> str | None:
    found = next((kind for start, kind in _IMAGES.items() if content.startswith(start)), None)
    return None if found == "image/svg+xml" and b"<svg" not in content else found


def _wrong_with_url(url: str) -> str | None:
    """Why a base_url, with its variables, cannot be one, or None."""
    example = "https://setup.example.org/{UserName}/"
    if not url.startswith("https://"):
        return f"must begin with https://, such as {example}: without TLS anybody on the way could change the page"
    host, _slash, path = url.removeprefix("https://").partition("/")
    # With a user in front of the @ it is no name of a host.
    name, colon, port = (host, "", "") if "@" in host else _split_port(host)
    try:
        values.host(name)
    except Invalid:
        return f"must have the name of a host behind https://, without variables and passwords, such as {example}"
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return "the port must be a number from 1 to 65535"
    return "must be a directory, without ? and #" if set("?#") & set(path) else None


def _split_port(host: str) -> tuple[str, str, str]:
    """The host, the colon and the port; the latter two are empty where there is no port."""
    return host.rpartition(":") if ":" in host and not host.endswith("]") else (host, "", "")


def page_address(base_url: str, file: str) -> str:
    """The address of a page below a base_url whose variables are filled in. ``file`` is empty for the first language."""
    host, _slash, path = base_url.removeprefix("https://").partition("/")
    path = quote(path.strip("/"), safe=_PATH_CHARACTERS)
    if not host.isascii():
        name, colon, port = _split_port(host)
        host = f"{values.domain(name)}{colon}{port}"
    return f"https://{host}/{path}{'/' if path else ''}{file}"

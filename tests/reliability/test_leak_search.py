# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search of the leak hunt finds a planted password in every encoding, and no other."""

from __future__ import annotations

import base64
import gzip
import io
import json
import quopri
import urllib.parse
import zipfile
import zlib

import pytest

from .leaks.detector import Secrets


def _zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.json", data)
    return file.getvalue()


def _payload(data: bytes) -> bytes:
    """As the module's file holds it."""
    return b"params = %r" % json.dumps({"payload": base64.b64encode(zlib.compress(json.dumps({"text": data.decode()}).encode())).decode()})


ENCODINGS = {
    "as it is": lambda data: data,
    "upper case": lambda data: data.upper(),
    "first half": lambda data: data[: -len(data) // 3],
    "second half": lambda data: data[-len(data) // 2 :],
    "reversed": lambda data: data[::-1],
    "base64": base64.b64encode,
    "base64, moved by one": lambda data: base64.b64encode(b"x" + data),
    "base64, moved by two": lambda data: base64.b64encode(b"xy" + data),
    "base64 behind a path": lambda data: b"/tmp/abc/" + base64.b64encode(data),
    "base64 without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64, URL-safe": lambda data: base64.urlsafe_b64encode(b"\xff\xfe" + data),
    "base64 in lines": lambda data: base64.encodebytes(b"some words, so that there are several lines, and more of them " + data),
    "base64 in lines, escaped": lambda data: json.dumps(base64.encodebytes(b"words " * 12 + data).decode()).encode(),
    "base64 twice": lambda data: base64.b64encode(base64.b64encode(data)),
    "hex": lambda data: data.hex().encode(),
    "hex with colons": lambda data: data.hex(":").encode().upper(),
    "zlib": zlib.compress,
    "zlib in base64": lambda data: base64.b64encode(zlib.compress(data)),
    "zlib, cut off": lambda data: b"junk" + zlib.compress(data + bytes(range(256)) * 8)[:-9],
    "gzip": gzip.compress,
    "zip": _zipped,
    "a module's payload": _payload,
    "a module's file": lambda data: b"data = '" + base64.b64encode(_zipped(_payload(data))) + b"'",
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-32": lambda data: data.decode().encode("utf-32-be"),
    "percent": lambda data: "".join(f"%{byte:02x}" for byte in data).encode(),
    "form": lambda data: urllib.parse.urlencode({"password": base64.b64encode(data)}).encode(),
    "quoted-printable": lambda data: quopri.encodestring(b"x" * 60 + data),
    "quoted-printable, everything": lambda data: "".join(f"={byte:02X}" for byte in data).encode(),
    "JSON escapes": lambda data: "".join(f"\\u{byte:04x}" for byte in data).encode(),
    "escapes in escapes": lambda data: json.dumps("".join(f"\\x{byte:02x}" for byte in data)).encode(),
    "octal": lambda data: "".join(f"\\{byte:03o}" for byte in data).encode(),
    "repr of zlib": lambda data: repr(zlib.compress(data)).encode(),
    "entities": lambda data: "".join(f"&#{byte};" for byte in data).encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("around", [b"", b" lines of text\n", bytes(range(256)) + b"\n"], ids=["alone", "in text", "in binary data"])
@pytest.mark.parametrize("form", ["Mk7-{name}-{first}-{second}", "it's \"{first}\" \\ $HOME `{second}` ż"], ids=["plain", "quotes"])
def test_the_search_finds(encoding: str, around: bytes, form: str, count) -> None:
    secrets = Secrets()
    planted, other = secrets.make("planted", form), secrets.make("other")
    assert secrets.find(around + ENCODINGS[encoding](planted.encode()) + around).keys() == {"planted"}
    assert not secrets.find(around + ENCODINGS[encoding](other.replace("q9", "q8").replace("w4", "w5").encode()) + around)
    count("encodings in which a planted password was found", 1)

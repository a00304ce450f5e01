# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marked passwords, and a search that finds them whatever they were encoded in."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
import secrets
import string
import urllib.parse
import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import Callable, Iterable, Iterator, Mapping

# A password is two cores with anything between them, each found by its tag: half a password is a leak, too, and what an encoding
# makes of quotes and backslashes does not matter.
_TAGS = (b"zq9", b"xw4")
_CORE = 10
_ALPHABET = string.ascii_lowercase + string.digits
_ANY_CORE = re.compile(b"(?:%s)[a-z0-9]{%d}" % (b"|".join(_TAGS), _CORE))

_LEAST = len(_TAGS[0]) + _CORE  # bytes that can hold a core
_NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_HOLE = re.compile(rb"\0{64,}")  # sparse files
_DEEPEST = 7
_LARGEST = 64 << 20


@dataclass(frozen=True)
class Secret:
    """One marked password. ``allowed``: patterns of the files that may hold it, with a mode of 0600 (see the test's policy)."""

    name: str
    text: str
    allowed: tuple[str, ...] = ()

    @property
    def cores(self) -> list[bytes]:
        return _ANY_CORE.findall(self.text.lower().encode())


class Secrets:
    """All marked passwords of a run, and the search for them."""

    def __init__(self) -> None:
        self.known: dict[str, Secret] = {}
        self._by_core: dict[bytes, str] = {}
        self._raw: dict[bytes, str] = {}
        self._searched: dict[int, tuple[int, Mapping[str, tuple[str, ...]]]] = {}  # hash -> how deep, what was found

    def make(self, name: str, form: str = "Mk7-{name}-{first}-{second}", allowed: Iterable[str] = ()) -> str:
        """A new password for the purpose that ``name`` tells; a hit says from where it came."""
        assert name not in self.known, name
        first, second = (tag.decode() + "".join(secrets.choice(_ALPHABET) for _number in range(_CORE)) for tag in _TAGS)
        text = form.format(name=name, first=first.capitalize(), second=second.capitalize())
        self.known[name] = secret = Secret(name, text, tuple(allowed))
        self._by_core.update(dict.fromkeys(secret.cores, name))
        assert len(secret.cores) == 2
        return text

    def learn(self, name: str, data: bytes, allowed: Iterable[str] = ()) -> None:
        """A secret that nobody typed, such as a derived key: it is found as these bytes, in the same encodings."""
        self.known[name] = Secret(name, "", tuple(allowed))
        self._raw[data] = name

    def find(self, data: bytes) -> dict[str, str]:
        """The names of the secrets in ``data`` -> the way there, such as ``base64 > zlib``."""
        found = self._search(_HOLE.sub(b"\0" * 64, data), _DEEPEST)
        return {name: " > ".join(way) or "as it is" for name, way in found.items()}

    def _search(self, piece: bytes, depth: int) -> Mapping[str, tuple[str, ...]]:
        """What is in a piece, or in what it decodes to. Most texts come by several channels: what was seen is remembered."""
        if len(piece) < _LEAST:
            return _NOTHING
        searched, found = self._searched.get(hash(piece), (-1, _NOTHING))
        if searched >= depth:
            return found
        found = dict.fromkeys(self._plain(piece), ())
        if depth:
            for kind, inner in _decoded(piece):
                for name, way in self._search(inner, depth - 1).items():
                    found.setdefault(name, (kind, *way))
        self._searched[hash(piece)] = depth, found or _NOTHING
        return found

    def _plain(self, data: bytes) -> Iterator[str]:
        lower = data.lower()
        for text in (lower, lower[::-1]):
            if any(tag in text for tag in _TAGS):  # ten times as fast as the pattern, and nearly always not so
                yield from (self._by_core[core] for core in _ANY_CORE.findall(text) if core in self._by_core)
        yield from (name for raw, name in self._raw.items() if raw in data)


# --- decoders: each gives the pieces that it finds ---

_BACKSLASH = re.compile(rb"\\+(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{3})|([nrt])|(.))", re.DOTALL)


def _unescaped(data: bytes) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        byte, unicode, octal, control, other = found.groups()
        if byte or octal:
            return bytes([int(byte, 16) if byte else int(octal, 8) & 255])
        if unicode:
            return chr(int(unicode, 16)).encode("utf-8", "replace")
        return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}[control] if control else other

    return _BACKSLASH.sub(plain, data)


# A core stands as it is in any text that merely has escapes around it, so only passages full of them are decoded.
_DENSE = rb"%s(?:[^\n]{0,30}?%s){7,}"
_ESCAPES: tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes]], ...] = tuple(
    (kind, re.compile(_DENSE % (one, one)), decode)
    for kind, one, decode in (
        ("percent", rb"%[0-9A-Fa-f]{2}", urllib.parse.unquote_to_bytes),
        ("quoted-printable", rb"=[0-9A-F]{2}", quopri.decodestring),
        ("backslash", rb"\\+(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[0-7]{3})", _unescaped),
        ("entities", rb"&#[0-9]{1,5};", lambda data: html.unescape(data.decode("latin-1")).encode("utf-8", "replace")),
    )
)

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{18,}")  # 18 characters are 13 bytes
# What stands in base64 without being a part of it: ends of lines, as they are or escaped, with the quotes and commas of a list of
# strings. And its characters that many encodings escape.
_BASE64_BREAK = re.compile(rb"""(?<=[A-Za-z0-9+/_-]{8})(?:=?(?:\\+[rn]|[\r\n])+[ \t]*|["'],?\s*b?["'])(?=[A-Za-z0-9+/_-]{2})""")
_ESCAPED_SIGN = re.compile(rb"(?:%|\\+u00|\\+x)(?:(2[Bb])|2[Ff])|\\+/")
_HEX_RUN = re.compile(rb"(?:[0-9A-Fa-f]{2}[ :-]?){10,}")
_WIDE = re.compile(rb"(?:[^\0]\0{1,3}){10,}[^\0]?|(?:\0{1,3}[^\0]){10,}")


def _decoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _inflated(data)
    for wide in _WIDE.findall(data) if b"\0" in data else ():
        yield "UTF-16", wide.replace(b"\0", b"")
    for kind, pattern, decode in _ESCAPES:
        for found in pattern.finditer(data):
            yield kind, decode(data[max(0, found.start() - 8) : found.end() + 30])
    runs = set(_BASE64_RUN.findall(data))
    joined = _BASE64_BREAK.sub(b"", _ESCAPED_SIGN.sub(lambda found: b"+" if found[1] else b"/", data))
    for kind, new in (("base64", runs), ("base64 in lines", set(_BASE64_RUN.findall(joined)) - runs)):
        for run in new:
            for inner in _from_base64(run):
                yield kind, inner
    for run in _HEX_RUN.findall(data):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", run)
        for start in (0, 1):
            yield "hex", binascii.unhexlify(digits[start : start + (len(digits) - start) // 2 * 2])


def _from_base64(run: bytes) -> Iterator[bytes]:
    # What stands before the base64, such as a directory and a slash, may look like a part of it: all four beginnings are tried.
    run = run.replace(b"-", b"+").replace(b"_", b"/")
    for start in range(4):
        piece = run[start:]
        yield base64.b64decode(piece[: len(piece) // 4 * 4] + _rest(piece))


def _rest(piece: bytes) -> bytes:
    """The last two or three characters with their padding; a single one cannot be."""
    rest = piece[len(piece) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


# zlib, gzip, and the entries of a zip file (a local header of 30 bytes, two lengths in it, then a raw stream).
_STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")


def _inflated(data: bytes) -> Iterator[tuple[str, bytes]]:
    view = memoryview(data)
    for found in _STREAM.finditer(data):
        start, magic = found.start(), found.group()
        if magic.startswith(b"PK"):
            header = data[start : start + 30]
            start += 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        kind, bits = {b"x": ("zlib", 15), b"\x1f": ("gzip", 31)}.get(magic[:1], ("zip", -15))
        inner = _inflate(view[start:], bits)
        if inner:
            yield kind, inner


def _inflate(data: memoryview, bits: int) -> bytes:
    """What comes out before an error: a stream may be cut off, or no stream."""
    stream, out = zlib.decompressobj(bits), b""
    try:
        for start in range(0, len(data), 32):  # what was decoded before an error is lost with its piece
            out += stream.decompress(data[start : start + 32])
            if stream.eof or len(out) > _LARGEST:
                break
    except zlib.error:
        pass
    return out

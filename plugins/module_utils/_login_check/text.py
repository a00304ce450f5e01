# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of servers, made fit to be displayed: short, printable, and without the password, which some servers repeat."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Dict, Iterable, Iterator, Set

from .._login_wire import MAX_SERVER_TEXT

_SAYS = " (the server says: "
_WITHHELD = "(not shown: it repeats the password)"
_PIECE = 5  # characters of a password that are too many to be displayed
_ENCODED = re.compile(rb"[A-Za-z0-9+/=_-]{8,}")


def clean(text: bytes, secrets: Iterable[str] = ()) -> str:
    """At most 200 printable characters, white space in a row as one space."""
    shown = text.decode("utf-8", "replace")
    shown = "".join(sign if sign.isprintable() else " " for sign in shown[: 8 * MAX_SERVER_TEXT])
    shown = " ".join(shown.split())
    if _repeats(text, [secret for secret in secrets if secret]):
        return _WITHHELD
    return shown if len(shown) <= MAX_SERVER_TEXT else shown[: MAX_SERVER_TEXT - 3] + "..."


def said(text: bytes, secrets: Iterable[str] = ()) -> str:
    """`` (the server says: ...)``, or nothing when it says nothing."""
    shown = clean(text, secrets)
    return f"{_SAYS}{shown})" if shown else ""


class Passwords:
    """All passwords of a job: a server knows more than one, and may repeat that of somebody else."""

    def __init__(self, passwords: Iterable[str]) -> None:
        self._by_length: Dict[int, Set[bytes]] = {}
        for password in passwords:
            letters = _letters(password.encode("utf-8", "surrogatepass"))
            if len(letters) >= _PIECE:  # shorter ones are in many texts by chance
                self._by_length.setdefault(len(letters), set()).update((letters, letters[::-1]))

    def without(self, msg: str) -> str:
        """The sentence, without what a server said in it if that repeats one of them."""
        sentence, begin, text = msg.partition(_SAYS)
        return f"{sentence}{_SAYS}{_WITHHELD})" if begin and self._are_in(text.encode("utf-8", "surrogatepass")) else msg

    def _are_in(self, text: bytes) -> bool:
        forms = [_letters(form) for form in (text, *_decoded(text))]
        return any(
            form[start : start + length] in known
            for form in forms
            for length, known in self._by_length.items()
            for start in range(len(form) - length + 1)
        )


def _repeats(text: bytes, secrets: Iterable[str]) -> bool:
    """Whether a piece of a secret is in the text, as it is, backwards, in hexadecimal digits or in base64."""
    forms = [_letters(form) for form in (text, *_decoded(text))]
    for secret in secrets:
        letters = _letters(secret.encode("utf-8", "surrogatepass"))
        pieces = {letters[start : start + _PIECE] for start in range(max(len(letters) - _PIECE, 0) + 1)}
        if letters and any(piece in form or piece[::-1] in form for form in forms for piece in pieces):
            return True
    return False


def _letters(text: bytes) -> bytes:
    """In lower case, and without what may stand between the letters."""
    return re.sub(rb"[\x00-\x20\x7f]", b"", text.lower())


def _decoded(text: bytes) -> Iterator[bytes]:
    """What runs of letters and digits may encode; where the encoding begins is not known."""
    for run in _ENCODED.findall(text):
        plain = run.translate(bytes.maketrans(b"-_", b"+/"), b"=")
        for start in range(4):
            part = plain[start:]
            part = part[:-1] if len(part) % 4 == 1 else part  # a digit alone is no byte
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
        for start in range(2):
            digits = re.match(rb"(?:[0-9A-Fa-f]{2})*", run[start:])
            yield binascii.unhexlify(digits.group() if digits else b"")

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of profiles: what people call them, in any script. Pure.

One reader for every option, file and store. Two spellings of the same characters (an accented letter, or the letter and its accent:
macOS gives files such names) are one name, in the form NFC of Unicode. Nothing else is folded: names are compared by code points.
"""

from __future__ import annotations

import string
import unicodedata
from typing import Any

from .errors import Invalid
from .values import word

MAX_NAME = 64
_SIGNS = frozenset(" ._-()+&'@")
_USUAL = _SIGNS.union(string.ascii_letters, string.digits)  # known without a look into the tables of Unicode
_RULE = (
    "a profile name consists of letters, digits, single spaces and . _ - ( ) + & ' @, and begins with a letter or digit "
    "(free text belongs in description)"
)
_HINTS = {
    "#": "'#', at which YAML cuts a name that is not in quotes",
    ",": "',', which separates the names of a list",
}


def profile_name(value: Any) -> str:
    """A profile's name in its stored form, or Invalid."""
    # The form NFC of a character has at most three.
    name = unicodedata.normalize("NFC", word(value, limit=10 * MAX_NAME))
    if len(name) > MAX_NAME:
        raise Invalid(f"has {len(name)} characters, a profile name has at most {MAX_NAME}")
    unknown = [sign for sign in name if sign not in _USUAL and not _is_letter_mark_or_digit(sign)]
    if unknown:
        raise Invalid(f"holds {_HINTS.get(unknown[0]) or _named(unknown[0])}: {_RULE}")
    if "  " in name:
        raise Invalid(f"holds two spaces in a row: {_RULE}")
    if name[0] in _SIGNS or unicodedata.category(name[0])[0] == "M":
        raise Invalid(f"begins with {_named(name[0])}: {_RULE}")
    return name


def _is_letter_mark_or_digit(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] in "LM" or category == "Nd"


def _named(sign: str) -> str:
    """``'/'``, or ``U+200B (zero width space)`` for what is not displayed, or not by itself."""
    if sign.isprintable() and not unicodedata.category(sign)[0] == "M":
        return f"'{sign}'"
    return f"U+{ord(sign):04X} ({unicodedata.name(sign, 'a character without a name').lower()})"

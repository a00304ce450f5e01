# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of profiles for the tests: what people call one, what nobody may, and any valid name, drawn by Hypothesis."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import strategies as st

MAX_NAME = 64

VALID = [
    "Poczta firmowa (Gdynia)", "R&D + Sales", "Jan's mail", "office@example.org", "Work_2.b-c", "a..b", "0", "x" * MAX_NAME,
    # In other scripts, with marks, beyond the first plane.
    "Zażółć gęślą jaźń", "Почта (Львов)", "工作邮箱", "メール 東京", "بريد العمل", "हिन्दी डाक", "דואר", "ไปรษณีย์", "٣ بريد", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    # Alike but for case, width, ligatures or accents.
    "work", "Work", "WORK", "ｗｏｒｋ", "wörk", "firma", "ﬁrma", "Straße", "Strasse", "STRASSE", "İ", "I", "i", "ı", "ſ", "s", "S",
    # What YAML, JSON, SQL or a shell could take for something else.
    "yes", "No", "on", "null", "Null", "true", "n", "1", "01", "1.0", "1e3", "0x1F", "1_000", "2024-01-01", "2024-1-1", "NaN", "name", "id",
]  # fmt: skip

# Value -> a part of what is wrong with it.
INVALID: list[tuple[Any, str]] = [
    ("Biuro #1", "holds '#', at which YAML cuts a name that is not in quotes: a profile name consists of"),
    ("#1", "holds '#'"),
    ("work, pop", "holds ',', which separates the names of a list"),
    *((f"a{sign}b", f"holds '{sign}': a profile name consists of") for sign in "/\\\"{}[]:;*?!$%^=~`|<>§€📧²½Ⅷ"),
    ("two  words", "holds two spaces in a row"),
    (" work", "must not begin or end with a space"),
    ("work ", "must not begin or end with a space"),
    *((f"{sign}a", f"begins with '{sign}': a profile name consists of") for sign in "._-()+&'@"),
    ("\u0301a", "begins with U+0301 (combining acute accent)"),
    ("a\u00a0b", "holds U+00A0 (no-break space)"),
    ("a\u2003b", "holds U+2003 (em space)"),
    ("a\u3000b", "holds U+3000 (ideographic space)"),
    ("a\u200bb", "holds U+200B (zero width space)"),
    ("a\u00adb", "holds U+00AD (soft hyphen)"),
    ("\ufeffa", "holds U+FEFF (zero width no-break space)"),
    ("a\ue000b", "holds U+E000 (a character without a name)"),
    ("a\u202eb", "holds the control character U+202E"),
    ("a\u2028b", "holds the control character U+2028"),
    ("a\nb", "holds a newline"),
    ("a\tb", "holds a tab"),
    ("a\0b", "holds a NUL"),
    ("x" * 65, "has 65 characters, a profile name has at most 64"),
    ("x" * 10_000, "has 10000 characters"),
    (2024, "must be text, not a number: put it in quotes"),
    (1.5, "must be text, not a number: put it in quotes"),
    (True, "must be text, not a boolean: put it in quotes"),
    (["work"], "must be text"),
    ({"name": "work"}, "must be text"),
]  # fmt: skip

_letters_marks_digits = st.characters(categories=["L", "M", "Nd"])
_sign = _letters_marks_digits | st.sampled_from("._-()+&'@")
_word = st.text(_sign, min_size=1, max_size=20)


def _joined(first: str, rest: str, words: list[str]) -> str:
    return unicodedata.normalize("NFC", " ".join([first + rest, *words]))


any_name = (
    st.builds(
        _joined, st.characters(categories=["L", "Nd"]), st.text(_sign, max_size=20), st.lists(_word, max_size=3)
    ).filter(lambda name: len(name) <= MAX_NAME)
    | st.sampled_from(VALID)
)  # fmt: skip

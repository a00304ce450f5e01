# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The administrator's color, and what is readable on it and beside it: contrasts of WCAG 2.2, 1.4.3."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
LIGHT, DARK = "#ffffff", "#1c2129"  # the backgrounds of texts in page.css
_READABLE = 4.5
_STEPS = 20


class Scheme(NamedTuple):
    """``brand`` is the color as given, ``on_brand`` the text on it; ``accent`` and ``accent_dark`` are for text on a light and a dark page."""

    brand: str
    on_brand: str
    accent: str
    accent_dark: str


@functools.lru_cache(maxsize=32)
def scheme(color: str) -> Scheme:
    """``color``: matches ``COLOR``."""
    color = color.lower()
    on_brand = max("#ffffff", "#000000", key=lambda text: contrast(text, color))
    return Scheme(color, on_brand, _readable(color, "#000000", LIGHT), _readable(color, "#ffffff", DARK))


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, towards: str, background: str) -> str:
    """The nearest mixture of both that is readable on the background."""
    mixtures = (_mixed(color, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(mixture for mixture in mixtures if contrast(mixture, background) >= _READABLE)


def _mixed(one: str, other: str, share: float) -> str:
    parts = (round(a + (b - a) * share) for a, b in zip(_channels(one), _channels(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _channels(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(color: str) -> float:
    linear = [c / 12.92 if (c := channel / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for channel in _channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

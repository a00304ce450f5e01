# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the page, one file for each language in ``languages/``."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

# The texts are part of the code: read once, and the same for every user.
_PLACE = Path(__file__).parent / "languages"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a tenth of the time, which each host of a play takes


@functools.cache
def languages() -> tuple[str, ...]:
    """The codes of all languages (BCP 47), in alphabetical order."""
    return tuple(sorted(path.stem for path in _PLACE.glob("*.yml")))


@functools.cache
def texts(language: str) -> dict[str, Any]:
    """The texts as they stand in the file, as HTML: what is in two stars is bold. ``text.format(name=value)`` escapes the values."""
    return _marked(yaml.load((_PLACE / f"{language}.yml").read_text(encoding="utf-8"), Loader=_LOADER))


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _marked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each) for each in value]
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(value))))

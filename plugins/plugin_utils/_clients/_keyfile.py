# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key files of GLib (GKeyFile), in which the programs of GNOME keep their accounts."""

from __future__ import annotations

import re
from typing import Mapping, Sequence

Value = str | int | bool | Sequence[str] | None


def key_file(groups: Mapping[str, Mapping[str, Value]]) -> str:
    """The text of a key file as GLib writes it; a value that is None is left out."""
    return "\n".join(
        "".join([f"[{group}]\n", *(f"{key}={_value(value)}\n" for key, value in values.items() if value is not None)])
        for group, values in groups.items()
    )


def _value(value: str | int | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _escaped(value)
    return "".join("\\;".join(map(_escaped, item.split(";"))) + ";" for item in value)


def _escaped(text: str) -> str:
    # A reader strips leading white space. Besides that, only backslashes and line feeds need an escape.
    text = re.sub("^[ \n]+", lambda found: found.group().replace(" ", "\\s"), text.replace("\\", "\\\\"))
    return text.replace("\n", "\\n")

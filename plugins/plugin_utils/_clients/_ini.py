# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files for programs that read them with Python's configparser."""

from __future__ import annotations

import configparser
import io
from typing import Mapping


def ini(sections: Mapping[str, Mapping[str, object]]) -> str:
    """The sections as configparser writes them, each with an empty line after it; an option that is None is left out."""
    parser = configparser.RawConfigParser()
    parser.read_dict(
        {section: {name: value for name, value in options.items() if value is not None} for section, options in sections.items()}
    )
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quoting that several programs have in common."""

from __future__ import annotations

import string

ALPHANUMERIC = string.ascii_letters + string.digits


def double_quoted(text: str) -> str:
    """The text in double quotes, with a backslash before each quote and backslash."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped_octets(text: str, plain: str, escape: str) -> str:
    r"""The text in UTF-8. Each octet that is not one of the ASCII characters in ``plain`` is written by the format ``escape``, such
    as ``\x{:02X}``."""
    return "".join(chr(octet) if chr(octet) in plain else escape.format(octet) for octet in text.encode())

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts for people, made alike on the controller and on the host."""

from __future__ import annotations

import os


def printable(text: str, lines: bool = False) -> str:
    """The text with each unprintable character written out. A user or a host had a hand in it, and it must not control the administrator's
    terminal. ``lines``: line feeds and tabs stay."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(sign if sign.isprintable() or sign in kept else "\\x%02x" % ord(sign) for sign in text)


def internal_error(error: BaseException) -> str:
    """The class and place of a programming error, without its text, which may quote a password."""
    place = error.__traceback__
    while place is not None and place.tb_next:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "?"
    return f"internal error {type(error).__name__} at {where}; please report it"

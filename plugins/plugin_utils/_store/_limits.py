# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large a store may be, of every kind. Whoever can write to one must not be able to fill the controller's memory, or hold its tasks."""

from __future__ import annotations

from .._model.errors import Invalid

MAX_PROFILES = 20_000
MAX_PROFILE = 64 * 1024  # bytes of one profile, as the store keeps it
MAX_BYTES = 64 * 1024 * 1024  # of all profiles together


class TooLarge(Invalid):
    """The store is not read, or would not be read any more."""


def refuse_too_large(profiles: int, size: int) -> None:
    """TooLarge for so many profiles, or so many bytes of them."""
    if profiles > MAX_PROFILES:
        raise TooLarge(f"more than {MAX_PROFILES} profiles are more than a store may have; split it, or look who can write to it")
    if size > MAX_BYTES:
        raise TooLarge(f"its profiles have more than {MAX_BYTES >> 20} MiB together; shorten them, split it, or look who can write to it")

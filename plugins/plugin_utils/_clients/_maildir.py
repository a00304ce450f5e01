# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Maildir, for programs that deliver into one but do not create it."""

from __future__ import annotations

from ._file import File, owned

_README = "This file keeps its directory, which is part of a Maildir. It is not a message.\n"


def maildir(path: str) -> list[File]:
    """A file in each of its three directories. A name that begins with a dot is not a message (maildir(5))."""
    return [owned(f"{path}/{part}/.mailops", _README) for part in ("cur", "new", "tmp")]

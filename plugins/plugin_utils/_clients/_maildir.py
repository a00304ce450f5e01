# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where our accounts' mail is kept, and a Maildir, for programs that deliver into one but do not create it.

Not below ``~/Mail`` or the like: many users synchronise such a directory with a server of theirs, whose program would take our mail for folders that
are new, and upload it.
"""

from __future__ import annotations

from ._file import File, owned

_ROOT = ".local/share/mailops/mail"
_README = "This file keeps its directory, which is part of a Maildir. It is not a message.\n"


def mail_directory(client: str, key: str) -> str:
    """The directory of an account's mail, relative to the home."""
    return f"{_ROOT}/{client}/{key}"


def mail_marker(client: str, key: str) -> File:
    """A file that creates this directory, for programs that create only what is in it."""
    return owned(f"{mail_directory(client, key)}/.mailops", f"{client} keeps the mail of this account here.\n")


def maildir(path: str) -> list[File]:
    """A file in each of its three directories. A name that begins with a dot is not a message (maildir(5))."""
    return [owned(f"{path}/{part}/.mailops", _README) for part in ("cur", "new", "tmp")]

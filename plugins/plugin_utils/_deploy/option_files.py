# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the controller that clients' options name: keys, certificates, logos."""

from __future__ import annotations

import os
import stat

from .._clients._client import Option, OptionFile
from .._model.errors import Invalid


def read_option_file(path: str, option: Option) -> OptionFile:
    """The file, read without waiting; Invalid says why it cannot be used."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise Invalid(f"{path} is not a regular file: give the path of a file on the controller")
            if option.private and mode & stat.S_IRWXO:
                raise Invalid(f"others on this machine may read {path}: chmod o= it, and use a new key if it matters")
            content = file.read(option.max_bytes + 1)
    except OSError as exc:
        raise Invalid(f"{path} cannot be read: {os.strerror(exc.errno or 0)}; give the path of a file on the controller") from None
    if len(content) > option.max_bytes:
        raise Invalid(f"{path} has more than {option.max_bytes} bytes")
    return OptionFile(path, content)

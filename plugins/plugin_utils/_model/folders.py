# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of folders on an IMAP server. Pure.

In a profile a folder is a path with ``/`` between its levels, in Unicode, as people see it, relative to the namespace of the server. What
the server has instead (another separator, a namespace, RFC 3501's modified UTF-7) each client gets from these names.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from . import values
from .errors import Invalid
from .profile import Incoming

SEPARATORS = ("/", ".")
INBOX = "INBOX"
_SHIFTED = re.compile("&([A-Za-z0-9+,]*)-")


def modified_utf7(name: str) -> str:
    """RFC 3501 5.1.3."""

    def shifted(found: re.Match[str]) -> str:
        return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub("[^\x20-\x7e]+", shifted, name.replace("&", "&-"))


def separator(value: Any) -> str:
    """``incoming.separator``."""
    value = values.word(value)
    if value not in SEPARATORS:
        raise Invalid(f"must be {' or '.join(SEPARATORS)}, as the server has it between the levels of a folder's name")
    return value


def namespace(value: str, separator: str | None) -> str:
    """``incoming.namespace``, which ends with the separator that is given (None: with either)."""
    _refuse_modified_utf7(value)
    bare, end = (value[:-1], value[-1]) if value[-1] in SEPARATORS else (value, separator)
    if end is None:
        raise Invalid(f"'{value}' does not end with a separator: write {' or '.join(f'{value}{sign}' for sign in SEPARATORS)}, as the server has it")
    if separator not in (None, end):
        raise Invalid(f"'{value}' ends with '{end}', and incoming.separator is '{separator}': write {bare}{separator}")
    if not all(level.strip() for level in bare.split(end)):
        raise Invalid(f"'{value}' has a level without a name: write it as the server does, such as INBOX{end}")
    return f"{bare}{end}"


def folder(value: Any, server: Incoming) -> str:
    """One of ``folders``: its path below the namespace. A path that begins with the namespace means the same."""
    path = values.word(value)
    _refuse_modified_utf7(path)
    path, below = _below(path, server), path
    if _below(path, server) != path:
        raise Invalid(f"'{below}' begins with incoming.namespace twice: write '{_below(path, server)}'")
    if "" in path.split("/"):
        raise Invalid("has a '/' that is not between two names: write it as Parent/Child")
    sign = server.level_separator
    if sign != "/" and sign in path:
        right = path.replace(sign, "/")
        raise Invalid(f"'{path}' holds '{sign}', which separates levels on the server: write '{right}'")
    return path


def warning(path: str, server: Incoming) -> str | None:
    """What is probably meant otherwise in a folder that is valid."""
    if server.separator or server.namespace or not path.upper().startswith(f"{INBOX}."):
        return None
    right = path[len(INBOX) + 1 :].replace(".", "/")
    return f"'{path}' looks like a name of a server with '.' between levels: for it give incoming.namespace: INBOX. and write '{right}'"


def _below(path: str, server: Incoming) -> str:
    prefix = server.namespace or ""
    for spelling in (prefix, prefix.replace(server.level_separator, "/")):
        if prefix and _same(path[: len(spelling)], spelling) and len(path) > len(spelling):
            return path[len(spelling) :]
    return path


def _same(one: str, other: str) -> bool:
    """INBOX is the only name that IMAP compares without case."""
    length = len(INBOX)
    if one[:length].upper() == INBOX == other[:length].upper():
        return one[length:] == other[length:]
    return one == other


def _refuse_modified_utf7(name: str) -> None:
    readable = _SHIFTED.sub(_unshifted, name)
    if readable != name:
        raise Invalid(f"'{name}' is the name as IMAP encodes it: write it as people see it, '{readable}'")


def _unshifted(found: re.Match[str]) -> str:
    """The characters that are meant, or the same text if none can be meant (``R&D-Team``)."""
    if not found[1]:
        return "&"
    try:
        text = base64.b64decode(found[1].replace(",", "/") + "=" * (-len(found[1]) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return found[0]
    return text if modified_utf7(text) == found[0] and not values.FORBIDDEN.search(text) else found[0]

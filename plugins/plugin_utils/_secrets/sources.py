# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the administrator's secrets come from: an option, a file on the controller, or the environment."""

from __future__ import annotations

import os
import stat
from typing import Any, Mapping, NamedTuple

from .._model import values
from .._model.errors import Invalid, MailopsError, named
from .._model.given import is_blank

_MAX_LENGTH = 4096  # characters


class Source(NamedTuple):
    """``option``: the name of the option; that of the file has ``_file`` behind it. ``environment``: a variable's name. ``min_length``: in
    characters."""

    option: str
    environment: str
    min_length: int

    @property
    def options(self) -> tuple[str, str]:
        return self.option, f"{self.option}_file"


def given_secret(source: Source, options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The text, and the name of what gave it; None when nothing does."""
    text, path = (options.get(name) for name in source.options)
    if not is_blank(text):
        return checked_secret(text, source.option, source.min_length), source.option
    if not is_blank(path):
        name = source.options[1]
        return checked_secret(_read(path, name), name, source.min_length), name
    text = environ.get(source.environment)
    return None if is_blank(text) else (checked_secret(text, source.environment, source.min_length), source.environment)


def checked_secret(text: Any, name: str, min_length: int) -> str:
    with named(name, MailopsError):
        text = values.word(text, _MAX_LENGTH)
    if len(text) < min_length:
        raise MailopsError(f"{name}: must have at least {min_length} characters; make one with: openssl rand -base64 32")
    return text


def _read(path: Any, where: str) -> str:
    # The path is not quoted: it may be the secret itself, given in the wrong option.
    try:
        descriptor = os.open(values.absolute_path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8-sig") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise MailopsError(f"{where}: is not a regular file; give the path of a file with the key")
            if mode & stat.S_IRWXO:
                raise MailopsError(f"{where}: others on this machine may read the file: chmod o= it, and use a new key if it matters")
            return file.read(_MAX_LENGTH + 3).rstrip("\r\n")
    except Invalid as exc:
        raise MailopsError(f"{where}: {exc}") from None
    except UnicodeDecodeError:
        raise MailopsError(f"{where}: the file is not text: make one with: openssl rand -base64 32") from None
    except OSError as exc:
        raise MailopsError(f"{where}: {exc.strerror or type(exc).__name__}; give the absolute path of a file on the controller") from None

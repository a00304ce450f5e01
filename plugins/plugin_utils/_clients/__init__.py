# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of clients: every module in this folder whose name does not begin with ``_`` defines one, as ``CLIENT``.

A client's format is a pure function: the same accounts give the same bytes, without I/O, clock or randomness.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Iterable

from .._model.errors import Problems, comma_list, nearest
from ._client import Client


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all clients, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def get(name: str) -> Client:
    return importlib.import_module(f"{__name__}.{name}").CLIENT


def all_clients() -> list[Client]:
    return [get(name) for name in names()]


# Programs and packages that have another name than their client.
_OTHER_NAMES = {
    "git": "git_send_email", "isync": "mbsync", "mail": "s_nail", "mailx": "s_nail", "mutt": "neomutt", "nail": "s_nail",
    "pine": "alpine",
}  # fmt: skip


def _meant(name: str, known: list[str]) -> str:
    other = _OTHER_NAMES.get(name.lower())
    return f" (did you mean '{other}'?)" if other else nearest(name, known)


def select(wanted: Iterable[str]) -> list[Client]:
    """The clients of these names; MailopsError lists the unknown ones, the nearest and all known names."""
    wanted, known = list(dict.fromkeys(wanted)), names()
    unknown = [name for name in wanted if name not in known]
    Problems(
        f"clients: there is no client '{str(name)[:60]}'{_meant(str(name), known)}; known are {comma_list(known)}" for name in unknown
    ).raise_all()
    return [get(name) for name in wanted]

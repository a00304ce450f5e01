# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_apply`` gets: the program that works on the host, and the data it works with."""

from __future__ import annotations

import base64
import functools
import json
import zlib
from pathlib import Path
from typing import Any, Mapping

MODULE = "mailops.profiles.mail_account_apply"
_HERE = Path(__file__).parents[2] / "module_utils"
_FILES = "ansible_collections.mailops.profiles.plugins.module_utils._writer"


def arguments(payload: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of the module."""
    return {**program(), "payload": packed(payload)}


@functools.lru_cache(maxsize=1)
def program() -> dict[str, str]:
    """Those that are the same for every host."""
    parents = _FILES.split(".")
    sources = {".".join([*parents[:number], "__init__"]): "" for number in range(1, len(parents))}
    for path in sorted((_HERE / "_writer").glob("*.py")):
        if path.stem.isidentifier():  # and not what an editor or a desktop has left there
            sources[f"{_FILES}.{path.stem}"] = path.read_text(encoding="utf-8")
    start = (_HERE / "_start.py").read_text(encoding="utf-8")
    return {"start": start, "program": packed({"sources": sources, "main": f"{_FILES}._run"})}


def packed(data: Any) -> str:
    """Base64 of zlib-compressed JSON: one string, because Ansible walks through whatever has a structure."""
    return base64.b64encode(zlib.compress(json.dumps(data).encode())).decode()

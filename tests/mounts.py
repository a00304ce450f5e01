# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mounts of a process's own, which end with it."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _BIND, _PRIVATE = 0x20000, 0x1000, 0x4C000  # CLONE_NEWNS; MS_BIND; MS_REC | MS_PRIVATE


def own_namespace() -> None:
    """What this process mounts from now on is seen by it and its children alone, and goes with them."""
    if _LIBC.unshare(_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", "/", _PRIVATE)


def mount(source: str | Path, target: str | Path, flags: int = _BIND, kind: str = "none", options: str = "") -> None:
    if _LIBC.mount(os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def in_own_namespace(function: Callable[[], Any]) -> Any:
    """What ``function`` returns (as JSON), run in a child that may mount whatever it likes."""
    with tempfile.TemporaryFile("w+") as answer:
        pid = os.fork()
        if pid == 0:
            try:
                own_namespace()
                json.dump({"value": function()}, answer)
            except BaseException:
                json.dump({"error": traceback.format_exc()}, answer)
            finally:
                answer.flush()
                os._exit(0)
        os.waitpid(pid, 0)
        answer.seek(0)
        said = json.load(answer)
    assert "error" not in said, said["error"]
    return said["value"]


def own_var_lib(path: Path) -> tuple[str, ...]:
    """What a command begins with that is not to touch what root keeps in /var/lib about the users served: it gets a directory in ``path``
    instead, where mounts are possible."""
    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return ()
    (path / "lib").mkdir(exist_ok=True)
    return ("unshare", "--mount", "sh", "-c", f'mount --bind {path}/lib /var/lib && exec "$@"', "sh")

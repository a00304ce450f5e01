# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mounts of a process's own, which end with it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable

from . import linux


def own_namespace() -> None:
    """What this process mounts from now on is seen by it and its children alone, and goes with them."""
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)


def bind(source: str | Path, target: str | Path) -> None:
    linux.mount("none", str(target), flags=linux.MS_BIND, source=str(source))


def in_memory(target: str | Path, options: str = "", flags: int = 0) -> None:
    """An empty file system."""
    linux.mount("tmpfs", str(target), options, flags)


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


def instead_of(target: str, source: Path) -> tuple[str, ...]:
    """What a command begins with that finds ``source`` at ``target``; nothing where that is impossible."""
    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return ()
    return ("unshare", "--mount", "sh", "-c", f'mount --bind {source} {target} && exec "$@"', "sh")


def own_var_lib(path: Path) -> tuple[str, ...]:
    """What a command begins with that is not to touch what root keeps in /var/lib about the users served: it gets a directory in ``path``
    instead, where mounts are possible."""
    (path / "lib").mkdir(exist_ok=True)
    return instead_of("/var/lib", path / "lib")

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first process of all hosts: it gives them a network of their own, starts them, and stays.

Each host is a process in further namespaces of its own. As all of them are in this process's namespaces too, they end with it.
Argument: the directory with the files that hosts.py made. (Paths to share follow, which are visible here anyway.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "lab"), str(TESTS)]
import host as host_module  # noqa: E402
import linux  # noqa: E402
from sandbox import process_identity  # noqa: E402

_NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC | linux.CLONE_NEWPID


def main() -> None:
    os.umask(0o022)
    directory = Path(sys.argv[1])
    (directory / "state.json").write_text(json.dumps(process_identity(os.readlink("/proc/self"))))
    # For the controller's sockets, which would stay behind anywhere else.
    linux.mount("tmpfs", "/run", "mode=0755")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    hosts = json.loads((directory / "hosts.json").read_text())
    pids = _start(hosts, directory)
    if missing := [host["name"] for host in hosts if host["name"] not in pids]:
        sys.exit(f"these hosts did not start: {' '.join(missing)}")
    (directory / "pids.json").write_text(json.dumps(pids))
    # From now on for those who enter. Until here the /proc of outside told each process its number there.
    linux.mount("proc", "/proc")
    print("ready", flush=True)
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdout.fileno())
    host_module.stay()


def _start(hosts: list[dict[str, Any]], directory: Path) -> dict[str, int]:
    """All at once; the number of each host's first process as it is seen outside."""
    keys = host_module.Keys((directory / "host_key").read_text(), (directory / "key.pub").read_text())
    reader, writer = os.pipe()
    for host in hosts:
        if os.fork() == 0:
            # The namespace of process numbers is for the children of the process that asks for it.
            linux.unshare(_NAMESPACES)
            if os.fork() == 0:
                _first_process(host, str(directory / "root"), keys, writer)
            os._exit(0)
    os.close(writer)
    # It ends when each host has answered or died.
    with os.fdopen(reader) as answers:
        return dict(json.loads(line) for line in answers)


def _first_process(host: dict[str, Any], mount_point: str, keys: host_module.Keys, writer: int) -> None:
    try:
        pid = int(os.readlink("/proc/self"))
        host_module.become(host, mount_point, keys)
        os.dup2(os.open("/dev/null", os.O_RDWR), sys.stdout.fileno())
        os.write(writer, (json.dumps([host["name"], pid]) + "\n").encode())
        os.close(writer)
        host_module.stay()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host, made by its own first process: a root of its own over one that it shares, users, sshd.

Nothing may be imported after change_root: Python's own files are out of sight then.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import linux
import ssh_server
from system_users import add_users

FIRST_UID = 20001
# Not the machine's: what other people have there is not the host's, and a socket in /run would lead to the real daemon.
EMPTY = {"/run": "0755", "/tmp": "1777", "/home": "0755", "/root": "0700", "/dev": "0755"}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}


@dataclass(frozen=True)
class Keys:
    """The same for all hosts: making a pair takes longer than starting a host."""

    host: str
    user_public: str


def become(host: dict[str, Any], mount_point: str, keys: Keys) -> None:
    """Turn this process, the first one in its namespaces, into the host, up to the sshd that listens."""
    _enter_root(host["root"], mount_point)
    socket.sethostname(host["name"])
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{host['address']} {host['name']}\n")
    resolver = Path("/etc/resolv.conf")
    resolver.unlink(missing_ok=True)  # it may be a link to where nothing is
    resolver.touch()
    _forget_the_machine()
    add_users({name: f"/home/{name}" for name in [*host["users"], "admin"]}, FIRST_UID)
    if host["kind"] == "no_python":
        _hide_python()
    if host["kind"] != "unreachable":
        ssh_server.start(Path("/etc/ssh/rollout"), keys.host, keys.user_public, host["address"])


def _enter_root(shared: str, mount_point: str) -> None:
    linux.mount("tmpfs", mount_point, "mode=0755")
    upper, work, root = (f"{mount_point}/{name}" for name in ("upper", "work", "root"))
    for path in (upper, work, root):
        os.mkdir(path)
    linux.mount("overlay", root, f"lowerdir={shared},upperdir={upper},workdir={work}")
    for path, mode in EMPTY.items():
        linux.mount("tmpfs", f"{root}{path}", f"mode={mode}", linux.MS_NOSUID)
    linux.mount("proc", f"{root}/proc")
    linux.mount("sysfs", f"{root}/sys", flags=linux.MS_RDONLY)
    _make_devices(f"{root}/dev")
    linux.change_root(root)


def _make_devices(dev: str) -> None:
    for name, (major, minor) in DEVICES.items():
        os.mknod(f"{dev}/{name}", stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(f"{dev}/{name}", 0o666)
    for name in ("pts", "shm"):
        os.mkdir(f"{dev}/{name}")
    linux.mount("devpts", f"{dev}/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5")
    linux.mount("tmpfs", f"{dev}/shm", "mode=1777", linux.MS_NOSUID)
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
    for name, target in links.items():
        os.symlink(target, f"{dev}/{name}")


def _forget_the_machine() -> None:
    """What was ever rolled out to the machine, and its people. Debian gives those numbers from 1000 on."""
    shutil.rmtree("/var/lib/mailops.profiles", ignore_errors=True)
    lines = Path("/etc/passwd").read_text().splitlines(keepends=True)
    system = [line for line in lines if int(line.split(":")[2]) < 1000 or line.startswith("nobody:")]
    Path("/etc/passwd").write_text("".join(system))


def _hide_python() -> None:
    for directory in ("/usr/bin", "/usr/local/bin"):
        for path in Path(directory).glob("python*"):
            path.unlink()


def stay() -> None:
    """The first process inherits every orphan, and while it stays the host does."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    while True:
        signal.pause()

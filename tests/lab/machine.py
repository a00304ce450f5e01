# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine of the lab: the sandbox's first process makes it, starts the mail server in it, and stays.

Arguments: the lab's directory, then the paths that must be the same inside and outside.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import mailserver
from sandbox import HERE, process_identity
from system_users import add_users

# What the machine has here can be read in the sandbox; what is written there stays there.
OVERLAID = ("/etc", "/home", "/var", "/root", "/srv", "/opt")
# Empty in the sandbox: a socket in /run would still lead to the real daemon.
EMPTY = {"/run": "755", "/tmp": "1777", "/dev/shm": "1777"}
OVERLAY_STORE = "/run/overlay"


def main() -> None:
    os.umask(0o022)
    directory, *kept = map(Path, sys.argv[1:])
    say_who_this_is(directory)
    try:
        enter_private_root(directory / "root", kept)
        socket.sethostname("lab")
        run("ip", "link", "set", "lo", "up")
        shutil.copy(HERE / "config" / "hosts", "/etc/hosts")
        # Often a link into /run, where nothing is. Without a name server a look-up fails at once.
        Path("/etc/resolv.conf").unlink(missing_ok=True)
        Path("/etc/resolv.conf").touch()
        people = json.loads((HERE / "users.json").read_text())
        add_users({person["name"]: f"/home/{person['name']}" for person in people}, first_uid=20001)
        # Not "vmail", which is what a mail administrator's machine may have already.
        add_users({"mailops-lab": "/var/mail/mailops-lab"}, first_uid=20000)
        mailserver.start({person["email"]: person["password"] for person in people})
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)} failed with exit status {error.returncode}")
    except mailserver.NotServing as error:
        sys.exit(f"{error}; the end of its log:\n{mailserver.log_tail()}")
    print("ready", flush=True)
    reap_forever()


def say_who_this_is(directory: Path) -> None:
    """Until the sandbox has a /proc of its own, this one knows the process by its number outside."""
    identity = process_identity(os.readlink("/proc/self"))
    (directory / "state.json").write_text(json.dumps(identity))


def run(*argv: str) -> None:
    # Standard output is the line to whoever waits for "ready".
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def enter_private_root(root: Path, kept: Iterable[Path]) -> None:
    """Build the sandbox's file system at root, out of the machine's, and make it this process's /."""
    run("mount", "--rbind", "/", str(root))
    for path, mode in EMPTY.items():
        run("mount", "-t", "tmpfs", "-o", f"mode={mode}", "lab", f"{root}{path}")
    os.mkdir(f"{root}/run/lock")
    os.chmod(f"{root}/run/lock", 0o1777)
    for path in filter(os.path.isdir, OVERLAID):
        _overlay(path, root)
    for path in kept:
        if _is_below(path, (*OVERLAID, *EMPTY)):
            Path(f"{root}{path}").mkdir(parents=True, exist_ok=True)
            run("mount", "--bind", str(path), f"{root}{path}")
    run("mount", "-t", "proc", "proc", f"{root}/proc")
    os.chdir(root)
    # The old root goes to a directory that every system has, for the moment until it is let go.
    run("pivot_root", ".", "mnt")
    os.chdir("/")
    run("umount", "--lazy", "/mnt")


def _overlay(path: str, root: Path) -> None:
    upper, work = (f"{root}{OVERLAY_STORE}/{kind}{path}" for kind in ("upper", "work"))
    for directory in (upper, work):
        os.makedirs(directory)
    # The merged directory has the mode and owner of the upper one: /root must not become readable.
    original = os.stat(path)
    os.chown(upper, original.st_uid, original.st_gid)
    shutil.copymode(path, upper)
    os.chmod(f"{root}{OVERLAY_STORE}", 0o700)
    run("mount", "-t", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", "lab", f"{root}{path}")


def _is_below(path: Path, tops: Iterable[str]) -> bool:
    return any(Path(top) in (path, *path.parents) for top in tops)


def reap_forever() -> None:
    """The first process inherits every orphan of the sandbox. The servers are among its children, so it never ends."""
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdout.fileno())
    while True:
        os.wait()


if __name__ == "__main__":
    main()

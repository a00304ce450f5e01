# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first process of the room: makes a private machine with users, an sshd and a /dev/log, and watches what happens in it.

Arguments: the directory of the room, then the paths that must be the same inside and outside.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "lab")]

import machine  # noqa: E402  the lab's
import ssh_server  # noqa: E402
import watch  # noqa: E402

RECORDS = "/run/records"
USERS = ("alice", "bob", "carol", "dave", "erin", "admin")
# Without what is in there before; directories that are made later are watched, too.
WATCHED = ("/root", "/root/.ansible", "/root/.ansible/tmp", "/tmp", "/var/tmp", "/var/log", "/run", "/srv", "/dev/shm", "/home",
           *(f"/home/{name}" for name in USERS))
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def main() -> None:
    os.umask(0o022)
    directory, *kept = map(Path, sys.argv[1:])
    machine.say_who_this_is(directory)
    machine.enter_private_root(directory / "root", kept)
    _private_devices()
    os.mkdir(RECORDS, 0o700)
    machine.run("ip", "link", "set", "lo", "up")
    machine.add_users({name: f"/home/{name}" for name in USERS}, first_uid=20_001)
    for name in USERS:
        os.chmod(f"/home/{name}", 0o755)  # what protects a password is the mode of its file alone
    # sudo and sshd say something to the log, too, so it listens first.
    watch.start(watch.record_log, "/dev/log", f"{RECORDS}/log")
    ssh_server.start_with_new_keys(Path("/etc/room-ssh"), Path("/root/key"))
    watch.start(watch.sample_processes, f"{RECORDS}/processes")
    watch.start(watch.watch_files, WATCHED, f"{RECORDS}/files")
    print("ready", flush=True)
    machine.reap_forever()


def _private_devices() -> None:
    """A /dev of its own: the log's socket must not appear in the real one."""
    machine.run("mount", "-t", "tmpfs", "-o", "mode=755", "room", "/mnt")
    for name in _DEVICES:
        Path("/mnt", name).touch()
        machine.run("mount", "--bind", f"/dev/{name}", f"/mnt/{name}")
    for name in ("pts", "shm"):
        Path("/mnt", name).mkdir()
        machine.run("mount", "--bind", f"/dev/{name}", f"/mnt/{name}")
    for name, target in {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(target, f"/mnt/{name}")
    machine.run("mount", "--move", "/mnt", "/dev")


if __name__ == "__main__":
    main()

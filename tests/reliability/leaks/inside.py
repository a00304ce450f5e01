# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first process of the room: makes a private machine with users, an sshd and a /dev/log, and watches what happens in it.

Arguments: an empty directory to build the root in, then the paths that must be the same inside and outside.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "lab")]

import machine  # noqa: E402  the lab's
import watch  # noqa: E402

RECORDS = "/run/records"
USERS = ("alice", "bob", "carol", "dave", "erin", "admin")
# Without what is in there before; directories that are made later are watched, too.
WATCHED = ("/root", "/root/.ansible", "/root/.ansible/tmp", "/tmp", "/var/tmp", "/var/log", "/run", "/srv", "/dev/shm", "/home",
           *(f"/home/{name}" for name in USERS))
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_SSH = """
set -e
usermod --password '*' admin  # a locked account may not even log in with a key
mkdir -p /etc/sudoers.d /run/sshd
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
ssh-keygen -q -t ed25519 -N '' -f /etc/room_host_key
ssh-keygen -q -t ed25519 -N '' -f /root/key
install -d -o admin -g admin -m 700 /home/admin/.ssh
install -o admin -g admin -m 600 /root/key.pub /home/admin/.ssh/authorized_keys
printf '%s\\n' 'Port 2222' 'ListenAddress 127.0.0.1' 'HostKey /etc/room_host_key' 'PasswordAuthentication no' \
    'PidFile /run/room-sshd.pid' 'Subsystem sftp internal-sftp' > /etc/room_sshd
/usr/sbin/sshd -f /etc/room_sshd
"""


def main() -> None:
    os.umask(0o022)
    root, *kept = map(Path, sys.argv[1:])
    outside = os.readlink("/proc/self")  # the number of this process for whoever started it
    machine._enter_private_root(root, kept)
    _private_devices()
    os.mkdir(RECORDS, 0o700)
    machine.run("ip", "link", "set", "lo", "up")
    machine.add_users({name: f"/home/{name}" for name in USERS}, first_uid=20_001)
    for name in USERS:
        os.chmod(f"/home/{name}", 0o755)  # what protects a password is the mode of its file alone
    # sudo and sshd say something to the log, too, so it listens first.
    watch.start(watch.record_log, "/dev/log", f"{RECORDS}/log")
    subprocess.run(["sh", "-c", _SSH], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    watch.start(watch.sample_processes, f"{RECORDS}/processes")
    watch.start(watch.watch_files, WATCHED, f"{RECORDS}/files")
    print(outside, flush=True)
    machine._reap_forever()


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

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An sshd for the user admin, who becomes root by sudo without a password.

Run as a program, inside a sandbox: the directory for its files, which does not exist yet, and the path of the controller's new key.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

PORT = 2222
SECONDS_TO_LISTEN = 30
_PID_FILE = Path("/run/sshd.pid")
_CONFIG = f"""
Port {PORT}
ListenAddress {{address}}
HostKey {{directory}}/host_key
AuthorizedKeysFile {{directory}}/authorized_keys
PasswordAuthentication no
PermitRootLogin prohibit-password
UseDNS no
UsePAM no
PidFile {_PID_FILE}
Subsystem sftp internal-sftp
"""


def make_key(path: Path) -> str:
    """The text of the new key; the public one is beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rollout", "-f", path], check=True, stdin=subprocess.DEVNULL)
    return path.read_text()


def start(directory: Path, host_key: str, authorized_keys: str, address: str = "127.0.0.1") -> None:
    """Returns when it listens."""
    directory.mkdir()
    files = {"sshd_config": _CONFIG.format(address=address, directory=directory), "host_key": host_key, "authorized_keys": authorized_keys}
    for name, text in files.items():
        (directory / name).touch(0o600)
        (directory / name).write_text(text)
    (directory / "authorized_keys").chmod(0o644)
    sudo = Path("/etc/sudoers.d/admin")
    sudo.parent.mkdir(exist_ok=True)
    sudo.unlink(missing_ok=True)  # it may be a link to where nothing is
    sudo.write_text("admin ALL=(ALL) NOPASSWD: ALL\n")
    sudo.chmod(0o440)
    os.mkdir("/run/sshd")
    subprocess.run(["/usr/sbin/sshd", "-f", directory / "sshd_config"], stdin=subprocess.DEVNULL, check=True)
    deadline = time.monotonic() + SECONDS_TO_LISTEN
    while not _PID_FILE.exists():  # It is written once sshd listens.
        if time.monotonic() > deadline:
            raise TimeoutError(f"sshd does not listen after {SECONDS_TO_LISTEN} seconds")
        time.sleep(0.01)


def start_with_new_keys(directory: Path, key: Path) -> None:
    make_key(key)
    temporary = key.with_name("new_host_key")
    start(directory, make_key(temporary), key.with_name(f"{key.name}.pub").read_text())
    for path in (temporary, temporary.with_name(f"{temporary.name}.pub")):
        path.unlink()


if __name__ == "__main__":
    start_with_new_keys(Path(sys.argv[1]), Path(sys.argv[2]))

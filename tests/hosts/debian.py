# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root directory of another release than the machine's, with another Python. Made once, then kept below build/."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))
from sandbox import REPOSITORY, LabError  # noqa: E402

CACHE = REPOSITORY / "build"
# Release and its Python, that of Debian or Ubuntu, the oldest that the newest ansible-core still serves first.
RELEASES = {"bullseye": "3.9", "jammy": "3.10", "bookworm": "3.11", "noble": "3.12", "trixie": "3.13"}
_PACKAGES = "python3,openssh-server,sudo"


class NoMirror(LabError):
    """None of apt's sources has another release."""


def root() -> Path:
    """Takes a minute and a mirror when it is not there yet."""
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "debian.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own = machine_python()
        others = [release for release, python in RELEASES.items() if python != own]
        for release in others:
            if _directory(release).is_dir():
                return _directory(release)
        for release in others:
            if mirror := _mirror(release):
                return _make(release, mirror)
    raise NoMirror(f"no mirror in apt's sources has any of {', '.join(others)}, which the host with another Python is made of")


def machine_python() -> str:
    """What the hosts have that share the machine's root."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(["/usr/bin/python3", "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def _directory(release: str) -> Path:
    return CACHE / f"debian-{release}"


def _mirror(release: str) -> str | None:
    """The one of the machine's own mirrors that has the release, asked in apt's way, proxies included."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
                            check=True, capture_output=True, text=True).stdout.split()  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "Release")
        for uri in dict.fromkeys(listed):
            argv = ["/usr/lib/apt/apt-helper", "download-file", f"{uri}dists/{release}/Release", str(file)]
            found = subprocess.run(argv, capture_output=True, check=False).returncode == 0
            # Other vendors name their repositories after the release that they are for.
            if found and file.read_text().startswith(("Origin: Debian\n", "Origin: Ubuntu\n")):
                return uri
    return None


def _make(release: str, mirror: str) -> Path:
    half = CACHE / f"debian-{release}.part"
    shutil.rmtree(half, ignore_errors=True)
    log = CACHE / f"debian-{release}.log"
    # Whatever debootstrap mounts and starts goes with its namespaces.
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}",
            release, str(half), mirror]  # fmt: skip
    with log.open("wb") as output:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise LabError(f"debootstrap of {release} from {mirror} failed; the end of {log}:\n" + "\n".join(log.read_text().splitlines()[-20:]))
    for package in half.glob("var/cache/apt/archives/*.deb"):
        package.unlink()
    os.rename(half, _directory(release))
    return _directory(release)

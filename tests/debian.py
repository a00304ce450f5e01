# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root directories of other releases than the machine's, with their updates: made by debootstrap as root, once for each list of packages,
then kept below build/."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / "build"
# $0: the root, $1: its sources.list, then the packages. apt fetches through whatever proxy the machine's own apt does, and no service of a
# package is started.
_INSTALL = """
set -e
apt-config dump Acquire >"$0/etc/apt/apt.conf.d/00machine"
printf %s "$1" >"$0/etc/apt/sources.list"
shift
printf '#!/bin/sh\\nexit 101\\n' >"$0/usr/sbin/policy-rc.d"
chmod 755 "$0/usr/sbin/policy-rc.d"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
export DEBIAN_FRONTEND=noninteractive
chroot "$0" apt-get -qq update
chroot "$0" apt-get -qq upgrade --yes
chroot "$0" apt-get -qq install --yes --no-install-recommends "$@"
chroot "$0" apt-get clean
"""


class Unavailable(Exception):
    """Why a root cannot be had here, in a sentence."""


def is_made(name: str, packages: Collection[str]) -> bool:
    stamp = CACHE / f"{name}.stamp"
    return (CACHE / name).is_dir() and stamp.is_file() and stamp.read_text().split() == sorted(packages)


def make_root(name: str, release: str, packages: Collection[str]) -> Path:
    """The directory build/NAME with these packages and what they depend on. The first time takes a minute or two and a mirror."""
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(name, packages):
            _make(name, release, sorted(packages))
    return CACHE / name


def mirror(release: str) -> str | None:
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


def _make(name: str, release: str, packages: list[str]) -> None:
    if os.geteuid():
        raise Unavailable(f"the root directory of {release} can be made by root only")
    if not shutil.which("debootstrap"):
        raise Unavailable(f"the root directory of {release} is made by debootstrap, which make packages installs")
    uri = mirror(release)
    if uri is None:
        raise Unavailable(f"no mirror in apt's sources has {release}")
    suites = {suite: mirror(suite) for suite in (release, f"{release}-updates", f"{release}-security")}
    sources = "".join(f"deb {place} {suite} main\n" for suite, place in suites.items() if place)
    half, stamp, log = (CACHE / f"{name}.{end}" for end in ("part", "stamp", "log"))
    for path in (half, CACHE / name):
        shutil.rmtree(path, ignore_errors=True)
    with log.open("wb") as output:
        for argv in (["debootstrap", "--variant=minbase", "--include=ca-certificates", release, str(half), uri],
                     ["sh", "-c", _INSTALL, str(half), sources, *packages]):  # fmt: skip
            # Whatever they mount and start goes with their namespaces.
            isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *argv]
            if subprocess.run(isolated, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode:
                end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise Unavailable(f"{argv[0]} of {release} from {uri} failed; the end of {log}:\n{end}")
    os.rename(half, CACHE / name)
    stamp.write_text("\n".join(packages) + "\n")

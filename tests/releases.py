# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail programs of each Debian release that they are tested with: the machine's own, and those in a root of another release."""

from __future__ import annotations

import platform
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .debian import CACHE, Unavailable, make_root

# What the root of another release has: the programs that accounts are rendered for.
CLIENT_PACKAGES = (Path(__file__).parent / "lab" / "client-packages").read_text().split()
_CODENAMES = {"debian12": "bookworm", "debian13": "trixie"}
# $1: the root; $2: an empty directory, whose "root" becomes the same with a layer in memory; then what it has in common with the machine.
_MOUNT = """
set -e
root=$1 place=$2
shift 2
mount -t tmpfs -o mode=755 releases "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay -o "lowerdir=$root,upperdir=$place/upper,workdir=$place/work" releases "$place/root"
for path; do
  if [ -d "$path" ]; then mkdir -p "$place/root$path"; else : >>"$place/root$path"; fi
  mount --rbind "$path" "$place/root$path"
done
"""


@dataclass(frozen=True)
class Release:
    """A name such as debian13, and the root of its programs; None for the machine's own."""

    name: str
    root: Path | None

    def __str__(self) -> str:
        return self.name


def _machine() -> str:
    try:
        described = platform.freedesktop_os_release()
    except OSError:
        return platform.system().lower()
    return f"{described['ID']}{described.get('VERSION_ID', '')}"


OWN = _machine()
NAMES = [OWN, *(name for name in _CODENAMES if name != OWN)]
OTHERS = NAMES[1:]


def find(name: str) -> Release:
    """Makes the root when it is not there yet; Unavailable where that is impossible."""
    if name == OWN:
        return Release(name, None)
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        raise Unavailable(f"the programs of {name} are run in a mount namespace of their own, which needs root")
    return Release(name, make_root(f"{name}-clients", _CODENAMES[name], CLIENT_PACKAGES))


def mount_command(release: Release, place: str, common: Sequence[str]) -> list[str]:
    """A command that makes ``place``/root the root of this release, with these paths of the machine's own."""
    return ["sh", "-c", _MOUNT, "sh", str(release.root), place, *common]


class Room:
    """Runs programs of a release beside the machine's files, with a mount namespace of its own where the release has a root of its own."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._holder: subprocess.Popen[bytes] | None = None
        if release.root:
            CACHE.mkdir(exist_ok=True)
            place = CACHE / "releases"
            place.mkdir(exist_ok=True)
            script = 'place=$1; shift; "$@" && exec chroot "$place/root" sh -c "echo ready; exec cat"'
            argv = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh", str(place),
                    *mount_command(release, str(place), ("/dev", "/proc", tempfile.gettempdir()))]  # fmt: skip
            self._holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if self._holder.stdout.readline() != b"ready\n":
                raise RuntimeError(f"the root of {release} cannot be mounted")

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command that runs this one with the release's programs, as the same user, in /."""
        if self._holder is None:
            return list(argv)
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--root", "--wdns=/", *argv]

    def close(self) -> None:
        if self._holder:
            self._holder.communicate()

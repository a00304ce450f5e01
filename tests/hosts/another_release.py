# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root directory of another release than the machine's, with another Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.debian import Unavailable, is_made, make_root, mirror  # noqa: E402

# Release and its Python, that of Debian or Ubuntu, the oldest that the newest ansible-core still serves first.
RELEASES = {"bullseye": "3.9", "jammy": "3.10", "bookworm": "3.11", "noble": "3.12", "trixie": "3.13"}
_PACKAGES = ("openssh-server", "python3", "sudo")


def root() -> Path:
    """Takes a minute and a mirror when it is not there yet; Unavailable without one."""
    own = machine_python()
    others = [release for release, python in RELEASES.items() if python != own]
    release = next((each for each in others if is_made(_name(each), _PACKAGES)), None)
    release = release or next((each for each in others if mirror(each)), None)
    if release is None:
        raise Unavailable(
            f"no mirror in apt's sources has any of {', '.join(others)}, which the host with another Python is made of"
        )
    return make_root(_name(release), release, _PACKAGES)


def machine_python() -> str:
    """What the hosts have that share the machine's root."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(["/usr/bin/python3", "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def _name(release: str) -> str:
    return f"debian-{release}"

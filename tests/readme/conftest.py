# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixture `newcomer`: an ordinary user with an empty home, who has the machine's Python and nothing of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..mounts import instead_of

ROOT = Path(__file__).resolve().parents[2]
_UID = 64_999
# What would let the newcomer see the caller's settings instead of the defaults. How to reach a package index is not among them.
_SETTINGS = ("ANSIBLE_", "MAILOPS_", "MAKE", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "XDG_")


class Newcomer:
    def __init__(self, home: Path) -> None:
        self.home = home
        self._as_user: list[str] = []
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        self._environment |= {"HOME": str(home), "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "ANSIBLE_NOCOLOR": "1"}
        if lock := os.environ.get("LOCK", "tests/constraints.txt"):
            shutil.copy(ROOT / lock, home / ".constraints")
            self._environment["PIP_CONSTRAINT"] = str(home / ".constraints")
        if os.geteuid() == 0:
            self._be_another_user()

    def _be_another_user(self) -> None:
        """One whom only the newcomer's processes know: the machine's list of users stays as it is."""
        users = self.home / ".passwd"
        users.write_text(f"{Path('/etc/passwd').read_text()}newcomer:x:{_UID}:{_UID}::{self.home}:/bin/bash\n")
        own_users = instead_of("/etc/passwd", users)
        if not own_users:
            pytest.skip("no mount namespaces here")
        self._as_user = [*own_users, "setpriv", f"--reuid={_UID}", f"--regid={_UID}", "--clear-groups"]
        self._environment |= {"USER": "newcomer", "LOGNAME": "newcomer"}
        self.owns(self.home)

    def owns(self, top: Path) -> None:
        if self._as_user:
            subprocess.run(["chown", "-R", "-h", f"{_UID}:{_UID}", top], check=True)

    def run(self, script: str, directory: Path | None = None) -> str:
        """What the shell says to the script, which has to succeed. With the umask that Debian and Ubuntu give to users."""
        argv = [*self._as_user, "bash", "-c", f"umask 002\nset -e\n{script}"]
        done = subprocess.run(
            argv, cwd=directory or self.home, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    # Not below tmp_path, which other users cannot enter.
    with tempfile.TemporaryDirectory(prefix="mailops-newcomer-") as directory:
        home = Path(directory, "home")
        home.mkdir()
        os.chmod(directory, 0o755)
        yield Newcomer(home)


@pytest.fixture
def checkout(newcomer: Newcomer) -> Path:
    """The newcomer's own, of what would be committed now."""
    made = subprocess.run([ROOT / ".ci/copy", newcomer.home], check=True, capture_output=True, text=True).stdout.strip()
    newcomer.owns(newcomer.home)
    return Path(made)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with homes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer import state

from .home import Home, Host, Site
from .machine import Machine


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, but open to all users: no permission on the way to a trap's target does the writer's work."""
    path = Path(tempfile.mkdtemp(prefix="mailops-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A directory of root's that no other user can exchange, as that of ``tmp_path`` is not."""
    path = Path(tempfile.mkdtemp(prefix="mailops-test-", dir="/srv"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root directory of a host, for root's own files and those that users share."""
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    monkeypatch.setattr(state, "ROOT", str(path))  # /var/lib of the machine is not the tests'
    return path


@pytest.fixture
def host(root: Path, tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def alice(host: Host) -> Home:
    return host.home("alice")


@pytest.fixture
def site(root: Path, tmp_path: Path) -> Site:
    return Site(tmp_path / "srv")


@pytest.fixture
def machine(host: Host, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(host, monkeypatch)

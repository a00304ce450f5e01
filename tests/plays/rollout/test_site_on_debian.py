# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout of Debian as its packages make it: its own nginx and Apache accept what the role writes to /etc, in a copy of that directory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ...mounts import instead_of, own_var_lib
from .conftest import PROFILE, Project, user
from .sites import DOMAIN, certificate


@pytest.fixture
def project(collections_path: str) -> Iterator[Project]:
    if os.geteuid() != 0 or not os.path.exists("/etc/debian_version"):
        pytest.skip("needs root, and a Debian or one of its kin")
    path = Path(tempfile.mkdtemp(prefix="mailops-site-"))
    path.chmod(0o755)
    yield Project(path, collections_path, ("unshare", "--net", *own_var_lib(path)))
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "etc", "files"), [
    ("nginx", "/etc/nginx", ["sites-available/mail-setup-default.conf", "sites-enabled/mail-setup-default.conf"]),
    ("apache", "/etc/apache2", ["sites-available/mail-setup-default.conf", "sites-enabled/mail-setup-default.conf", "mods-enabled/ssl.load"]),
])  # fmt: skip
def test_the_packages_own_configuration_takes_the_site(project: Project, kind: str, etc: str, files: list[str]) -> None:
    if not shutil.which("nginx" if kind == "nginx" else "apache2"):
        pytest.skip(f"{kind} is not installed")
    copy = project.path / "etc"
    shutil.copytree(etc, copy, symlinks=True)
    isolation = project.isolation + instead_of(etc, copy)
    for place in (f"/var/log/{Path(etc).name}", "/run"):
        mine = project.path / Path(place).name
        (mine / "lock").mkdir(parents=True)
        isolation += instead_of(place, mine)
    (project.path / "lib/nginx").mkdir()
    own = replace(project, isolation=isolation)
    certificate(project.path)
    site = {
        "server": kind, "domain": DOMAIN, "root": f"{project.path}/site", "certificate_file": f"{project.path}/site.pem", "users": [user("anna")],
        "certificate_key_file": f"{project.path}/site.key", "reload_command": ["true"], "profile_definitions": [PROFILE],
        "link_secret": "the secret of links in these tests",
    }  # fmt: skip
    for state in ("present", "absent"):
        variables = {f"mail_setup_site_{name}": value for name, value in {**site, "state": state}.items()}
        inventory = own.write("hosts.json", {"mail_setup_site": {"hosts": {"web": {"ansible_connection": "local", **variables}}}})
        run = own.play("mailops.profiles.setup_site", "-i", inventory)
        assert run.status == 0, run.output[-3000:]
        # Other sites may need the modules by then.
        assert {name for name in files if os.path.lexists(copy / name)} == {name for name in files if state == "present" or "mods" in name}
    assert "mail-setup" not in str(sorted(os.listdir(f"{etc}/sites-available")))

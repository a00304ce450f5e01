# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users with homes that the host knows, beside directories that are no homes."""

from __future__ import annotations

import pwd
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, File, Job, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

from .home import PATTERNS, Home, Host, Site, block, owned


class Machine:
    """Users with homes that the host knows, beside directories that are no homes."""

    def __init__(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        self._host = host
        self.site = Site(host.root / "srv")
        self.homes: dict[str, str] = {}
        known = pwd.getpwnam
        # The machine's own list of users stays as it is; test_users.py has one in a mount namespace.
        monkeypatch.setattr(pwd, "getpwnam", lambda name: self._entry(name) if name in self.homes else known(name))

    def _entry(self, name: str) -> pwd.struct_passwd:
        uid = self._host.home(name).uid
        return pwd.struct_passwd((name, "x", uid, uid, "", self.homes[name], "/bin/sh"))

    def add(self, name: str) -> Home:
        home = self._host.home(name)
        self.homes[name] = str(home.path)
        return home

    def run(self, *names: str, absent: tuple[str, ...] = (), check: bool = False, files: tuple[File, ...] | None = None, **other: Any) -> Answer:
        """Of homes."""
        places = [Place(name, None, (block(), owned()) if files is None else files) for name in names] + [Place(name, absent=True) for name in absent]
        job = Job("default", tuple(places), PATTERNS, deadline=5, inventory_host="desk")
        return load_answer(run(dump_job(job._replace(**other)), check, False)[1])

    @property
    def served(self) -> list[tuple[str, str]]:
        return self.site.served.get("default.json", [])

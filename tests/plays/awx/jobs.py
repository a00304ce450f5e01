# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job as AWX runs it: ansible-runner in a private data directory, with the variables, environment, files and hosts that AWX would write there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...checkout import COLLECTIONS
from ...mounts import own_var_lib
from .conftest import AWX
from .rules import dump_extra_vars, inject

# awx/settings/defaults.py: the result of an event that is longer is dropped.
MAX_EVENT_RES_DATA = 700_000
_INVENTORY = "#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint(%r)\n"


@dataclass(frozen=True)
class Job:
    """``text``: everything that was displayed. ``events``: of Ansible, as AWX stores them. ``artifacts``: of the job."""

    status: int
    text: str
    events: list[dict[str, Any]]
    directory: Path

    @property
    def artifacts(self) -> dict[str, Any]:
        """Those of ``set_stats`` that are not a host's own, which AWX takes from the last event."""
        stats = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return stats[0]["event_data"].get("artifact_data", {}) if stats else {}

    @property
    def changed(self) -> bool:
        return any(event["event_data"].get("res", {}).get("changed") for event in self.events if event["event"] == "runner_on_ok")

    def leaks(self, *secrets: str) -> list[str]:
        """The secrets that are in what AWX keeps of the job: events and output."""
        kept = json.dumps(self.events, ensure_ascii=False) + self.text
        return [secret for secret in secrets if secret in kept or json.dumps(secret)[1:-1] in kept]

    def longest_result(self) -> int:
        return max((len(str(event["event_data"].get("res", ""))) for event in self.events), default=0)


class Controller:
    """A directory with the project and what jobs leave. ``homes``: where accounts go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.homes = path / "homes"
        self._number = 0
        self._isolation = own_var_lib(path)

    def hosts(self, users: Mapping[str, list[dict[str, Any]]], **variables: Any) -> dict[str, Any]:
        """An inventory as AWX dumps it: the hosts of the group mail_accounts, each with its users."""
        common = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "mail_accounts_clients": ["msmtp"],
            "mail_accounts_dest": f"{self.homes}/{{{{ inventory_hostname }}}}/{{UserName}}",
        }  # fmt: skip
        hostvars = {name: {"mail_accounts_users": entries} for name, entries in users.items()}
        return {
            "all": {"hosts": [], "children": ["mail_accounts"], "vars": {}}, "_meta": {"hostvars": hostvars},
            "mail_accounts": {"hosts": list(users), "vars": {**common, **variables}, "children": []},
        }  # fmt: skip

    def run(
        self, playbook: str, variables: Mapping[str, Any] | None = None, inventory: Mapping[str, Any] | None = None,
        credentials: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = (), arguments: str = "",
    ) -> Job:  # fmt: skip
        """``variables``: extra variables of the job. ``credentials``: injectors and inputs. ``arguments``: such as --limit."""
        self._number += 1
        directory = self.path / f"job-{self._number}"
        for name in ("env", "inventory"):
            (directory / name).mkdir(parents=True)
        shutil.copytree(AWX / "project", directory / "project")
        environment = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_NOCOLOR": "1",
                       "HOME": str(self.path), "AWX_ISOLATED_DATA_DIR": str(directory / "artifacts")}  # fmt: skip
        for injectors, inputs in credentials:
            environment.update(inject(injectors, inputs, directory / "env"))
        own = {f"{name}_{key}": value for name in ("awx", "tower") for key, value in (("job_id", self._number), ("job_launch_type", "manual"))}
        (directory / "env" / "envvars").write_text(json.dumps(environment))
        (directory / "env" / "extravars").write_text(dump_extra_vars({**own, **(variables or {})}))
        (directory / "env" / "cmdline").write_text(arguments)
        script = directory / "inventory" / "hosts"
        script.write_text(_INVENTORY % json.dumps(inventory or {"all": {"hosts": []}, "_meta": {"hostvars": {}}}))
        script.chmod(0o700)
        programs = f"{Path(sys.executable).parent}:{os.defpath}"
        done = subprocess.run(
            [*self._isolation, sys.executable, "-m", "ansible_runner", "run", str(directory), "-p", f"{playbook}.yml", "-i", str(self._number)],
            env={"PATH": programs, "HOME": str(self.path), "LANG": "C.UTF-8"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        kept = directory / "artifacts" / str(self._number) / "job_events"
        events = [json.loads(path.read_text()) for path in sorted(kept.glob("*.json"), key=lambda path: int(path.name.split("-")[0]))]
        return Job(done.returncode, done.stdout + done.stderr, [event for event in events if "event_data" in event], directory)

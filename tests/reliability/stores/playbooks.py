# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook processes that change one store."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.mailops.profiles.plugins import plugin_utils

from ...unit.stores.edits import SERVERS

COLLECTIONS = str(Path(next(iter(plugin_utils.__path__))).parents[4])

_EDITS = """
- hosts: localhost
  gather_facts: false
  tasks:
    - mailops.profiles.mail_profile:
        name: "{{ item.name }}"
        incoming: "{{ item.incoming }}"
        outgoing: "{{ item.outgoing }}"
        variables: "{{ item.variables }}"
      loop: "{{ items }}"
      register: done
    - ansible.builtin.debug:
        msg: "revisions: {{ done.results | map(attribute='profile.revision') | join(' ') }}"
"""
_BULK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - mailops.profiles.mail_profiles:
        profiles: "{{ items }}"
        purge: true
"""


class Playbook:
    """A run, under way. ``environment`` comes on top of the test's own."""

    def __init__(self, play: str, items: list[dict[str, Any]], store: str, room: Path, environment: dict[str, str]) -> None:
        room.mkdir()
        # Ansible looks for results a thousand times a second, which keeps the others from working when there are 25.
        (room / "ansible.cfg").write_text("[defaults]\ninternal_poll_interval = 0.05\n")
        (room / "play.yml").write_text(play)
        (room / "items.json").write_text(json.dumps({"items": items}))
        self._output = room / "output"
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "-e", "@items.json", "play.yml"],
                cwd=room, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={
                    **os.environ, "HOME": str(room), "LANG": "C.UTF-8", "MAILOPS_STORE": store, "ANSIBLE_NOCOLOR": "1",
                    "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS, "PYTHONDONTWRITEBYTECODE": "1", **environment,
                },
            )  # fmt: skip

    def wait(self) -> list[int]:
        """The revisions that its edits made, in their order."""
        self.process.wait(300)
        said = self._output.read_text()
        assert self.process.returncode == 0, said[-5000:]
        found = re.search(r"revisions: ([0-9 ]+)", said)
        return [int(number) for number in found[1].split()] if found else []

    def kill(self) -> bool:
        """All its processes, at one moment; False when it had ended."""
        if self.process.poll() is None:
            _kill(self.process.pid)
        return self.process.wait() == -signal.SIGKILL


def _kill(pid: int) -> None:
    """A process that can start no more children, with those that it has."""
    try:
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            _kill(int(child))
        os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return  # it was faster


def edits(writer: int, number: int) -> list[dict[str, Any]]:
    """Edits of profiles of this writer's own, and as many of one that all share, in turn."""
    items = []
    for index in range(number):
        items.append({**SERVERS, "name": f"own-{writer}-{index}", "variables": {"Writer": str(writer)}})
        items.append({**SERVERS, "name": "shared", "variables": {f"Writer{writer}": ("forth", "back")[index % 2]}})
    return items


class AtOnce:
    """Playbooks that make ``edits`` all at the same time."""

    def __init__(self, writers: int, number: int, store: str, room: Path, environment: dict[str, str] | None = None) -> None:
        self._number = number
        self._items = [edits(writer, number) for writer in range(writers)]
        room.mkdir()
        self._playbooks = [
            Playbook(_EDITS, items, store, room / str(writer), environment or {}) for writer, items in enumerate(self._items)
        ]

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_exc: object) -> None:
        for playbook in self._playbooks:
            playbook.kill()

    @property
    def running(self) -> bool:
        return any(playbook.process.poll() is None for playbook in self._playbooks)

    def check(self, found: dict[str, Any]) -> None:
        """Each edit has had its effect, and no revision of the shared profile was made twice or left out."""
        said = [playbook.wait() for playbook in self._playbooks]
        wanted: dict[str, dict[str, str]] = {}
        for items in self._items:
            for item in items:
                wanted.setdefault(item["name"], {}).update(item["variables"])
        assert {name: record.data["variables"] for name, record in found.items()} == wanted
        changes = len(self._items) * self._number
        assert {name: record.revision for name, record in found.items()} == {**dict.fromkeys(wanted, 1), "shared": changes}
        assert all(revisions[::2] == [1] * self._number for revisions in said)
        assert sorted(revision for revisions in said for revision in revisions[1::2]) == list(range(1, changes + 1))


def bulk(items: list[dict[str, Any]], store: str, room: Path) -> Playbook:
    """mail_profiles with ``purge``."""
    return Playbook(_BULK, items, store, room, {})


def seconds(playbook: Playbook) -> float:
    """How long it takes."""
    start = time.monotonic()
    playbook.wait()
    return time.monotonic() - start

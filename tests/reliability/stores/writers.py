# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bulk changes of a store as mail_profiles makes them, in processes that can be killed at any moment."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import statistics
import time
import traceback
import uuid
from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Snapshot
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets import keys as _secrets
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import Change, Store

from ...unit.stores.edits import SERVERS

DONE = "done"


def mixture(chance: random.Random, snapshot: Snapshot, size: int) -> list[dict[str, Any]]:
    """A list for mail_profiles with ``purge``: some stay, some are edited, renamed or left out; some are new."""
    listed = []
    for record in snapshot.values():
        fate = chance.choice(("stays", "stays", "edited", "edited", "renamed", "left out"))
        entry = {"id": record.id, **record.data}
        if fate == "edited":
            entry["signature"] = _text(chance)
        if fate == "renamed":
            entry["name"] = _name(chance)
        if fate != "left out":
            listed.append(entry)
    if len(listed) > 1:
        one, other = chance.sample(listed, 2)
        one["name"], other["name"] = other["name"], one["name"]
    while len(listed) < size:
        profile_id = uuid.UUID(int=chance.getrandbits(128), version=4)
        listed.append({**SERVERS, "id": str(profile_id), "name": _name(chance), "signature": _text(chance)})
    return listed


def _name(chance: random.Random) -> str:
    return f"p-{chance.getrandbits(64):x}"


def _text(chance: random.Random) -> str:
    return "\n".join(f"{chance.getrandbits(256):x}" for _line in range(8))


def after(listed: list[dict[str, Any]], snapshot: Snapshot) -> Snapshot:
    """What a store with ``snapshot`` holds when the list is what it holds."""
    return {edit.after.name: edit.after for edit in replace_all(listed, snapshot, purge=True) if edit.after}


def read(store: Store) -> Snapshot:
    """All profiles, each of them whole."""
    found = store.read()
    for name, record in found.items():
        assert read_profile(record.data, name, literals=False).as_data() == record.data, name
        assert record.name == name
    return found


class Writer:
    """A process that makes one change."""

    def __init__(self, store: Store, change: Change) -> None:
        said, say = os.pipe()
        computed, tell = os.pipe()
        self._started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _write(store, change, tell, say)
        os.close(say)
        os.close(tell)
        self._said, self._computed = said, computed

    def let(self, part: str, moment: float) -> Writer:
        """Until ``moment`` seconds after its start, or after it knew what to write."""
        if part == "writing":
            os.read(self._computed, 1)
            time.sleep(moment)
        else:
            time.sleep(max(0.0, self._started + moment - time.monotonic()))
        return self

    def kill(self) -> str | None:
        """What it came to, if it was faster."""
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> str | None:
        """What it came to: DONE, a message, or None when it was killed."""
        with open(self._said) as said, open(self._computed):
            text = said.read()
        os.waitpid(self.pid, 0)
        return text or None

    def times(self) -> dict[str, float]:
        """How long it takes when nobody kills it: all of it, and the part from when it knows what to write."""
        os.read(self._computed, 1)
        computed = time.monotonic()
        assert self.wait() == DONE
        return {"all": time.monotonic() - self._started, "writing": time.monotonic() - computed}


def _write(store: Store, change: Change, tell: int, say: int) -> None:
    def told(snapshot: Snapshot) -> Any:
        computed = change(snapshot)
        os.write(tell, b".")
        return computed

    text = DONE
    _secrets._deriving = multiprocessing.Lock()  # each run of Ansible has its own; that of a killed one stays locked
    try:
        store.update(told)
    except MailopsError as exc:
        text = str(exc)
    except BaseException:
        text = traceback.format_exc()
    finally:
        os.write(say, text.encode())
        os._exit(0)


class Moments:
    """When to kill writers that take as long as these, for ``Writer.let``: at any moment, while they write, about their end."""

    def __init__(self, chance: random.Random, runs: list[dict[str, float]]) -> None:
        self._chance = chance
        self._usual = {part: statistics.median(run[part] for run in runs) for part in ("all", "writing")}
        self._turns = itertools.cycle((("all", 0, 1), ("writing", 0, 1), ("writing", 0.8, 1.1)))

    def next(self) -> tuple[str, float]:
        part, first, last = next(self._turns)
        return part, self._chance.uniform(first, last) * self._usual[part]

    def learn(self, said: str | None) -> None:
        """The machine may be busier or less busy by now: about one writer of six comes to its end."""
        for part in self._usual:
            self._usual[part] *= 0.8 if said == DONE else 1.05

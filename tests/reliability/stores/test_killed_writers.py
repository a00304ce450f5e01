# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writers and whole playbooks that are killed: old or new, never between, and the next run works at once."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import change_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Snapshot
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed

from ...unit.stores.conftest import Place
from ...unit.stores.edits import SERVERS, put, put_all, replacing
from .playbooks import bulk, seconds
from .runs import BULK, KILLS, next_run, undisturbed, until
from .writers import DONE, Moments, Writer, after, mixture, read

PASSWORDS = BULK // 2


def test_killed_while_writing(place: Place, kind: str, count) -> None:
    """Some of those that come next, and have to tidy up, are killed too."""
    chance = random.Random(1)
    moments = Moments(chance, undisturbed(place, chance))
    for number in until(KILLS, killed := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        said = Writer(place.open(), replacing(listed, purge=True)).let(*moments.next()).kill()
        moments.learn(said)
        found = read(place.open())
        assert said in (None, DONE) and found in ([new] if said else [old, new])
        # A server may be about to commit for a client that is dead. Who writes waits for it.
        if kind == "postgresql" or chance.random() < 0.7:
            state = next_run(place, number)
            assert state == found or (kind == "postgresql" and state == new)
            found = state
        if said is None:
            killed.append(found == new)
    count(f"stores, {kind}: writers killed", len(killed))
    count(f"stores, {kind}: writers killed after the commit", sum(killed))


def test_a_playbook_is_killed(place: Place, kind: str, tmp_path: Path, count) -> None:
    chance = random.Random(2)
    usual = seconds(bulk(mixture(chance, {}, BULK), place.url, tmp_path / "first"))
    for number in until(KILLS // 10, killed := []):
        old = read(place.open())
        listed = mixture(chance, old, BULK)
        new = after(listed, old)
        run = bulk(listed, place.url, tmp_path / str(number))
        time.sleep(chance.uniform(usual / 2, usual))
        if run.kill():
            killed.append(number)
        found = read(place.open())
        assert found in (old, new)
        state = next_run(place, number)
        assert state == found or (kind == "postgresql" and state == new)
    count(f"stores, {kind}: playbooks killed", len(killed))


def test_killed_while_the_key_changes(place: Place, kind: str, count) -> None:
    """Everything opens with one of the two keys, and nothing with the other."""
    chance = random.Random(4)
    keys = [StoreKey("the first key of the store"), StoreKey("the second key of the store")]
    servers = {side: {"host": "mail.example.org", "password": f"secret {side}"} for side in SERVERS}
    put_all(place.open(), [{**servers, "name": f"p-{number}"} for number in range(PASSWORDS)], key=keys[0])

    def changing(snapshot: Snapshot) -> tuple[Changes, None]:
        return changes(change_key(snapshot, *keys)), None

    times = []
    for _number in range(3):
        times.append(Writer(place.open(), changing).times())
        keys.reverse()
    moments = Moments(chance, times)
    for number in until(KILLS // 3, killed := []):
        said = Writer(place.open(), changing).let(*moments.next()).kill()
        moments.learn(said)
        put(place.open(), "next", description=str(number))  # waits for a server that is about to commit
        found = read(place.open())
        opened = [sum(_opens(record, key) for record in found.values()) for key in keys]
        assert opened in ([0, PASSWORDS], [PASSWORDS, 0])
        if said is None:
            killed.append(opened[1] > 0)
        if opened[1]:
            keys.reverse()
        else:
            assert said is None
    count(f"stores, {kind}: changes of the key killed", len(killed))
    count(f"stores, {kind}: changes of the key killed after the commit", sum(killed))


def _opens(record: Any, key: StoreKey) -> bool:
    try:
        profile = revealed(read_profile(record.data), record.id, key)
    except MailopsError:
        return False
    return profile.incoming.password == "secret incoming" and profile.outgoing.password == "secret outgoing"

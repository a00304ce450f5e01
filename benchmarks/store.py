# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of profiles in each kind of store: the own work of every operation, and a play beside ``ping``."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from ground import GROUND, PING, PROFILE, enter, environment, playbook, settle, write_inventory, write_play
from measure import Results, interleaved, run
from postgres import Postgres, find_postgres

PROGRAM = str(Path(__file__).resolve().parent / "store_work.py")
# Profiles -> seconds of own work that any operation may take.
BOUNDS = {1_000: 1.0, 10_000: 10.0}


def measure(results: Results, quick: bool) -> None:
    enter()
    with ExitStack() as running:
        stores = {"SQLite": f"sqlite://{GROUND}/store.db", "directory": f"directory://{GROUND}/store.d"}
        if find_postgres():
            server = running.enter_context(Postgres(fsync=True))
            os.environ["PGPASSFILE"] = str(server.passfile)
            stores["PostgreSQL"] = server.url()
        else:
            results.missing.append("PostgreSQL")
        for number, bound in {500: None}.items() if quick else BOUNDS.items():
            for kind, store in stores.items():
                own_work(results, kind, store, number, bound, 1 if quick else 3)
    whole_play(results, 500 if quick else 10_000, 1 if quick else 3)


def listed(number: int) -> list[dict]:
    return [
        {**PROFILE, "name": f"p{i:05}", "incoming": {**PROFILE["incoming"], "host": f"imap{i % 50}.example.org"}}
        for i in range(number)
    ]


def own_work(results: Results, kind: str, store: str, number: int, bound: float | None, runs: int) -> None:
    profiles = GROUND / "profiles.json"
    profiles.write_text(json.dumps(listed(number)))
    found = []
    for _run in range(runs):
        settle()
        env = {**environment(), "PGPASSFILE": os.environ.get("PGPASSFILE", "")}
        found.append(json.loads(run([sys.executable, PROGRAM, store, str(profiles)], env).output))
        shutil.rmtree(GROUND / "store.d", ignore_errors=True)
        (GROUND / "store.db").unlink(missing_ok=True)
    for what in found[0]:
        results.value(f"{kind}, {number} profiles, {what}", median(each[what] for each in found), "s of processor time", bound)


def whole_play(results: Results, number: int, runs: int) -> None:
    inventory = write_inventory("store", {"here": {"listed": listed(number)}})
    task = {"profiles": "{{ listed }}", "store": f"{GROUND}/play.db"}
    play = write_play("store", {"name": "Profiles", "mailops.profiles.mail_profiles": task})
    ping = write_play("ping", PING)
    whole = interleaved(
        {"ping": lambda: playbook(ping, inventory).seconds, "play": lambda: playbook(play, inventory).seconds}, runs
    )
    results.at_most(
        f"the play with mail_profiles, {number} profiles", whole["play"], "a play with ping, same variables", whole["ping"], None
    )

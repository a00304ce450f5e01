# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""10,000 profiles in the store, beside plain scripts with SQLite."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ground import GROUND, PING, PROFILE, enter, environment, playbook, settle, write_inventory, write_play
from measure import Results, interleaved, run

PROGRAM = str(Path(__file__).resolve().parent / "store_work.py")


def measure(results: Results, quick: bool) -> None:
    enter()
    number = 500 if quick else 10_000
    runs = 3 if quick else 7
    profiles = GROUND / "profiles.json"
    listed = [
        {**PROFILE, "name": f"p{i:05}", "incoming": {**PROFILE["incoming"], "host": f"imap{i % 50}.example.org"}}
        for i in range(number)
    ]
    profiles.write_text(json.dumps(listed))
    moved = GROUND / "moved.json"  # the same profiles, each with another description
    moved.write_text(json.dumps([{**profile, "description": "moved"} for profile in listed]))

    def work(what: str, source: Path = profiles, create: bool = False) -> float:
        store = GROUND / f"{what.partition('-')[0]}.db"
        if create:
            store.unlink(missing_ok=True)
        settle()
        return float(run([sys.executable, PROGRAM, what, str(store), str(source)], environment()).output)

    contenders = {
        f"{who} {what}": call
        for who in ("plain", "ours")
        for what, call in {
            "created": lambda who=who: work(f"{who}-write", create=True),
            "unchanged": lambda who=who: work(f"{who}-write"),
            "read": lambda who=who: work(f"{who}-read"),
            "changed": lambda who=who: work(f"{who}-write", moved),
        }.items()
    }
    series = interleaved(contenders, runs)
    for what in ("created", "unchanged", "changed"):
        results.at_most(
            f"mail_profiles, {number} profiles, {what}", series[f"ours {what}"], "executemany script", series[f"plain {what}"], 3
        )
    results.at_most(f"mail_profile_info, {number} profiles", series["ours read"], "select script", series["plain read"], 3)

    inventory = write_inventory("store", {"here": {"listed": listed}})
    play = write_play(
        "store", {"name": "Profiles", "mailops.profiles.mail_profiles": {"profiles": "{{ listed }}", "store": f"{GROUND}/play.db"}}
    )
    ping = write_play("ping", PING)
    whole = interleaved(
        {"ping": lambda: playbook(ping, inventory).seconds, "play": lambda: playbook(play, inventory).seconds}, 1 if quick else 3
    )
    results.at_most(
        f"the play with mail_profiles, {number} profiles", whole["play"], "a play with ping, same variables", whole["ping"], None
    )

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host and one user, and loops over profiles: what a task costs beside those of ansible-core that do nothing."""

from __future__ import annotations

from ground import GROUND, PING, PROFILE, account_task, empty_homes, enter, playbook, users, write_inventory, write_play
from measure import Results, interleaved


def measure(results: Results, quick: bool) -> None:
    enter()
    runs = 3 if quick else 9
    one_user(results, runs)
    for number in (1, 10 if quick else 100):
        profile_loop(results, number, 3 if quick else 5)


def one_user(results: Results, runs: int) -> None:
    found = users(1)
    inventory = write_inventory("one", {"here": {"mail_accounts_users": found}})
    ping, accounts = write_play("ping", PING), write_play("accounts", account_task())

    def first() -> float:
        empty_homes(found)
        return playbook(accounts, inventory).seconds

    first()
    again = playbook(accounts, inventory)
    assert "changed=0" in again.output, again.output
    series = interleaved(
        {"ping": lambda: playbook(ping, inventory).seconds, "first": first, "again": lambda: playbook(accounts, inventory).seconds},
        runs,
    )
    results.at_most("one host, one user, four clients, local", series["first"], "ping", series["ping"], 1.25)
    results.at_most("the same again, nothing to change", series["again"], "ping", series["ping"], 1.25)


def profile_loop(results: Results, number: int, runs: int) -> None:
    inventory = write_inventory("profiles", {"here": {}})
    loop = {"loop": f"{{{{ range({number}) | list }}}}"}
    task = {
        "name": "{{ 'p%d' % item }}",
        **{key: PROFILE[key] for key in PROFILE if key != "name"},
        "store": f"{GROUND}/profiles.db",
    }
    profiles = write_play("profiles", {"name": "Profiles", "mailops.profiles.mail_profile": task, **loop})
    debug = write_play("debug", {"name": "Debug", "ansible.builtin.debug": {"msg": task}, **loop})

    def first() -> float:
        (GROUND / "profiles.db").unlink(missing_ok=True)
        return playbook(profiles, inventory).seconds

    first()
    assert "changed=0" in playbook(profiles, inventory).output
    series = interleaved(
        {
            "debug": lambda: playbook(debug, inventory).seconds,
            "first": first,
            "again": lambda: playbook(profiles, inventory).seconds,
        },
        runs,
    )
    what = "one mail_profile" if number == 1 else f"mail_profile in a loop over {number}"
    results.at_most(f"{what}, created", series["first"], "debug in the same loop", series["debug"], 1.5)
    results.at_most(f"{what}, unchanged", series["again"], "debug in the same loop", series["debug"], 1.5)

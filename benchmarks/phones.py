# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What phones read, for thousands of users: a signed Apple profile, codes, a settings file and a page; and signing beside a loop with ``openssl``."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from ground import CONTENDERS, GROUND, PING, PROFILE, account_task, enter, people, playbook, settle, write_inventory, write_play
from measure import Cost, Results, interleaved

CLIENTS = ["mobileconfig", "thunderbird_android", "k9_settings", "delta_chat", "setup_page"]
SECOND_PROFILE = {**PROFILE, "name": "club", "incoming": {**PROFILE["incoming"], "host": "imap.club.example"}}
MAX_MB = 200
MAX_SECONDS = {1: 180, 2: 300}  # by number of accounts
SITE, KEY, CERTIFICATE = GROUND / "site", GROUND / "signing.key", GROUND / "signing.crt"


def measure(results: Results, quick: bool) -> None:
    enter()
    make_key()
    few, many = (20, 200) if quick else (1_000, 10_000)
    whole_plays(results, few, many)
    beside_openssl(results, 3 if quick else 100, 1 if quick else 3)


def make_key() -> None:
    """RSA with 2,048 bits, as most certificates have it."""
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "365", "-subj", "/CN=benchmark"]
    subprocess.run([*request, "-keyout", KEY, "-out", CERTIFICATE], check=True, capture_output=True)
    KEY.chmod(0o600)


def options(clients: list[str], *profiles: dict[str, Any]) -> dict[str, Any]:
    """Of one task for a web server's directory, with the passwords in all that can hold them."""
    signing = {"signing_key_file": str(KEY), "signing_certificate_file": str(CERTIFICATE)}
    of_clients = {name: {"include_passwords": True, **(signing if name == "mobileconfig" else {})} for name in clients}
    return {"profile_definitions": list(profiles), "clients": clients, "client_options": of_clients, "dest": f"{SITE}/{{UserName}}"}


def empty_site() -> None:
    """Another directory at the same place; see ``ground.empty_homes``."""
    if SITE.exists():
        SITE.rename(GROUND / f"site.{SITE.stat().st_ino}")
    SITE.mkdir()
    shutil.rmtree(GROUND / "lib" / "mailops.profiles", ignore_errors=True)
    settle()


def whole_plays(results: Results, few: int, many: int) -> None:
    """One run of each: it takes minutes."""
    found = people(many)
    inventories = {size: write_inventory(f"phones-{size}", {"here": {"mail_accounts_users": found[:size]}}) for size in (few, many)}
    start = {size: playbook(write_play("ping", PING), inventories[size], memory=True) for size in (few, many)}
    for profiles in ([PROFILE], [PROFILE, SECOND_PROFILE]):
        play = write_play(f"phones-{len(profiles)}", account_task(**options(CLIENTS, *profiles)))
        costs: dict[int, Cost] = {}
        for size in (few, many):
            empty_site()
            costs[size] = playbook(play, inventories[size], memory=True)
            assert "failed=0" in costs[size].output and "changed=1" in costs[size].output, costs[size].output
        again = playbook(play, inventories[many])
        assert "changed=0" in again.output, again.output
        report_plays(results, len(profiles), costs, start, again)


def report_plays(results: Results, accounts: int, costs: dict[int, Cost], start: dict[int, Cost], again: Cost) -> None:
    (few, first_few), (many, first) = sorted(costs.items())
    what = f"{many} users x 5 formats, {accounts} account{'s'[: accounts - 1]}"
    results.value(f"{what}, whole play", first.seconds, "s", MAX_SECONDS[accounts], "a play with ping", start[many].seconds)
    results.value(f"{what}, processor time of controller and host together", first.cpu, "s", None, "a play with ping", start[many].cpu)
    for name, unit in (("whole play", "seconds"), ("processor time", "cpu")):
        much, little = (getattr(costs[size], unit) - getattr(start[size], unit) for size in (many, few))
        results.at_most(f"{what}, {name} less the start", [much], f"{few} users, likewise", [little], 11)
        results.at_most(f"{what}, {name}, nothing changed", [getattr(again, unit)], "the first run", [getattr(first, unit)], 1)
    results.value(
        f"{what}, largest process of the controller", first.controller_mb, "MB", MAX_MB, "a play with ping", start[many].controller_mb
    )
    results.value(f"{what}, largest process on the target", first.target_mb, "MB", MAX_MB)


def beside_openssl(results: Results, number: int, runs: int) -> None:
    """The Apple profiles alone, as people write it without this collection, beside ours; and ours with all five formats."""
    found = people(number)
    inventory = write_inventory("openssl", {"here": {"mail_accounts_users": found}}, site=str(SITE), key=str(KEY), certificate=str(CERTIFICATE))
    plays = {
        "profiles": write_play("profiles", account_task(**options(["mobileconfig"], PROFILE))),
        "all": write_play("all", account_task(**options(CLIENTS, PROFILE))),
        "openssl": str(CONTENDERS / "openssl.yml"),
    }
    contents: dict[str, bytes] = {}

    def play(name: str) -> float:
        empty_site()
        if name == "openssl":
            for user in found:
                (SITE / user["name"]).mkdir()
        cost = playbook(plays[name], inventory)
        for user in found:
            content = verified(f"{SITE}/{user['name']}/mail.mobileconfig")
            if contents.setdefault(user["name"], content) != content:
                raise RuntimeError(f"{name} signed another profile for {user['name']}")
        return cost.seconds

    series = interleaved({"profiles": lambda: play("profiles"), "all": lambda: play("all")}, runs)
    series |= interleaved({"openssl": lambda: play("openssl")}, 1)  # minutes
    for name, label in (("profiles", "signed Apple profiles"), ("all", "all five formats")):
        results.at_least(f"{number} users, local: {label}", series[name], "Apple profiles by a template loop, openssl in a command", series["openssl"], None)


def verified(path: str) -> bytes:
    """What is signed, when the signature is right."""
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", path, "-CAfile", CERTIFICATE, "-purpose", "any"]
    return subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LANG": "C"}).stdout

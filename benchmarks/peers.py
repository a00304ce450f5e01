# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Beside those who do the same file by file: a loop over templates, the same under mitogen, and pyinfra."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ground import (
    CONTENDERS,
    GROUND,
    HOMES,
    PING,
    ROLLOUT,
    account_task,
    empty_homes,
    enter,
    environment,
    playbook,
    users,
    write_inventory,
    write_play,
    written,
)
from measure import Results, interleaved, run

FILES = {
    ".muttrc": ".config/mailops/neomutt/work-fe4292b5.settings",
    ".msmtprc": ".msmtprc",
    ".mbsyncrc": ".mbsyncrc",
    ".fetchmailrc": ".fetchmailrc",
}
OURS = ("ours", "rollout", "mitogen ours")
EXPECTED: dict[tuple[str, str], str] = {}


def measure(results: Results, quick: bool) -> None:
    enter()
    for size, runs in ((1, 1), (3, 1)) if quick else ((1, 3), (10, 1), (100, 3)):
        local(results, size, runs, last=size == (3 if quick else 100))


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def mitogen() -> dict[str, str]:
    strategies = Path(importlib.util.find_spec("ansible_mitogen").origin).parent / "plugins" / "strategy"
    return {"ANSIBLE_STRATEGY_PLUGINS": str(strategies), "ANSIBLE_STRATEGY": "mitogen_linear"}


def pyinfra(hosts: list[tuple[str, dict]], *arguments: str, prefix: tuple[str, ...] = ()) -> float:
    inventory = GROUND / "pyinfra_inventory.py"
    inventory.write_text(f"all_hosts = {hosts!r}\n")
    program = [
        *prefix,
        str(Path(sys.prefix, "bin", "pyinfra")),
        "-y",
        *arguments,
        str(inventory),
        str(CONTENDERS / "pyinfra_deploy.py"),
    ]
    return run(program, environment(), cwd=GROUND).seconds


def local(results: Results, size: int, runs: int, last: bool) -> None:
    found = users(size)
    inventory = write_inventory("local", {"here": {"mail_accounts_users": found}}, homes=str(HOMES))
    accounts, ping = write_play("accounts", account_task()), write_play("ping", PING)
    options = ("-e", f"@{write_variables()}", "-e", "mail_accounts_hosts=all")
    templates = str(CONTENDERS / "templates.yml")

    def play(path: str, *arguments: str, **variables: str):
        def once() -> float:
            empty_homes(found)
            return playbook(path, inventory, *arguments, **variables).seconds

        return once

    def by_pyinfra() -> float:
        empty_homes(found)
        return pyinfra([("@local", {"mail_accounts_users": found, "homes": str(HOMES)})])

    contenders = {"ping": play(ping), "ours": play(accounts), "rollout": play(ROLLOUT, *options)}
    if installed("pyinfra"):
        contenders["pyinfra"] = by_pyinfra
    if installed("ansible_mitogen"):
        contenders["mitogen templates"] = play(templates, **mitogen())
        contenders["mitogen ours"] = play(accounts, **mitogen())
    # By hundreds of users it takes minutes, and comes once.
    series = interleaved(checked(contenders, found), runs)
    series.update(interleaved(checked({"templates": play(templates)}, found), 1 if size >= 100 else runs))

    names = {"ping": "ansible-playbook with ping", "ours": "mailops.profiles", "templates": "template loop", "pyinfra": "pyinfra",
             "mitogen templates": "template loop, mitogen", "mitogen ours": "mailops.profiles, mitogen"}  # fmt: skip
    for name, label in names.items():
        if name in series:
            results.point(label, size, series[name])
    if not last:
        return
    what = f"{size} users x 4 clients, local"
    results.at_least(f"{what}: mail_account", series["ours"], "template loop", series["templates"], 100)
    results.at_least(f"{what}: the whole playbook rollout", series["rollout"], "template loop", series["templates"], None)
    if "pyinfra" in series:
        results.at_least(f"{what}: mail_account", series["ours"], "pyinfra, files.template", series["pyinfra"], 10)
    else:
        results.missing.append("pyinfra")
    if "mitogen templates" in series:
        results.at_least(f"{what}: mail_account", series["ours"], "template loop under mitogen", series["mitogen templates"], 8)
        results.at_least(
            f"{what}: mail_account under mitogen",
            series["mitogen ours"],
            "template loop under mitogen",
            series["mitogen templates"],
            None,
        )
    else:
        results.missing.append("mitogen")


def write_variables() -> str:
    """The rollout's, the same as those of the task."""
    options = account_task()["mailops.profiles.mail_account"]
    path = GROUND / "rollout.variables.json"
    path.write_text(json.dumps({f"mail_accounts_{name}": value for name, value in options.items() if name != "users"}))
    return str(path)


def checked(contenders: dict[str, Callable[[], float]], found: list[dict[str, str]]) -> dict[str, Callable[[], float]]:
    """The same, and a look at what they wrote when the clock has stopped."""

    def once(name: str, contender: Callable[[], float]) -> float:
        seconds = contender()
        if name != "ping":
            check_files(name, found)
        return seconds

    return {name: partial(once, name, contender) for name, contender in contenders.items()}


def check_files(name: str, found: list[dict[str, str]]) -> None:
    """All contenders write the same bytes. Ours for neomutt lie in a file beside the muttrc, which only reads it; the passwords of msmtp and mbsync, and what
    undoes the user's own settings of neomutt, only ours write."""
    files = written()
    for user in found:
        for theirs, ours in FILES.items():
            path = f"{user['name']}/{ours if name in OURS else theirs}"
            content = files[path].decode()
            if EXPECTED.setdefault((user["name"], theirs), content) != content:
                raise RuntimeError(f"{name} wrote another {path}:\n{content}\ninstead of:\n{EXPECTED[user['name'], theirs]}")

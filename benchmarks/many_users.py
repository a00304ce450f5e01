# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of users on one host: the module's own work beside a plain loop, whole plays, memory."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

from ground import (
    GROUND,
    HOMES,
    PING,
    WITHOUT_PASSWORD,
    account_task,
    empty_homes,
    enter,
    environment,
    people,
    playbook,
    settle,
    users,
    write_inventory,
    write_play,
    written,
)
from measure import Results, interleaved, run

TARGET = str(Path(__file__).resolve().parent / "target.py")


def measure(results: Results, quick: bool) -> None:
    enter()
    few, many = (20, 200) if quick else (1_000, 10_000)
    module_work(results, few, 3 if quick else 5)
    whole_plays(results, few, many, 1 if quick else 2)


def jobs(number: int, **options: Any) -> list[str]:
    """Files with the jobs that the action sends for so many users. ``options``: of the task, instead of those of ``account_task``."""
    from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import plan_deployment
    from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job
    from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS, read_request

    task = account_task(users=people(number), **options)["mailops.profiles.mail_account"]
    request = read_request({name: task.get(name) for name in OPTIONS}, {}, lambda src: (src, False))
    paths: list[str] = []
    for job in plan_deployment(request, "here").jobs():
        path = GROUND / f"job-{number}-{len(paths)}"
        path.write_text(dump_job(job))
        paths.append(str(path))
    return paths


def target(*arguments: str) -> float:
    return float(run([sys.executable, TARGET, *arguments], environment()).output)


def module_work(results: Results, number: int, runs: int) -> None:
    """The writer in a process of its own, beside a loop that writes the same files."""
    for size in [1, 10, number] if number < 1000 else [1, 10, 100, number]:
        sent = jobs(size)
        series = module_series(size, sent, runs)
        results.point("plain loop (write, fsync, rename), without any start", size, series["plain"])
    results.at_most(
        f"{number} users x 4 clients, the module's own work",
        series["first"],
        "plain loop of write, fsync, rename",
        series["plain"],
        1.5,
    )
    results.at_most(
        f"{number} users, nothing changed, the module's own work", series["again"], "the first run", series["first"], 0.6
    )
    results.value(f"job per user, {number} users", sum(Path(path).stat().st_size for path in sent) / number, "bytes")


def module_series(size: int, sent: list[str], runs: int) -> dict[str, list[float]]:
    files = str(GROUND / "files")
    found = users(size)
    target("write", *sent)
    Path(files).write_bytes(pickle.dumps(written()))

    def first() -> float:
        empty_homes(found)
        return target("write", *sent)

    def again() -> float:
        settle()
        return target("write", *sent)

    def plain() -> float:
        empty_homes(found)
        return target("floor", files, str(HOMES))

    return interleaved({"plain": plain, "first": first, "again": again}, runs)


def whole_plays(results: Results, few: int, many: int, runs: int) -> None:
    found = users(many)
    accounts = write_play("accounts", account_task())
    without = write_play("without", account_task(profile_definitions=[WITHOUT_PASSWORD]))
    ping = write_play("ping", PING)
    inventories = {size: write_inventory(f"users-{size}", {"here": {"mail_accounts_users": found[:size]}}) for size in (few, many)}
    peaks = {"ping": [0.0], "ours": [0.0], "target": [0.0]}

    def first(play: str, size: int) -> float:
        empty_homes(found[:size])
        cost = playbook(play, inventories[size], memory=True)
        if size == many:
            peaks["ours"].append(cost.controller_mb)
            peaks["target"].append(cost.target_mb)
        assert "failed=0" in cost.output and "changed=1" in cost.output, cost.output
        return cost.seconds

    def again() -> float:
        cost = playbook(accounts, inventories[many])
        assert "changed=0" in cost.output, cost.output
        return cost.seconds

    def start(size: int) -> float:
        cost = playbook(ping, inventories[size], memory=True)
        if size == many:
            peaks["ping"].append(cost.controller_mb)
        return cost.seconds

    first(accounts, few)
    series = interleaved(
        {
            "start few": lambda: start(few), "few": lambda: first(accounts, few), "start many": lambda: start(many),
            "without": lambda: first(without, many), "many": lambda: first(accounts, many), "again": again,
        }, runs,
    )  # fmt: skip
    work = [total - start for total, start in zip(series["few"], series["start few"])]
    much = [total - start for total, start in zip(series["many"], series["start many"])]
    results.at_most(f"{many} users, whole play less the start", much, f"{few} users, likewise", work, 11)
    results.at_most(f"{many} users, whole play, nothing changed", series["again"], "the first run", series["many"], 0.6)
    results.at_most(f"{many} users with passwords, whole play", series["many"], "without passwords", series["without"], 1.1)
    results.value(
        f"{many} users, largest process of the controller", max(peaks["ours"]), "MB", 400, "a play with ping", max(peaks["ping"])
    )
    results.value(f"{many} users, largest process on the target", max(peaks["target"]), "MB", 150)
    for size, name in ((few, "few"), (many, "many")):
        results.point("mailops.profiles", size, series[name])

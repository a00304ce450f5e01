# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts with one user each: over ssh beside ping and pyinfra, and with the local connection and the stores that many can share."""

from __future__ import annotations

import json
import os
import statistics
import time
from contextlib import ExitStack

import peers
from ground import (
    BUILD,
    CLIENTS,
    GROUND,
    PING,
    PROFILE,
    ROLLOUT,
    account_task,
    enter,
    environment,
    playbook,
    prepare,
    settle,
    write_inventory,
    write_play,
)
from hosts import Host, Hosts
from measure import Cost, Results, interleaved, run
from postgres import Postgres, find_postgres

FORKS = "25"
SSH_ARGS = "-C -o ControlMaster=auto -o ControlPersist="
REPORTED = {"ANSIBLE_CALLBACKS_ENABLED": "mailops.profiles.rollout_report", "MAILOPS_ROLLOUT_REPORT": str(BUILD / "rollout.html")}
REMOVE = "rm -rf /home/user1/.[a-z]*rc /home/user1/.config /home/user1/.local /home/user1/Mail"


def measure(results: Results, quick: bool) -> None:
    prepare()
    over_ssh(results, 4 if quick else 100, 1 if quick else 3)
    enter()
    local_with_stores(results, 10 if quick else 500, 1)


def over_ssh(results: Results, number: int, runs: int) -> None:
    hosts = Hosts(BUILD / "fleet", [Host(f"host{i:03}") for i in range(1, number + 1)])
    hosts.stop()
    hosts.start(die_with_caller=True)
    try:
        Fleet(results, hosts, number, runs).measure()
    finally:
        hosts.stop()


class Fleet:
    def __init__(self, results: Results, hosts: Hosts, number: int, runs: int) -> None:
        self.results = results
        self.hosts = hosts
        self.number = number
        self.runs = runs
        self.cold = 0
        variables = {f"mail_accounts_{name}": value for name, value in
                     (("clients", CLIENTS), ("profile_definitions", [PROFILE]))}  # fmt: skip
        (GROUND / "fleet.json").write_text(json.dumps(variables))
        self.ping, self.accounts = write_play("ping", PING), write_play("accounts", account_task())

    def measure(self) -> None:
        for pipelining in ("1", "0"):
            self.play(self.ping, pipelining)  # connects, so that all that follow find a connection
            series = interleaved(
                {"ping": lambda p=pipelining: self.play(self.ping, p), "task": lambda p=pipelining: self.first(self.accounts, p),
                 "rollout": lambda p=pipelining: self.first(ROLLOUT, p),
                 "reported": lambda p=pipelining: self.first(ROLLOUT, p, **REPORTED)}, self.runs if pipelining == "1" else 1,
            )  # fmt: skip
            way = "pipelining" if pipelining == "1" else "no pipelining"
            what = f"{self.number} ssh hosts x 1 user x 4 clients, forks {FORKS}, {way}"
            for name, label, bound in (("task", "mail_account", 1.25), ("rollout", "the whole playbook rollout", 1.5)):
                ours, ping = ([cost.seconds for cost in series[key]] for key in (name, "ping"))
                self.results.at_most(f"{what}: {label}", ours, "ping", ping, bound)
            cpu = {name: [cost.cpu / self.number for cost in series[name]] for name in series}
            for name, label, bound in (("task", "mail_account", 1.15), ("rollout", "the whole playbook rollout", None)):
                self.results.at_most(f"{what}: the controller's processor time per host, {label}", cpu[name], "ping", cpu["ping"], bound)
            label = "the controller's processor time per host, the rollout with a page (rollout_report)"
            self.results.at_most(f"{what}: {label}", cpu["reported"], "without", cpu["rollout"], 1.03 if pipelining == "1" else None)
        largest = [self.play(play, "1", memory=True).controller_mb for play in (ROLLOUT, self.ping)]
        self.results.value(
            f"{self.number} ssh hosts, largest process of the controller, rollout", largest[0], "MB", None, "ping", largest[1]
        )
        if peers.installed("pyinfra"):
            self.beside_pyinfra()

    def beside_pyinfra(self) -> None:
        """Both open new connections: pyinfra has no persistent ones. And both use the key exchange of pyinfra's library: OpenSSH's first
        choice, against future quantum computers, may cost more than all the rest."""
        inventory = json.loads(self.hosts.inventory_file.read_text())["mail_accounts"]
        key = inventory["vars"]["ansible_ssh_private_key_file"]
        listed = [
            (host["ansible_host"], {
                "ssh_port": inventory["vars"]["ansible_port"], "ssh_user": "admin", "ssh_key": key, "ssh_strict_host_key_checking": "no",
                "ssh_known_hosts_file": "/run/known_hosts", "mail_accounts_users": host["mail_accounts_users"], "homes": "/home",
            }) for host in inventory["hosts"].values()
        ]  # fmt: skip

        def by_pyinfra() -> float:
            self.clean()
            return peers.pyinfra(
                listed, "--sudo", "--parallel", FORKS, prefix=tuple(self.hosts.command(["env", f"--chdir={GROUND}"]))
            )

        def ours(**more: str) -> float:
            self.cold += 1
            connections = {"ANSIBLE_SSH_CONTROL_PATH_DIR": f"/run/cold{self.cold}", "ANSIBLE_SSH_ARGS": f"{SSH_ARGS}60s"}
            return self.first(self.accounts, "1", **connections, **more).seconds

        contenders = {"ours": lambda: ours(ANSIBLE_SSH_EXTRA_ARGS="-o KexAlgorithms=curve25519-sha256"), "first choice": ours,
                      "pyinfra": by_pyinfra}  # fmt: skip
        series = interleaved(contenders, self.runs)
        home = self.hosts.host_path(self.hosts.hosts[-1].name, "/home/user1")
        assert all((home / name).read_bytes() for name in peers.FILES), "pyinfra wrote nothing"
        what = f"{self.number} ssh hosts x 1 user x 4 clients, new connections"
        peer = "pyinfra, files.template, sudo"
        for name, label, bound in (("ours", "the same key exchange", 1.2), ("first choice", "OpenSSH's key exchange", None)):
            self.results.at_least(f"{what}, {label}: mail_account", series[name], peer, series["pyinfra"], bound)

    def clean(self) -> None:
        for host in self.hosts.hosts:
            run([*self._enter(host.name), "sh", "-c", REMOVE], environment())

    def _enter(self, name: str) -> list[str]:
        pids = json.loads((self.hosts.directory / "pids.json").read_text())
        return ["nsenter", f"--target={pids[name]}", "--mount", "--root", "--wd=/"]

    def first(self, play: str, pipelining: str, **variables: str) -> Cost:
        self.clean()
        cost = self.play(play, pipelining, **variables)
        assert cost.output.count("changed=1") == self.number, cost.output[-3000:]
        return cost

    def play(self, play: str, pipelining: str, memory: bool = False, **variables: str) -> Cost:
        argv = ["ansible-playbook", "--become", "-f", FORKS, "-e", f"@{GROUND / 'fleet.json'}", play]
        env = {**environment(), **self.hosts.environment, "ANSIBLE_PIPELINING": pipelining, "ANSIBLE_REMOTE_TMP": "/tmp/ansible",
               "ANSIBLE_SSH_ARGS": f"{SSH_ARGS}600s", **variables}  # fmt: skip
        return run(self.hosts.command(argv, env=env), environment(), memory)


def local_with_stores(results: Results, number: int, runs: int) -> None:
    users = [{"name": "user1", "email": "user1@example.org", "display_name": "User One", "password": "sesame"}]
    inventory = write_inventory("hosts", {f"host{i:03}": {"mail_accounts_users": users} for i in range(number)})
    with ExitStack() as running:
        stores = {"SQLite": str(GROUND / "profiles.db")}
        if find_postgres():
            server = running.enter_context(Postgres(fsync=True))
            os.environ["PGPASSFILE"] = str(server.passfile)
            stores["PostgreSQL"] = server.url()
        else:
            results.missing.append("PostgreSQL")
        local_with_store(results, inventory, number, runs, stores)
        for name, store in stores.items():
            one_read(results, name, store)


def local_with_store(results: Results, inventory: str, number: int, runs: int, stores: dict[str, str]) -> None:
    """Each host reads its profile for itself, as many at a time as there are forks."""
    filled = [PROFILE, *({**PROFILE, "name": f"p{i}"} for i in range(999))]
    plays = {"ping": write_play("ping", PING)}
    for name, store in stores.items():
        fill = {"name": "Fill", "mailops.profiles.mail_profiles": {"profiles": filled, "store": store}, "run_once": True}
        playbook(write_play("fill", fill), inventory)
        dest = f"{GROUND}/setup-{name}-{{{{ run }}}}/{{{{ inventory_hostname }}}}/{{UserName}}"
        task = account_task(profiles=["work"], dest=dest)
        del task["mailops.profiles.mail_account"]["profile_definitions"]
        plays[name] = write_play(f"stored-{name}", task)

    costs: dict[str, list[Cost]] = {name: [] for name in plays}
    for number_of_run in range(runs):
        for name, play in plays.items():
            settle()
            store = {"MAILOPS_STORE": stores[name]} if name in stores else {}
            costs[name].append(playbook(play, inventory, "-f", FORKS, "-e", f"run={number_of_run}", memory=True, **store))
    seconds = {name: [cost.seconds / number for cost in found] for name, found in costs.items()}
    peaks = {name: max(cost.controller_mb for cost in found) for name, found in costs.items()}
    for name in stores:
        what = f"{number} hosts, connection local, profiles from {name}, forks {FORKS}"
        results.at_most(f"{what}: time per host", seconds[name], "ping", seconds["ping"], None)
        results.value(f"{what}: largest process of the controller", peaks[name], "MB", None, "ping", peaks["ping"])
    for name in plays:
        cpu = statistics.median(cost.cpu for cost in costs[name]) / number * 1000
        results.value(f"{number} hosts, connection local: processor time per host, modules included, {name}", cpu, "ms")


def one_read(results: Results, name: str, store: str) -> None:
    from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

    reads = []
    for _read in range(50):
        start = time.perf_counter()
        assert "work" in open_store(store, {}).read(["work"])
        reads.append((time.perf_counter() - start) * 1000)
    results.value(f"one read of one profile of 1,000 from {name}, connection included", statistics.median(reads), "ms")

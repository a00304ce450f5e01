# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs attention is said once, whatever the number of hosts; the command that runs those again."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError, listed_problems
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.command import rerun
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.summary import summary

from .rollouts import collector, document, failure, groups, result, take

HOSTS = [f"desk-{number:03}" for number in range(300)]


def test_two_mistakes_among_300_hosts_are_two_lines() -> None:
    found = collector(*HOSTS)
    for number, host in enumerate(HOSTS):
        take(found, host, failure(f"user{number}", f"/home/user{number} on {host} is a FIFO" if number % 3 else f"the disk of {host} is full"))
    assert [(msg, len(hosts)) for msg, hosts in groups(found, "failed")] == [
        ("/home/{user} on {host} is a FIFO (user {user})", 200), ("the disk of {host} is full (user {user})", 100),
    ]  # fmt: skip
    lines = list(summary(document(found)))
    assert lines[0] == "300 hosts: 300 failed" and len(lines) == 3
    assert lines[1].startswith("failed, 200 hosts (desk-001, desk-002, ") and "and 192 more" in lines[1]


def test_each_problem_of_a_message_and_the_users_whom_it_names() -> None:
    found = collector("a", "b")
    failed = [{"user": name, "path": "", "msg": f"/home/{name} is away"} for name in ("anna", "ann")]
    error = MailopsError("/home/anna is away (user anna)", "/home/ann is away (user ann)", "the connection was lost")
    take(found, "a", result("anna", "ann", state="failed", failed=True, failed_users=failed, msg=f"mail_account: {error}"))
    take(found, "b", {"failed": True, "msg": "mail_account: the connection was lost"})
    (lost, away) = document(found)["attention"]["failed"]
    assert lost["msg"] == "the connection was lost" and [item["host"] for item in lost["hosts"]] == ["a", "b"]
    assert away == {"msg": "/home/{user} is away (user {user})", "hosts": [{"host": "a", "users": ["anna", "ann"]}]}


def test_users_who_are_left_out_although_the_task_did_not_fail() -> None:
    found = collector("a")
    take(found, "a", result("anna", failed_users=[{"user": "basil", "path": "", "msg": "email is no address"}]))
    assert document(found)["attention"]["failed"] == [{"msg": "email is no address", "hosts": [{"host": "a", "users": ["basil"]}]}]


def test_hosts_that_are_called_by_their_addresses() -> None:
    found = collector("a", "b", "c", "d")
    for host, address in zip("abc", ("192.0.2.1", "2001:db8::7", "c.example.org")):
        found.unreachable(host, {"msg": f"Failed to connect to the host via ssh: ssh: connect to host {address} port 22: No route to host"})
    found.unreachable("d", {"msg": "ssh: Could not resolve hostname d.example.org: Name or service not known"})
    assert groups(found, "unreachable") == [
        ("Failed to connect to the host via ssh: ssh: connect to host {host} port 22: No route to host", ["a", "b", "c"]),
        ("ssh: Could not resolve hostname d.example.org: Name or service not known", ["d"]),
    ]


def test_losses() -> None:
    found = collector("a", "b")
    skipped = [{"user": "anna", "client": "mbsync", "profile": "old", "reason": "mbsync does not support POP"}]
    for host in ("a", "b"):
        take(found, host, result("anna", skipped_accounts=skipped, dropped={"msmtp": ["signature"], "mbsync": []}))
    assert groups(found, "skipped_accounts") == [("mbsync, profile 'old': mbsync does not support POP", ["a", "b"])]
    assert groups(found, "dropped") == [("msmtp: signature", ["a", "b"])]


@pytest.mark.parametrize("problems", [["one"], ["one", "two"], ["one\nand more", "two"], [str(number) for number in range(100)]])
@pytest.mark.parametrize("others", ["", "\n(the other users were served)"])
def test_the_problems_of_a_message(problems: list[str], others: str) -> None:
    assert listed_problems(f"mail_account: {MailopsError(*problems)}{others}") == problems


STRANGE = ["plain", "fe80::1", "mail.example.org", "büro-3", "under_score", "a,b", "x[1:3]", "q?", "*", "!not", "&and", "~re", "@file", "a b", "$(id)", "é;id"]


def test_ansible_understands_the_limit(tmp_path: Path) -> None:
    """Exactly the hosts that the command names; those that cannot be named are listed apart."""
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": dict.fromkeys([*STRANGE, "other", "b", "x1", "qq", "not", "re"])}}))
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
    for hosts in (STRANGE, ["fe80::1"]):
        found = rerun(["site.yml", "-i", "it's.yml"], hosts)
        assert set(found["hosts"]) | set(found["by_hand"]) == set(hosts)
        program, *arguments, limit = shlex.split(found["command"])
        assert [program, *arguments] == ["ansible-playbook", "site.yml", "-i", "it's.yml", "--limit"]
        argv = [sys.executable, "-m", "ansible", "adhoc", "all", "-i", str(inventory), "--list-hosts", "--limit", limit]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
        assert sorted(line.strip() for line in done.stdout.splitlines()[1:]) == sorted(found["hosts"]), done.stderr
    assert rerun(["site.yml"], STRANGE)["hosts"] == ["plain", "fe80::1", "mail.example.org", "büro-3", "under_score"]
    assert rerun(["site.yml"], ["a b"])["command"] == "" and rerun([], ["plain"])["command"] == ""

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that cannot be reached or have a mistake, in every way of going through the hosts: who is written to, and what the recap counts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible.release import __version__ as ansible_version

from ...short import one_in
from ..rollout.conftest import Project, user
from .conftest import ACCOUNT, DEAD, ROLE, host, play, recap

OLD = ansible_version.startswith("2.16.")
HOSTS = {**host("desk-1"), **host("dead", **DEAD), **host("desk-2")}
WRONG = {**HOSTS, "wrong": {"mail_accounts_users": [user("basil", email="nonsense")]}}
NO_SPEC = {"import_role": {**ROLE["import_role"], "rolespec_validate": False}}
AFTER = {"name": "After the role", "ansible.builtin.debug": {"msg": "after"}}


def served(project: Project) -> list[str]:
    return [path.partition("/")[0] for path in project.written() if path.endswith("/.msmtprc")]


# A play that ends the run has one of its own; the others share one.
GOING_ON = {
    "linear": {},
    "free": {"strategy": "free"},
    "pinned": {"strategy": "host_pinned"},
    "ignored": {"serial": 1, "ignore_unreachable": True},
    "tolerated": {"max_fail_percentage": 50},
}  # fmt: skip


def test_a_host_that_cannot_be_reached_fails_alone(project: Project) -> None:
    """In a play for each way, with hosts of its own."""
    hosts: dict[str, dict[str, Any]] = {}
    for way in GOING_ON:
        hosts.update({**host(f"{way}-dead", **DEAD), **host(f"{way}-1")})
    plays = [{"hosts": f"{way}-*", "tasks": [NO_SPEC, AFTER], **keywords} for way, keywords in GOING_ON.items()]
    run = play(project, plays, project.inventory(hosts))
    assert served(project) == sorted(name for name in hosts if not name.endswith("dead")), run.output
    good, dead = {"ok": 3, "changed": 1}, {"ok": 1, "unreachable": 1}
    expected = {name: dead if name.endswith("dead") else good for name in hosts}
    # Its second task and the one after the role are as if nothing had happened.
    assert recap(run) == {**expected, "ignored-dead": {"ok": 3, "ignored": 1}}
    assert run.output.count("Connection refused") >= len(GOING_ON) and "Traceback" not in run.output


@pytest.mark.parametrize(("hosts", "keywords", "expected"), one_in(3, [
    # As always in Ansible, a batch of which no host can be reached ends the run.
    (["desk-1", "dead", "desk-2"], {"serial": 1}, ["desk-1"]),
    # The mistake is found before a connection is tried; and where Ansible tries one first, it still stops all hosts.
    (["dead", "desk-1", "wrong", "desk-2"], {}, []),
    (["dead", "desk-1", "wrong", "desk-2"], {"gather_facts": True, "ignore_unreachable": True, "max_fail_percentage": 50}, []),
    (["dead", "desk-1", "wrong", "desk-2"], {"serial": 2, "gather_facts": True}, ["desk-1"]),
]), ids=["serial", "a mistake", "a mistake, with facts", "a mistake, with facts and serial"])  # fmt: skip
def test_who_is_written_to_until_the_run_ends(project: Project, hosts: list[str], keywords: dict[str, Any], expected: list[str]) -> None:
    run = play(project, [{"tasks": [NO_SPEC, AFTER], **keywords}], project.inventory({name: WRONG[name] for name in hosts}))
    assert run.status and served(project) == expected, run.output
    assert [name for name, counts in recap(run).items() if counts.get("changed")] == expected
    assert ("nonsense" in run.output) == ("wrong" in hosts)


def test_tasks_of_ones_own(project: Project) -> None:
    """A check, hosts that end after it, a rescue, errors that are ignored."""
    checked = {"mailops.profiles.mail_account": {**ACCOUNT, "validate_only": True}}
    deploy = {"mailops.profiles.mail_account": ACCOUNT}
    rescued = {"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    hosts = {**host("desk-1"), **host("ends"), **host("dead", **DEAD), "wrong": WRONG["wrong"], **host("rescued", mail_accounts_clients=["mstmp"])}
    tasks = [
        {**checked, "ignore_errors": True, "register": "check", "when": "inventory_hostname != 'rescued'"},
        {"ansible.builtin.meta": "end_host", "when": "inventory_hostname == 'ends'"},
        {"block": [{**deploy, "when": "check is not failed"}], "rescue": [rescued]},
        {"ansible.builtin.assert": {"that": "check is not failed or 'nonsense' in check.msg"}},
    ]
    run = play(project, [{"tasks": tasks}], project.inventory(hosts))
    assert served(project) == ["desk-1"], run.output
    assert recap(run) == {
        "desk-1": {"ok": 3, "changed": 1}, "ends": {"ok": 1}, "dead": {"ok": 1, "unreachable": 1}, "wrong": {"ok": 2, "ignored": 1},
        "rescued": {"ok": 2, "rescued": 1},
    }  # fmt: skip
    assert "there is no client 'mstmp'" in run.output or "mstmp" in run.output


STORE_TASKS = [
    {"mailops.profiles.mail_profiles": {"profiles": "{{ mail_accounts_profile_definitions }}", "purge": True, "store": "{{ playbook_dir }}/{{ kind }}.db"},
     "run_once": True, "register": "stored"},
    {"mailops.profiles.mail_account": {**{name: value for name, value in ACCOUNT.items() if name != "profile_definitions"}, "profiles": ["work"],
                                       "store": "{{ playbook_dir }}/{{ kind }}.db"}},
    {"ansible.builtin.debug": {"msg": "stored {{ kind }} {{ stored is changed }}"}},
]  # fmt: skip


def test_run_once(project: Project) -> None:
    """Once a batch, for each host under free, and not at all when it is skipped for the first host."""
    names = [f"{kind}-{number}" for kind in ("linear", "serial", "free") for number in (1, 2)]
    hosts = {name: host(name, kind=name.partition("-")[0])[name] for name in names}
    plays = [
        {"hosts": "linear-*", "tasks": STORE_TASKS},
        {"hosts": "serial-*", "serial": 1, "tasks": STORE_TASKS},
        {"hosts": "free-*", "strategy": "free", "tasks": STORE_TASKS},
    ]
    run = play(project, plays, project.inventory(hosts))
    assert run.status == 0 and served(project) == sorted(names), run.output
    said = {kind: [run.output.count(f"stored {kind} {changed}") for changed in (True, False)] for kind in ("linear", "serial", "free")}
    # A result belongs to all hosts of a batch; which one counts under free depends on who was first.
    assert said["linear"] == [2, 0] and said["serial"] == [1, 1] and sum(said["free"]) == 2
    skipped = [{**STORE_TASKS[0], "when": "inventory_hostname != 'linear-1'"}, STORE_TASKS[1]]
    (project.path / "linear.db").unlink()
    run = play(project, [{"hosts": "linear-*", "tasks": skipped}], project.inventory(hosts))
    assert run.status and run.output.count(f"store {project.path}/linear.db does not exist") >= 2, run.output

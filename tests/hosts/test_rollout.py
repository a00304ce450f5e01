# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/rollout.yml over ssh, to a fleet in which some hosts cannot be served."""

from __future__ import annotations

import os
import re
from typing import Any

import another_release
import pytest
from rollout import FLEET, SERVED, Fleet, Recap, Rollout

USERS = {host.name: host.users for host in FLEET if host.name in SERVED}
ROOT = ("-e", "ansible_user=root")
BECOME = ("--become",)
PIPELINED = {"ANSIBLE_PIPELINING": "1"}
COPIED = {"ANSIBLE_PIPELINING": "0"}


def assert_others_failed_alone(done: Rollout) -> None:
    assert done.hosts["gone"] == Recap(changed=0, unreachable=1, failed=0)
    assert "Failed to connect to the host via ssh" in done.output
    assert done.hosts["bare"] == Recap(changed=0, unreachable=0, failed=1)
    # The sentences, and where their lines break, differ from one ansible-core to the next.
    assert "No python interpreters found for host" in " ".join(done.output.split())
    assert re.search(r"/usr/bin/python3? did not run on the host \(exit status 127\): set ansible_python_interpreter", done.output)


def assert_served(done: Rollout, changed: int = 1) -> None:
    assert {name: done.hosts[name] for name in SERVED} == dict.fromkeys(SERVED, Recap(changed, unreachable=0, failed=0))


@pytest.mark.parametrize(("arguments", "env"), [
    (BECOME, PIPELINED), (BECOME, COPIED), (ROOT, PIPELINED), (ROOT, COPIED),
], ids=["become pipelined", "become copied", "root pipelined", "root copied"])  # fmt: skip
def test_each_host_is_served_or_fails_alone(fleet: Fleet, arguments: tuple[str, ...], env: dict[str, str]) -> None:
    before = {name: fleet.files(name) for name in SERVED}
    dry = fleet.roll_out(*arguments, "--check", "--diff", env=env)
    assert_served(dry)
    assert_others_failed_alone(dry)
    assert {name: fleet.files(name) for name in SERVED} == before

    real = fleet.roll_out(*arguments, "--diff", env=env)
    assert real.hosts == dry.hosts and real.diff() == dry.diff() != []
    assert real.reports.keys() == {host.name for host in FLEET}
    assert {name for name, report in real.reports.items() if report["failed"]} == {"gone", "bare"}
    assert [name for name, report in real.reports.items() if report.get("unreachable")] == ["gone"]
    after = {name: fleet.files(name) for name in SERVED}
    for name in SERVED:
        written = {path: state for path, state in after[name].items() if path not in before[name]}
        assert_accounts(name, written)
        assert after[name].items() >= {path: state for path, state in before[name].items() if state[1] & 0o100000}.items()
    new = {name: {path: (state[1], state[3]) for path, state in after[name].items() if path not in before[name]} for name in SERVED}
    assert new["debian"] == new["plain"] == {path: state for path, state in new["bigger"].items() if not path.startswith("user3/")}

    again = fleet.roll_out(*arguments, "--diff", env=env)
    assert_served(again, changed=0)
    assert_others_failed_alone(again)
    assert again.diff() == [] and not any(again.reports[name]["changes"] for name in SERVED)
    assert {name: fleet.files(name) for name in SERVED} == after


def assert_accounts(host: str, written: dict[str, Any]) -> None:
    """Each user has files, owned and read by nobody else, and they are about nobody else."""
    for number, user in enumerate(USERS[host]):
        own = {path.partition("/")[2]: state for path, state in written.items() if path.startswith(f"{user}/")}
        assert {".msmtprc", ".mbsyncrc", ".fetchmailrc", ".muttrc", ".local/state/mailops/default.json"} <= set(own)
        for path, (uid, mode, _time, content) in own.items():
            assert (uid, mode) == (20001 + number, 0o600 if content else 0o700), path
        for path, server in ((".msmtprc", b"smtp"), (".mbsyncrc", b"imap"), (".fetchmailrc", b"imap")):
            content = own[path][3]
            assert all(word in content for word in (server + b".example.org", b"%s@example.org" % user.encode()))
        with_password = [state[3] for path, state in own.items() if path.endswith((".password", ".settings", ".fetchmailrc"))]
        assert len(with_password) == 4 and all(b"sesame of %s" % user.encode() in content for content in with_password)
        everything = b"".join(state[3] or b"" for state in own.values())
        assert not any(b"sesame of %s" % other.encode() in everything for other in USERS[host] if other != user)


def test_the_other_release_has_another_python(fleet: Fleet) -> None:
    def python(host: str) -> str:
        return os.path.basename(os.readlink(fleet.host_path(host, "/usr/bin/python3")))

    assert python("plain") == f"python{another_release.machine_python()}" != python("debian")


@pytest.mark.parametrize(("env", "variables"), [
    ({"ANSIBLE_FORKS": "25"}, {}),
    ({"ANSIBLE_STRATEGY": "free"}, {}),
    ({}, {"mail_accounts_serial": 2}),
], ids=["25 forks", "strategy free", "serial 2"])  # fmt: skip
def test_the_way_through_the_fleet_does_not_matter(fleet: Fleet, env: dict[str, str], variables: dict[str, Any]) -> None:
    before = {name: fleet.files(name) for name in SERVED}
    done = fleet.roll_out(*BECOME, env=env, **variables)
    assert_served(done)
    assert_others_failed_alone(done)
    for name in SERVED:
        assert_accounts(name, {path: state for path, state in fleet.files(name).items() if path not in before[name]})


def test_a_hostile_home_is_one_users_matter(fleet: Fleet) -> None:
    link = fleet.home("plain", "user1") / ".config"
    link.symlink_to("/etc")
    os.chown(link, 20001, 20001, follow_symlinks=False)
    etc = sorted(os.listdir(fleet.host_path("plain", "/etc")))

    done = fleet.roll_out(*BECOME)
    assert_others_failed_alone(done)
    assert done.hosts["plain"] == Recap(changed=0, unreachable=0, failed=1)
    assert "/home/user1/.config" in done.output and "the other users were served" in done.output
    assert [failed["user"] for failed in done.reports["plain"]["failed_users"]] == ["user1"]
    assert sorted(os.listdir(fleet.host_path("plain", "/etc"))) == etc
    assert (fleet.home("plain", "user2") / ".msmtprc").exists()
    (password,) = (fleet.home("plain", "user2") / ".config/mailops/msmtp").glob("*.password")
    assert password.read_bytes() == b"sesame of user2"
    assert not (fleet.home("plain", "user1") / ".msmtprc").exists()
    for name in ("bigger", "debian"):
        assert done.hosts[name] == Recap(changed=1, unreachable=0, failed=0)
        assert all((fleet.home(name, user) / ".msmtprc").exists() for user in USERS[name])

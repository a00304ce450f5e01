# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts themselves: each is a machine of its own, and nothing of them stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hosts import HERE, Host, Hosts


def traces() -> tuple[str, list[set[str]]]:
    """What the machine would have more of if hosts or a controller left something behind."""
    directories = ("/run", "/var/lib", "/home", "/root", Path.home() / ".ansible/cp")
    return Path("/proc/self/mounts").read_text(), [set(os.listdir(path)) for path in directories if os.path.isdir(path)]


def first_processes(hosts: Hosts) -> list[int]:
    return list(json.loads((hosts.directory / "pids.json").read_text()).values())


def test_hosts_have_nothing_in_common_and_leave_nothing(possible, tmp_path: Path) -> None:
    before = traces()
    hosts = Hosts(tmp_path / "hosts", [Host("one"), Host("two", users=("anna",))])
    hosts.start(die_with_caller=True)
    try:
        pids = first_processes(hosts)
        shell = 'hostname > /etc/marker; echo "$(hostname) $(ls -A /home /run /root /tmp | tr "\\n" " ")"; ps -A -o comm= | grep -c "sshd$"'
        done = hosts.run(["ansible", "all", "--become", "-m", "ansible.builtin.shell", "-a", shell])
        assert done.returncode == 0, done.stdout + done.stderr
        assert "one /home: admin user1 " in done.stdout and "two /home: admin anna " in done.stdout
        assert [hosts.host_path(name, "/etc/marker").read_text() for name in ("one", "two")] == ["one\n", "two\n"]
        assert not Path("/etc/marker").exists() and traces() == before
        assert any(Path(f"/proc/{process}/comm").read_text() == "ssh\n" for process in processes_of(hosts)), "no master connection stays"
        left = processes_of(hosts)
    finally:
        assert hosts.stop()
    assert not (tmp_path / "hosts").exists() and traces() == before
    assert not any(Path(f"/proc/{pid}").exists() for pid in {*pids, *left})


def processes_of(hosts: Hosts) -> list[int]:
    """Those of the controller and all hosts: their network is the same."""
    network = os.readlink(f"/proc/{hosts.pid()}/ns/net")
    found = []
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{process}/ns/net") == network:
                found.append(int(process))
        except OSError:  # it has just ended
            continue
    return found


def test_two_fleets_at_the_same_time_do_not_meet(possible, tmp_path: Path) -> None:
    fleets = [Hosts(tmp_path / name, [Host("one")]) for name in ("here", "there")]
    try:
        for fleet in fleets:
            fleet.start(die_with_caller=True)
            fleet.host_path("one", "/etc/fleet").write_text(fleet.directory.name)
        for fleet in fleets:
            done = fleet.run(["ansible", "one", "-m", "ansible.builtin.command", "-a", "cat /etc/fleet"])
            assert done.returncode == 0 and done.stdout.endswith(f">>\n{fleet.directory.name}\n"), done.stdout + done.stderr
    finally:
        for fleet in fleets:
            fleet.stop()


def test_hosts_die_with_their_caller(possible, tmp_path: Path) -> None:
    program = f"""
import sys, time
sys.path.insert(0, {str(HERE)!r})
from hosts import Host, Hosts
Hosts({str(tmp_path / "hosts")!r}, [Host("one"), Host("two")]).start(die_with_caller=True)
print("started", flush=True)
time.sleep(100)
"""
    hosts = Hosts(tmp_path / "hosts")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None and caller.stdout.readline() == b"started\n"
        pids = first_processes(hosts)
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        caller.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    hosts.stop()
    assert not (tmp_path / "hosts").exists()


def test_a_host_that_cannot_start_ends_all(possible, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="these hosts did not start: two"):
        Hosts(tmp_path / "hosts", [Host("one"), Host("two", users=("root",))]).start(die_with_caller=True)
    assert not (tmp_path / "hosts").exists()

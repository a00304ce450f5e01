# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes that fight back: for each trap nothing outside is touched, and the other users are served."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, dump_answer
from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases, sync, worker
from ansible_collections.mailops.profiles.plugins.module_utils._writer.commit import Commit
from ansible_collections.mailops.profiles.plugins.module_utils._writer.dest import Dest
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import load_answer

from .home import MANIFEST, OWN, PATTERNS, Home, Host, block, owned


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory of root's, which must stay as it is."""
    path = tmp_path / "outside"
    path.mkdir(0o755)
    (path / "file").write_text("root's\n")
    return path


def test_a_user_at_whom_nothing_moves_is_given_up(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    # Stands for a FUSE file system that stops answering: the worker hangs in the middle of alice.
    real = worker.plan_place

    def hangs(tree, *arguments):
        if tree.base == str(alice.path):
            time.sleep(60)
        return real(tree, *arguments)

    monkeypatch.setattr(worker, "plan_place", hangs)
    outcomes = host.run(block(), users=("bob", "alice", "carol"), deadline=3)
    assert "took more than 3 seconds" in outcomes["alice"].problem.message
    for name in ("bob", "carol"):
        assert outcomes[name].problem is None and len(outcomes[name].changes) == 1
        assert host.home(name).read(".blockrc")


@pytest.mark.parametrize("name", ["user03", "user19"])
def test_a_user_whose_disk_hangs_while_many_are_synced(host: Host, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    uid, real = host.home(name).uid, os.fsync

    def fsync(fd: int) -> None:
        time.sleep(60 if os.fstat(fd).st_uid == uid else 0)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    users = tuple(f"user{number:02}" for number in range(20))
    outcomes = host.run(block(), owned(), users=users, deadline=3)
    assert {user: outcome.problem.message for user, outcome in outcomes.items() if outcome.problem} == {
        name: f"{host.home(name).path} took more than 3 seconds: look for a file system that hangs there (findmnt)"
    }
    for user in set(users) - {name}:
        assert host.home(user).read(".blockrc") and host.home(user).read(OWN)
        assert {".blockrc", "work"} <= {os.path.basename(change.path) for change in outcomes[user].changes}
    monkeypatch.undo()
    assert not any(outcome.problem for outcome in host.run(block(), owned(), users=users).values())
    assert not list(host.root.rglob("*.tmp"))


def test_a_user_whose_disk_fails_while_many_are_synced(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, real = host.home("user03").uid, os.fsync

    def fsync(fd: int) -> None:
        if os.fstat(fd).st_uid == uid:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    users = tuple(f"user{number:02}" for number in range(20))
    outcomes = host.run(block(), owned(), users=users)
    assert [(user, outcome.problem.message) for user, outcome in outcomes.items() if outcome.problem] == [
        ("user03", f"{host.home('user03').path} cannot be used: Input/output error")
    ]
    assert all(host.home(user).read(OWN) for user in users if user != "user03")
    assert not list(host.root.rglob("*.tmp")) and not (host.home("user03").path / OWN).exists()


@pytest.mark.parametrize("again", [False, True])
def test_a_home_that_its_user_cannot_read_harms_nobody_else(host: Host, again: bool) -> None:
    """A directory is synced through a descriptor that can be read; where there is none to be had, nothing is closed twice."""
    users = tuple(f"user{number}" for number in range(8))
    bad = host.home("user1")
    if again:
        host.run(block(), owned(), users=users)
    before = bad.tree()
    os.chmod(bad.path, 0o300)
    for number in range(2):
        for check in (True, False):
            outcomes = host.run(block(f"{number}\n"), owned(f"{number}\n"), users=users, check=check)
            assert {user: outcome.problem.message for user, outcome in outcomes.items() if outcome.problem} == {
                "user1": f"{bad.path} is a directory that its user may not read and write: chmod u+rwx it"
            }
            assert [user for user, outcome in outcomes.items() if len(outcome.changes) != 2] == ["user1"]
        for user in set(users) - {"user1"}:
            assert host.home(user).read(OWN) == f"{number}\n".encode()
    assert bad.tree() == before and not list(host.root.rglob("*.tmp"))


def test_a_directory_that_cannot_be_opened_any_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the host has no descriptor left: the user fails alone, and no descriptor is closed twice."""
    users = tuple(f"user{number}" for number in range(8))
    host.run(block(), users=users)
    uid, real = host.home("user1").uid, os.open

    def full(path, flags, *arguments, **named):
        if path == "." and os.geteuid() == uid:
            raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))
        return real(path, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", full)
    outcomes = host.run(block("new\n"), users=users)
    assert [user for user, outcome in outcomes.items() if outcome.problem] == ["user1"]
    assert outcomes["user1"].problem.message.startswith(f"{host.home('user1').path} cannot be used: Too many open files in system")
    assert outcomes["user1"].changes == () and b"new" not in host.home("user1").read(".blockrc")
    assert all(b"new" in host.home(user).read(".blockrc") for user in users if user != "user1")
    assert not list(host.root.rglob("*.tmp"))


def test_many_users_where_no_thread_can_be_had(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = [1, 1]  # as under a limit of processes, which does not count for root

    def start_new_thread(*arguments) -> int:
        if not begun:
            raise RuntimeError("can't start new thread")
        begun.pop()
        return real(*arguments)

    real = sync._thread.start_new_thread
    monkeypatch.setattr(sync._thread, "start_new_thread", start_new_thread)
    users = tuple(f"user{number:02}" for number in range(20))
    for name, outcome in host.run(block(), owned(), users=users).items():
        assert outcome.problem is None
        assert host.home(name).read(".blockrc") and host.home(name).read(OWN)


def test_a_user_who_is_slow_in_every_step_gets_no_more_time(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = host.root / "steps"

    def slow(phase):
        def work(commit):
            if commit.place.tree.base.endswith("alice"):
                with open(steps, "ab") as file:
                    file.write(b".")
                time.sleep(0.4)
            phase.work(commit)

        return phase._replace(work=work, needed=lambda commit: True)

    steps.touch(0o666)
    os.chmod(steps, 0o666)
    monkeypatch.setattr(phases, "PHASES", tuple(map(slow, phases.PHASES)))
    outcomes = host.run(block(), users=("bob", "alice", "carol"), deadline=1)
    assert len(steps.read_bytes()) <= 4
    assert "took more than 1 seconds" in outcomes["alice"].problem.message
    assert [outcomes[name].problem for name in ("bob", "carol")] == [None, None]


def test_a_slow_user_among_others_who_take_a_little(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches meets the others in between, and the slow one's time counts all the same, and theirs does not grow."""

    def slow(phase):
        def work(commit):
            time.sleep(0.25 if commit.place.tree.base.endswith("alice") else 0.02)
            phase.work(commit)

        return phase._replace(work=work, needed=lambda commit: True)

    monkeypatch.setattr(phases, "PHASES", tuple(map(slow, phases.PHASES)))
    others = [f"user{number}" for number in range(10)]
    outcomes = host.run(block(), users=("alice", *others), deadline=2)
    assert "took more than 2 seconds" in outcomes["alice"].problem.message
    assert [outcomes[user].problem for user in others] == [None] * 10


def test_the_ids_are_checked_after_every_drop(host: Host, alice: Home) -> None:
    """Under SECBIT_NO_SETUID_FIXUP seteuid keeps all capabilities: the worker must notice."""
    code = (
        "import ctypes, sys\n"
        "assert ctypes.CDLL(None).prctl(28, 4, 0, 0, 0) == 0\n"  # PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP
        "from ansible_collections.mailops.profiles.plugins.module_utils._writer.identity import *\n"
        "with Switch().to(Identity(20001, 20001)): print('kept')\n"
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "capabilities survived" in done.stderr and "kept" not in done.stdout


def test_nobody_can_signal_the_worker(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    real = worker.plan_place

    def attacked(*arguments):
        worker = os.getpid()
        child = os.fork()
        if child == 0:
            os.setresuid(alice.uid, alice.uid, alice.uid)
            try:
                os.kill(worker, 9)
            except PermissionError:
                os._exit(13)
            os._exit(0)
        seen["status"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if seen["status"] != 13:
            raise RuntimeError("signalled")
        return real(*arguments)

    monkeypatch.setattr(worker, "plan_place", attacked)
    assert host.run(block())["alice"].problem is None


def deadly(number: int) -> tuple[phases.Phase, ...]:
    """The phases up to this one, after which the worker is killed."""

    def work(commit):
        if last.needed(commit):
            last.work(commit)
        os.kill(os.getpid(), 9)

    *before, last = phases.PHASES[: number + 1]
    return (*before, last._replace(work=work, needed=lambda commit: True))


@pytest.mark.parametrize("number", range(len(phases.PHASES)), ids=lambda number: f"{number} {phases.PHASES[number].purpose}")
@pytest.mark.parametrize("second_run", [[block("new\n"), owned("new\n")], []], ids=["update", "remove"])
def test_a_crash_leaves_old_or_new_and_the_next_run_repairs(
    host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch, number: int, second_run: list
) -> None:
    alice.write(".blockrc", "mine\n")
    host.run(block("old\n"), owned("old\n"))
    old = {name: alice.read(name) for name in (".blockrc", OWN)}
    with monkeypatch.context() as patched:
        patched.setattr(phases, "PHASES", deadly(number))
        assert "status 137" in host.run(*second_run)["alice"].problem.message
    new = {".blockrc": old[".blockrc"].replace(b"old", b"new") if second_run else b"mine\n", OWN: b"new\n" if second_run else None}
    for name in old:
        now = alice.read(name) if (alice.path / name).exists() else None
        assert now in (old[name], new[name])
    outcome = host.one(*second_run)
    assert outcome.problem is None and outcome.drifted == ()
    assert not any("tmp" in path or "backups" in path for path in alice.tree())
    assert all((alice.read(name) if (alice.path / name).exists() else None) == new[name] for name in new)


def test_a_file_changed_during_the_run_is_not_overwritten(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.write(".blockrc", "mine\n")
    real = worker.plan_place

    def races(tree, *arguments):
        plan = real(tree, *arguments)
        directory, name = tree.locate(".blockrc")
        with open(os.open(name, os.O_WRONLY | os.O_TRUNC, dir_fd=directory), "w") as file:
            file.write("just saved\n")
        return plan

    monkeypatch.setattr(worker, "plan_place", races)
    outcome = host.run(block())["alice"]
    assert "changed by another program" in outcome.problem.message and outcome.changes == ()
    assert alice.read(".blockrc") == b"just saved\n"


def test_a_dest_in_a_users_directory_is_written_as_that_user(host: Host, alice: Home) -> None:
    assert host.dest(alice.path / "setup/x", block()).problem is None
    assert alice.read("setup/x/.blockrc")
    assert {uid for uid, _mode, _content in alice.tree().values()} == {alice.uid}


@pytest.mark.parametrize("mode, works", [(0o755, True), (0o775, False), (0o777, False), (0o1777, True)])
def test_a_dest_where_others_can_write_is_unsafe(host: Host, tmp_path: Path, mode: int, works: bool) -> None:
    (tmp_path / "srv").mkdir()
    os.chmod(tmp_path / "srv", mode)
    assert (host.dest(tmp_path / "srv/x", block()).problem is None) is works


def test_a_dest_gets_owner_group_and_mode(host: Host, tmp_path: Path) -> None:
    options = Dest(owner=20_050, group=20_060, directory_mode=0o750)
    for changes in (2, 0):
        outcome = host.dest(tmp_path / "srv/x", block(), owned(), options=options, mode=0o640)
        assert outcome.problem is None and len(outcome.changes) == changes
    for name, mode in ((".blockrc", 0o640), (OWN, 0o640), ("", 0o750), (".config/mailops", 0o750)):
        state = (tmp_path / "srv/x" / name).stat()
        assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (20_050, 20_060, mode), name


def test_a_dest_below_a_strangers_directory_in_tmp_is_refused(host: Host, alice: Home, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    os.chmod(tmp_path / "shared", 0o1777)
    (tmp_path / "shared/setup").mkdir()
    os.chown(tmp_path / "shared/setup", alice.uid, alice.uid)
    for check in (True, False):
        assert "another user made in a shared one" in host.dest(tmp_path / "shared/setup/x", block(), check=check).problem.message
    assert os.listdir(tmp_path / "shared/setup") == []


@pytest.mark.parametrize("before, after", [({}, {"owner": 20_050, "group": 20_050}), ({"owner": 20_050, "group": 20_050}, {}),
                                           ({"group": 20_060}, {"group": 20_061})])  # fmt: skip
def test_another_owner_or_group_of_a_dest_is_refused_in_check_mode_too(host: Host, tmp_path: Path, before, after) -> None:
    path = tmp_path / "srv/x"
    assert host.dest(path, block(secret=True), options=Dest(**before)).problem is None
    state = [(each.stat().st_uid, each.stat().st_gid) for each in path.rglob("*")]
    said = {str(host.dest(path, block(secret=True), options=Dest(**after), check=check).problem) for check in (True, False)}
    if before.get("owner") and not after:
        assert said == {"None"}  # it is written as its owner
        return
    assert len(said) == 1 and "belongs to" in said.pop()
    assert [(each.stat().st_uid, each.stat().st_gid) for each in path.rglob("*")] == state


def test_nothing_is_done_as_root_below_a_users_directory(host: Host, alice: Home) -> None:
    alice.mkdir("setup")
    (alice.path / "setup/x").mkdir()
    for files in ((block(),), ()):
        assert "belongs to" in host.dest(alice.path / "setup/x", *files).problem.message


def test_a_forest_of_directories_fails_its_user_alone(host: Host, alice: Home) -> None:
    """With the usual limit of 1024 descriptors, which the worker cannot raise here."""
    patterns = {**PATTERNS, "mail": {"Mail/*/.mailops": "owned"}}
    entries = []
    for number in range(900):
        alice.write(f"Mail/{number}/.mailops", "x", 0o600)
        entry = {"path": f"Mail/{number}/.mailops", "producer": "mail", "strategy": "owned", "mode": 0o600, "sha256": ["0" * 64]}
        entries.append({**entry, "redacted": "", "tag": "", "variant": "", "before": None, "temp": None, "pending": False})
    alice.write(MANIFEST, json.dumps({"version": 1, "entries": entries, "directories": []}), 0o600)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        users = ("alice", *(f"user{number}" for number in range(60)))
        outcomes = host.run(block(), owned(), users=users, patterns=patterns, deadline=10)
        failed = {name for name, outcome in outcomes.items() if outcome.problem}
        removed = host.run(users=users[1:], deadline=10)
        os._exit(0 if failed == {"alice"} and not any(outcome.problem for outcome in removed.values()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


def test_the_lock_is_free_soon_after_the_run_was_killed(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "plan_place", lambda *arguments: time.sleep(60))
    lock = host.root / "lock"
    parent = os.fork()
    if parent == 0:
        fd = os.open(lock, os.O_CREAT | os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
        host.run(block(), deadline=1)
        os._exit(0)
    time.sleep(0.4)
    os.kill(parent, 9)
    os.waitpid(parent, 0)
    fd = os.open(lock, os.O_RDWR)
    start = time.monotonic()
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.close(fd)
    assert time.monotonic() - start < 4


def test_a_crash_leaves_no_password_behind_a_link(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.write("dot/blockrc", "mine\n")
    alice.link(".blockrc", "dot/blockrc")
    stop = next(number for number, phase in enumerate(phases.PHASES) if phase.work is Commit.stage_files)
    with monkeypatch.context() as patched:
        patched.setattr(phases, "PHASES", deadly(stop))
        host.run(block("secret\n"))
    assert any("tmp" in name for name in os.listdir(alice.path / "dot"))
    host.one()
    assert os.listdir(alice.path / "dot") == ["blockrc"]


def test_nobody_can_open_the_file_of_a_secret_for_a_moment(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = alice.write(".blockrc", "mine\n")
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 6, 20_099), (0x04, 4, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 4, 0xFFFFFFFF)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("no access lists on this file system")
    assert alice.mode(".blockrc") == 0o664
    real = os.fchmod

    def watched(fd: int, mode: int) -> None:
        if os.fstat(fd).st_mode & 0o077:
            os.kill(os.getpid(), 9)  # open to others before the mode was set
        real(fd, mode)

    monkeypatch.setattr(os, "fchmod", watched)
    assert host.run(block(secret=True))["alice"].problem is None
    assert alice.mode(".blockrc") == 0o600
    kept = os.getxattr(path, "system.posix_acl_access")
    assert struct.pack("<HHI", 0x02, 6, 20_099) in kept and struct.pack("<HHI", 0x10, 0, 0xFFFFFFFF) in kept


@pytest.mark.parametrize("kind", ["directory", "link out of the home"])
def test_check_mode_sees_a_record_that_cannot_be_written(host: Host, alice: Home, outside: Path, kind: str) -> None:
    if kind == "directory":
        alice.mkdir(MANIFEST)
    else:
        alice.link(MANIFEST, str(outside / "file"))
    said = [host.run(block(), check=check)["alice"].problem.message for check in (True, False)]
    assert said[0] == said[1] and str(alice.path) in said[0]


@pytest.mark.parametrize("place", [".config/mailops", ".config", "", ".local"])
def test_check_mode_sees_a_directory_that_cannot_be_written_to(host: Host, alice: Home, place: str) -> None:
    if place:
        alice.mkdir(place)
    os.chmod(alice.path / place, 0o500)
    said = [host.run(block(), owned(), check=check)["alice"].problem.message for check in (True, False)]
    assert said[0] == said[1] == f"{alice.path / place} is a directory that its user may not read and write: chmod u+rwx it"


@pytest.mark.parametrize("target", ["\udcff", "\x1b[2J\x1b[31mEVIL", "two\nlines", "\u202e", "/".join(["\u202e" * 80] * 12)], ids=ascii)
def test_what_a_user_names_things_reaches_no_terminal(host: Host, alice: Home, target: str) -> None:
    """Nor does it end the run: Ansible takes no result that is not valid Unicode."""
    alice.write(target, "not a directory")
    alice.link(".config", target)
    alice.write("lost", "# BEGIN mailops.profiles default\nx\n# END mailops.profiles default\n")
    os.rename(alice.path / "lost", alice.path / f"{target}rc")
    alice.link(".blockrc", f"{target}rc")
    for files in ([owned()], []):
        outcome = host.run(*files)["alice"]
        said = json.dumps(outcome, ensure_ascii=False)
        assert said.isprintable() and "internal error" not in said
        assert load_answer(dump_answer(Answer((outcome,)))).results == (outcome,)
        assert (outcome.problem is not None) is bool(files)


def test_names_without_number_cost_the_user_and_not_root(host: Host, alice: Home) -> None:
    """They are hard links, which cost the user nothing; a list of all of them would be root's memory."""
    first = alice.write(".local/state/mailops/x", "")
    for number in range(50_001):
        os.link(first, f"{first}{number}")
    outcome = host.run(block())["alice"]
    assert outcome.problem is not None and "holds more than 50000 files: remove those that no program needs" in outcome.problem.message

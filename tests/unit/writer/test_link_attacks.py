# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links that lead out of a home to where they must not: nothing there is opened or changed, and the answer says who owns which step."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path
from typing import Callable

import pytest

from ...mounts import bind, in_own_namespace
from .home import Home, Host, block, owned
from .test_links import give

_STRANGER = 20_077
_EXCHANGE = 2  # RENAME_EXCHANGE (linux/fs.h)


def refused(host: Host, said: str, *files) -> None:
    """Both runs give the reason; bob is served, and nothing of alice's is changed."""
    alice = host.home("alice")
    before = alice.tree()
    files = files or (block(), owned())
    for check in (True, False):
        results = host.run(*files, users=("alice", "bob"), check=check)
        assert results["bob"].problem is None
        problem = results["alice"].problem
        assert problem is not None and said in problem.message, problem
        assert problem.message.startswith(f"{alice.path}/") and ": " in problem.message
        assert "chown" not in problem.message and "chmod" not in problem.message
    assert alice.tree() == before


def make(path: Path, uid: int, mode: int = 0o755) -> Path:
    path.mkdir(parents=True)
    path.chmod(mode)
    os.chown(path, uid, uid)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(("uid", "mode", "said"), [
    (_STRANGER, 0o755, "belongs to the user with uid 20077"), (_STRANGER, 0o777, "belongs to the user with uid 20077"),
    (0, 0o777, "belongs to root, but others can write to it (mode 0777)"), (0, 0o1777, "belongs to root, but others can write to it (mode 1777)"),
    (0, 0o775, "belongs to root, but others can write to it (mode 0775)"), (0, 0o2775, "belongs to root, but others can write to it (mode 2775)"),
])  # fmt: skip
@pytest.mark.parametrize("last", [True, False])
def test_a_step_that_others_can_exchange(host: Host, alice: Home, disk: Path, uid: int, mode: int, said: str, last: bool) -> None:
    make(disk / "data", uid, mode)
    if not last:
        give(disk / "data/alice", alice)
    alice.link(".config", str(disk / "data" if last else disk / "data/alice"))
    refused(host, f"{alice.path}/.config leads out of {alice.path}, where {disk}/data {said}: link to a place that no other user can exchange")
    assert not list((disk / "data").rglob("*.tmp")) and not list((disk / "data").rglob("mailops"))


def test_a_directory_of_roots(host: Host, alice: Home, disk: Path) -> None:
    (disk / "rc").write_text("root's\n")
    (disk / "rc").chmod(0o666)
    alice.link(".blockrc", f"{disk}/rc")
    refused(host, f"{disk} belongs to root: link to a directory of the user's own")
    assert (disk / "rc").read_text() == "root's\n"


@pytest.mark.parametrize("uid", [0, _STRANGER])
def test_a_file_of_another_users_in_an_own_directory(host: Host, alice: Home, disk: Path, uid: int) -> None:
    """A hard link, perhaps."""
    (disk / "file").write_text("not hers\n")
    (disk / "file").chmod(0o666)
    os.chown(disk / "file", uid, uid)
    os.link(disk / "file", give(disk / "alice", alice) / "rc")
    alice.link(".blockrc", f"{disk}/alice/rc")
    results = host.run(block())
    assert results["alice"].problem is not None and "belongs to " in results["alice"].problem.message
    assert (disk / "file").read_text() == "not hers\n"


def test_a_link_of_another_users_on_the_way(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "alice/public", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    os.symlink("public", disk / "alice/config")
    os.chown(disk / "alice/config", _STRANGER, _STRANGER, follow_symlinks=False)
    alice.link(".config", f"{disk}/alice/config")
    refused(host, f"{disk}/alice/config belongs to the user with uid 20077")


OF_THE_HOST = (
    "/etc", "/etc/new", "/proc/self", "/proc/self/root", "/proc/self/cwd", "/proc/thread-self/fd", "/proc/1/root/srv", "/dev/shm", "/dev", "/sys", "/sys/fs",
    "/tmp", "/var/tmp/x", "/", "/root", "/srv", "/usr/share",
)  # fmt: skip


@pytest.mark.parametrize("name", [".config", ".blockrc", ".config/mailops/own", ".local", ".local/state/mailops", ".local/state/mailops/backups"])
def test_what_is_the_hosts(host: Host, name: str) -> None:
    users = {f"user{number}": target for number, target in enumerate(OF_THE_HOST)}
    for user, target in users.items():
        host.home(user).link(name, target)
    before = {user: host.home(user).tree() for user in users}
    for check in (True, False):
        results = host.run(block(), owned(), users=(*users, "bob"), check=check)
        assert results["bob"].problem is None
        for user, target in users.items():
            problem = results[user].problem
            assert problem is not None and problem.message.startswith(f"{host.home(user).path}/{name}"), (target, problem)
            assert " leads out of " in problem.message or target in ("/root", "/proc/1/root/srv"), (target, problem)
    assert {user: host.home(user).tree() for user in users} == before


def test_places_of_others_and_loops(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "alice/a", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    for name, target in (("one", "two"), ("two", "one"), ("long", "/".join(["a"] * 900))):
        os.symlink(target, disk / "alice" / name)
        os.chown(disk / "alice" / name, alice.uid, alice.uid, follow_symlinks=False)
    for target, said in (
        (str(host.home("bob").path), "belongs to"), (f"{disk}/alice/one", "too many symbolic links"), (f"{disk}/alice/two/x", "too many symbolic links"),
        (f"{disk}/alice/long", ""), (f"{disk}/gone/alice", f"{disk}/gone does not exist: it may not be mounted"),
    ):  # fmt: skip
        alice.link(".config", target)
        refused(host, said) if said else host.run(owned())
        os.unlink(alice.path / ".config")
    alice.link(".config", f"{disk}/alice/a/../../..")
    refused(host, "/.config is a symbolic link with '..' in the middle: make it a plain one")


@pytest.mark.parametrize("end", ["gone", "."])
def test_links_that_double(host: Host, alice: Home, end: str) -> None:
    """Forty links, each of which leads through the next one twice, would be 2 ** 40 steps."""
    alice.mkdir("d")
    for number in range(39):
        alice.link(f"d/l{number}", f"l{number + 1}/l{number + 1}")
    alice.link("d/l39", "gone" if end == "gone" else "../d")
    alice.link(".config", "d/l0")
    host.run(owned())
    assert not any("took more than" in result.problem.message for result in host.run(owned()).values() if result.problem)


def test_the_place_of_other_files_of_ours(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "published/alice", alice)
    alice.link(".config", f"{disk}/published/alice")
    for check in (True, False):
        problem = host.run(owned(), check=check, others={f"{disk}/published/alice": "/srv/{LinkToken of alice}"})["alice"].problem
        assert problem is not None and "/srv/{LinkToken of alice} is another place that is served" in problem.message
    assert not os.listdir(disk / "published/alice")


def test_what_is_not_mounted_is_not_taken_for_removed(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "data/alice", alice)
    alice.link(".config", f"{disk}/data/alice")
    host.one(owned())
    os.rename(disk / "data", disk / "away")
    (disk / "data").mkdir()
    for check in (True, False):
        problem = host.run(check=check)["alice"].problem
        assert problem is not None and f"{disk}/data/alice does not exist: it may not be mounted" in problem.message
    os.rmdir(disk / "data")
    os.rename(disk / "away", disk / "data")
    assert host.one().problem is None and not os.listdir(disk / "data/alice")


def test_a_mount_of_another_users_directory(host: Host, alice: Home, disk: Path) -> None:
    make(disk / "strangers", _STRANGER, 0o777)
    give(disk / "alice/mounted", alice)
    alice.link(".config", f"{disk}/alice/mounted")

    def serve() -> str:
        bind(disk / "strangers", disk / "alice/mounted")
        problem = host.run(owned())["alice"].problem
        return problem.message if problem else ""

    assert f"{disk}/alice/mounted belongs to the user with uid 20077" in in_own_namespace(serve)
    assert not os.listdir(disk / "strangers")


def _exchanging(uid: int, directory: Path, one: str, other: str) -> int:
    """A process of this user's that exchanges two names all the time."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.chdir(directory)
            exchange = ctypes.CDLL(None).renameat2
            while True:
                exchange(-100, one.encode(), -100, other.encode(), _EXCHANGE)
        finally:
            os._exit(1)
    return child


@pytest.mark.parametrize("kind", ["link to root's", "link to a stranger's", "stranger's directory", "link home"])
def test_a_step_that_the_user_exchanges_all_the_time(host: Host, alice: Home, disk: Path, kind: str) -> None:
    give(disk / "alice/config", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    for owner, uid in (("root", 0), ("stranger", _STRANGER)):
        make(disk / owner, uid, 0o777)
    (disk / "root").chmod(0o755)
    swap: Callable[[str], None] = lambda target: os.symlink(target, disk / "alice/swap")  # noqa: E731
    if kind == "stranger's directory":
        make(disk / "alice/swap", _STRANGER, 0o777)
    else:
        swap({"link to root's": f"{disk}/root", "link to a stranger's": f"{disk}/stranger", "link home": str(alice.path)}[kind])
        os.chown(disk / "alice/swap", alice.uid, alice.uid, follow_symlinks=False)
    alice.link(".config", f"{disk}/alice/config")
    child = _exchanging(alice.uid, disk / "alice", "config", "swap")
    try:
        served = 0
        for number in range(20):
            result = host.run(owned(f"{number}\n"))["alice"]
            served += result.problem is None
            assert "internal error" not in str(result.problem)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert not os.listdir(disk / "root") and not os.listdir(disk / "stranger")
    if kind == "stranger's directory":
        assert not any(os.listdir(path) for path in (disk / "alice").iterdir() if path.stat().st_uid == _STRANGER)


def test_a_step_exchanged_right_before_it_is_opened(host: Host, alice: Home, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in its place is not followed, and another directory is looked at again."""
    for target in (f"{disk}/root", f"{disk}/stranger"):
        case = disk / os.path.basename(target)
        make(case, 0 if target.endswith("root") else _STRANGER, 0o777)
    give(disk / "alice/config", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    alice.link(".config", f"{disk}/alice/config")
    real = os.open

    def attacked(path, flags, mode=0o777, *, dir_fd=None):
        if path == "config" and (disk / "alice/config").is_dir() and not (disk / "alice/config").is_symlink():
            os.rename("config", "moved", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
            os.symlink(f"{disk}/stranger", "config", dir_fd=dir_fd)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", attacked)
    result = host.run(owned())["alice"]
    assert result.problem is not None and "belongs to the user with uid 20077" in result.problem.message
    assert not os.listdir(disk / "stranger") and not os.listdir(disk / "root")


def test_a_home_link_of_a_strangers(host: Host, disk: Path) -> None:
    give(disk / "data/alice", Home(disk, 20_001))
    for uid, mode, said in (
        (_STRANGER, 0o755, f"the symbolic link {disk}/home/alice, which belongs to the user with uid 20077: use the real path"),
        (0, 0o1777, f"which lies in {disk}/home (mode 1777), where others can exchange it"),
    ):
        make(disk / "home", 0, mode)
        os.symlink(disk / "data/alice", disk / "home/alice")
        os.chown(disk / "home/alice", uid, uid, follow_symlinks=False)
        host.homes["alice"] = Home(disk / "home/alice", 20_001)
        for check in (True, False):
            problem = host.run(block(), check=check)["alice"].problem
            assert problem is not None and said in problem.message
        os.unlink(disk / "home/alice")
        os.rmdir(disk / "home")


def test_a_home_link_of_the_users_is_followed_with_the_users_eyes(host: Host, disk: Path) -> None:
    """Root could pass a closed directory, and would say what is in there."""
    make(disk / "closed", 0, 0o700)
    give(disk / "closed/alice", Home(disk, 20_001))
    os.symlink(disk / "closed/alice", disk / "home")
    os.chown(disk / "home", 20_001, 20_001, follow_symlinks=False)
    host.homes["alice"] = Home(disk / "home", 20_001)
    problem = host.run(block())["alice"].problem
    assert problem is not None and "Permission denied" in problem.message and not os.listdir(disk / "closed/alice")

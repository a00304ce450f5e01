# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes while the run goes on: directories that become links and back, leases; and what keeps a user's file from change."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer.dest import Dest

from ..unit.writer.home import Home, Host
from .conftest import CASES
from .filesystems import in_memory, isolated
from .test_traps import assert_right_in_the_end, deployed, fail_alone, foreign, temporary
from .traps import APPEND_ONLY, IMMUTABLE, STATE, Outside, assert_helpful, open_to, patterns, set_flags, untouched, wanted

_EXCHANGE = 2  # RENAME_EXCHANGE (linux/fs.h)


@contextmanager
def as_the_user(home: Home, work: Callable[[], None]) -> Iterator[None]:
    """A process of the user's, in the home, until the end."""
    child = os.fork()
    if child == 0:
        try:
            os.chdir(home.path)
            os.setgroups([])
            os.setresgid(home.uid, home.uid, home.uid)
            os.setresuid(home.uid, home.uid, home.uid)
            work()
        finally:
            os._exit(1)
    try:
        yield
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the attacker ended before the run"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("place", [".config", ".config/mailops", ".local", ".local/state", STATE, f"{STATE}/default.json", wanted()[0].path])
@pytest.mark.parametrize("target", ["root", "root/file", "own"])
@isolated
def test_a_component_that_is_exchanged_all_the_time(host: Host, count, place: str, target: str) -> None:
    in_memory(host.root)
    alice = deployed(host)
    outside = Outside(host.root / "outside", alice.uid, host.home("bob").uid)
    alice.link("swap", str(outside.path / target))

    def swap() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        while True:
            libc.renameat2(-100, b"swap", -100, os.fsencode(place), _EXCHANGE)

    runs = max(4, CASES // 5)
    with untouched([outside]), as_the_user(alice, swap):
        for number in range(runs):
            files = wanted(version=number % 2 + 1) if number % 4 < 3 else []
            outcomes = host.run(*files, users=("alice", "bob"), patterns=patterns())
            assert outcomes["bob"].problem is None
            assert "internal error" not in str(outcomes["alice"].problem)
    assert not foreign(alice.tree(), alice)
    swap_link = alice.path / "swap"
    if not swap_link.is_symlink():  # stopped while they were exchanged
        ctypes.CDLL(None).renameat2(-100, os.fsencode(swap_link), -100, os.fsencode(alice.path / place), _EXCHANGE)
    swap_link.unlink()
    assert_right_in_the_end(host)
    count("runs against a loop that exchanges", runs)


@pytest.mark.parametrize("place", [".config", ".config/mailops", ".local", ".local/state", STATE, f"{STATE}/default.json", wanted()[0].path])
@isolated
def test_a_component_that_is_exchanged_right_before_it_is_opened(host: Host, count, place: str) -> None:
    in_memory(host.root)
    alice = deployed(host)
    outside = Outside(host.root / "outside", alice.uid, host.home("bob").uid)
    alice.link("swap", str(outside.path / ("root/file" if (alice.path / place).is_file() else "root")))
    real, exchange = os.open, ctypes.CDLL(None).renameat2
    home, name = os.open(alice.path, os.O_RDONLY), os.path.basename(place)
    where, attacks = os.path.dirname(alice.path / place), []

    def attacked(path, flags, mode=0o777, *, dir_fd=None):
        if path == name and os.geteuid() == alice.uid and not attacks and os.readlink(f"/proc/self/fd/{dir_fd}") == where:
            attacks.append(exchange(home, b"swap", home, os.fsencode(place), _EXCHANGE))
            assert attacks == [0]
        return real(path, flags, mode, dir_fd=dir_fd)

    os.open = attacked
    try:
        with untouched([outside]):
            outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns())
    finally:
        os.open = real
        os.close(home)
    assert outcomes["bob"].problem is None
    # A record that is not what we wrote counts as none, and is replaced.
    assert outcomes["alice"].problem is not None or place == f"{STATE}/default.json"
    assert (alice.path / "swap").is_symlink() is False  # it was exchanged
    assert not foreign(alice.tree(), alice)
    count("runs against a loop that exchanges", 1)


@pytest.mark.parametrize("kind", [fcntl.F_RDLCK, fcntl.F_WRLCK], ids=["read", "write"])
@isolated
def test_a_lease(host: Host, count, kind: int) -> None:
    in_memory(host.root)
    alice = deployed(host)
    path = wanted()[0].path
    ready, done = os.pipe()

    def hold() -> None:
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fcntl.fcntl(os.open(path, os.O_RDONLY), fcntl.F_SETLEASE, kind)
        os.write(done, b"1")
        time.sleep(60)

    with as_the_user(alice, hold):
        os.read(ready, 1)
        start = time.monotonic()
        for check in (True, False):
            outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns(), check=check)
            assert outcomes["bob"].problem is None
            if kind == fcntl.F_WRLCK:
                assert_helpful(outcomes["alice"].problem, alice, ["lease"])
            else:  # others may read, and the file is replaced, not written to
                assert outcomes["alice"].problem is None
        assert time.monotonic() - start < 20
    assert_right_in_the_end(host)
    count("traps tried", 1)


OWNED = next(file.path for file in wanted() if file.content is not None and file.path.startswith(".config/mailops/"))
FLAGGED = [wanted()[0].path, OWNED, os.path.dirname(OWNED), ".config", STATE, f"{STATE}/default.json"]


@pytest.mark.parametrize("place", FLAGGED)
@pytest.mark.parametrize("flag", [IMMUTABLE, APPEND_ONLY], ids=["immutable", "append-only"])
@isolated
def test_what_may_not_be_changed(host: Host, count, flag: int, place: str) -> None:
    """Only root can set these flags. A dry run sees only that of an immutable directory."""
    in_memory(host.root)
    alice = deployed(host)
    try:
        set_flags(alice.path / place, flag)
    except OSError:
        pytest.skip("no file flags on tmpfs with this kernel")
    if place == ".config":  # nothing is made or renamed in there
        assert host.run(*wanted(version=2), patterns=patterns())["alice"].problem is None
    elif (alice.path / place).is_dir() and flag == IMMUTABLE:
        fail_alone(host, count, "lsattr")
    elif (alice.path / place).is_dir():
        # A file can be made there, but not renamed or removed: it stays, closed to others, until the flag is gone.
        outcomes = host.run(*wanted(version=2), users=("alice", "bob"), patterns=patterns())
        assert_helpful(outcomes["alice"].problem, alice, ["lsattr"])
        assert outcomes["bob"].problem is None
        assert {alice.mode(path) for path in temporary(alice.tree())} == {0o600}
        count("traps tried", 1)
    else:
        fail_alone(host, count, "lsattr", check_knows=False)
    set_flags(alice.path / place, 0)
    assert_right_in_the_end(host)


@isolated
def test_a_default_acl_opens_nothing(host: Host, count) -> None:
    """Every directory of the home names a stranger in its default access list, and the stranger really tries."""
    in_memory(host.root)
    alice, stranger = host.home("alice"), 20_099
    for place in ("", ".config", ".config/mailops", ".local/state/mailops/backups"):
        alice.mkdir(place) if place else None
        for name in ("system.posix_acl_default", "system.posix_acl_access"):
            os.setxattr(alice.path / place, name, open_to(stranger))
    assert host.run(*wanted(), patterns=patterns(), mode=0o640)["alice"].problem is None
    tried = _readable(alice.path, stranger, alice.path / ".config/mailops")
    assert tried == []
    count("files that a stranger could not read", len(wanted()))


@isolated
def test_a_default_acl_opens_no_dest(host: Host, count) -> None:
    in_memory(host.root)
    stranger = 20_099
    (host.root / "root").mkdir()
    (host.root / "srv").mkdir()
    for name in ("system.posix_acl_default", "system.posix_acl_access"):
        os.setxattr(host.root / "srv", name, open_to(stranger))
    os.chmod(host.root / "srv", 0o755)
    options = Dest(owner=20_050, group=20_060, directory_mode=0o750)
    assert host.dest(host.root / "srv/x", *wanted(), options=options, patterns=patterns(), mode=0o640).problem is None
    assert _readable(host.root / "srv", stranger, host.root / "srv/x") == []
    count("files that a stranger could not read", len(wanted()))


def _readable(root: Path, uid: int, below: Path) -> list[str]:
    """What this uid can read there, trying each path that root knows."""
    reader, writer = os.pipe()
    paths = [path for path in below.rglob("*") if path.is_file()]
    assert paths
    os.chmod(root.parent, 0o755)
    child = os.fork()
    if child == 0:
        os.chdir(root)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        for path in paths:
            try:
                os.close(os.open(path.relative_to(root), os.O_RDONLY))
                os.write(writer, f"{path}\n".encode())
            except OSError:
                pass
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    return os.read(reader, 1 << 16).decode().splitlines()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links of the user's: inside of the home, and out of it to what is the user's own by every step of the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .home import MANIFEST, OWN, Home, Host, block, owned


def give(path: Path, home: Home, mode: int = 0o700) -> Path:
    """A directory of the user's."""
    path.mkdir(parents=True)
    path.chmod(mode)
    os.chown(path, home.uid, home.uid)
    return path


def assert_served(host: Host, alice: Home, outside: Path) -> None:
    """Both files come, change and go, and nothing is left; a dry run says the same each time."""
    kept = sorted(outside.rglob("*"))
    assert host.one(block(), owned()).problem is None
    assert alice.read(".blockrc").endswith(b"# END mailops.profiles default\n") and alice.read(OWN) == b"own\n"
    assert {change.action for change in host.one(block("2\n"), owned("2\n")).changes} == {"updated"}
    assert alice.read(OWN) == b"2\n"
    assert {change.action for change in host.one().changes} == {"removed"}
    assert sorted(outside.rglob("*")) == kept and not (alice.path / MANIFEST).exists()


def test_a_directory_on_another_disk(host: Host, alice: Home, disk: Path) -> None:
    config = give(disk / "alice/config", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    alice.link(".config", str(config))
    assert_served(host, alice, disk)


def test_a_directory_below_one_of_roots(host: Host, alice: Home, disk: Path) -> None:
    """Root's may be open to pass only."""
    alice.link(".config", str(give(disk / "alice", alice)))
    disk.chmod(0o711)
    assert_served(host, alice, disk)


def test_a_file_on_another_disk(host: Host, alice: Home, disk: Path) -> None:
    rc = give(disk / "alice", alice) / "rc"
    rc.write_text("mine\n")
    os.chown(rc, alice.uid, alice.uid)
    alice.link(".blockrc", str(rc))
    host.one(block())
    assert (alice.path / ".blockrc").is_symlink() and rc.read_bytes().startswith(b"mine\n# BEGIN")
    host.one()
    assert rc.read_bytes() == b"mine\n" and os.listdir(rc.parent) == ["rc"]


def test_a_file_that_does_not_exist_yet(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "alice", alice)
    alice.link(".blockrc", str(disk / "alice/new/rc"))
    alice.link(".config", str(disk / "alice/config"))
    host.one(block(), owned())
    assert (disk / "alice/new/rc").is_file() and os.stat(disk / "alice/config/mailops/own/work").st_uid == alice.uid


def test_links_on_the_way_of_roots_and_of_the_users(host: Host, alice: Home, disk: Path) -> None:
    give(disk / "big/alice/config", alice)
    os.chown(disk / "big/alice", alice.uid, alice.uid)
    os.symlink("big", disk / "data")
    os.symlink(f"{disk}/data/alice/config", disk / "big/alice/link")
    os.chown(disk / "big/alice/link", alice.uid, alice.uid, follow_symlinks=False)
    alice.link(".config", os.path.relpath(disk / "data/alice/link", alice.path))
    assert_served(host, alice, disk)


def test_a_link_out_and_back_again(host: Host, alice: Home, disk: Path) -> None:
    """One file has one name, whichever way leads there."""
    os.symlink(alice.path, disk / "home")
    alice.mkdir("dotfiles")
    alice.link(".config", f"{disk}/home/dotfiles")
    alice.link(".blockrc", f"{disk}/home/.ownrc")
    problem = host.one(block(), owned(path=".ownrc")).problem
    assert problem is not None and "is one file for" in problem.message
    assert host.one(owned()).problem is None and alice.read("dotfiles/mailops/own/work") == b"own\n"
    os.unlink(alice.path / ".config")
    for target in (f"{disk}/home", f"{disk}/home/", str(alice.path)):
        alice.link(".config", target)
        problem = host.one(owned()).problem
        assert problem is not None and f"{alice.path}/.config is a symbolic link to {alice.path} itself" in problem.message
        os.unlink(alice.path / ".config")


def test_the_real_place_is_named_beside_the_link(host: Host, alice: Home, disk: Path) -> None:
    """In changes, in the headers of diffs, and where a file was edited; a dry run says the same."""
    alice.write("dotfiles/rc", "mine\n")
    alice.link(".blockrc", "dotfiles/rc")
    alice.link(".config", str(give(disk / "alice", alice)))
    real = {f"{alice.path}/.blockrc": f"{alice.path}/dotfiles/rc", f"{alice.path}/{OWN}": f"{disk}/alice/mailops/own/work"}
    for files in ((block(), owned()), (block("2\n"), owned("2\n")), ()):
        if files and (disk / "alice/mailops").exists():
            alice.write("dotfiles/rc", alice.read("dotfiles/rc").replace(b"block", b"edited"))
            os.unlink(alice.path / OWN)
        result = host.one(*files)
        assert {change.path: change.real_path for change in result.changes} == real
        headers = {change.path: change.diff.after_header for change in result.changes if change.diff}
        assert headers == {path: f"{path} (in {place})" for path, place in real.items()}
        assert {drift.path: drift.real_path for drift in result.drifted} == (real if files and "2" in files[0].redacted else {})
    assert {change.real_path for change in host.one(block(), owned(path=".ownrc")).changes} == {f"{alice.path}/dotfiles/rc", ""}


@pytest.mark.parametrize("uid", [0, 20_001])
def test_a_home_that_is_a_link(host: Host, disk: Path, uid: int) -> None:
    (disk / "home").mkdir()
    give(disk / "data/alice", Home(disk / "home/alice", 20_001))
    os.symlink(disk / "data/alice", disk / "home/alice")
    os.chown(disk / "home/alice", uid, uid, follow_symlinks=False)
    host.homes["alice"] = Home(disk / "home/alice", 20_001)
    assert host.one(block(), owned()).problem is None and (disk / "data/alice/.blockrc").is_file()
    host.homes["alice"].link(".elsewhere", "/")
    assert host.one().problem is None and os.listdir(disk / "data/alice") == [".elsewhere"]


def test_a_crash_leaves_no_password_behind_a_link_that_leads_out(host: Host, alice: Home, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rc = give(disk / "alice", alice) / "rc"
    alice.link(".blockrc", str(rc))
    with monkeypatch.context() as patched:
        rename = os.rename

        def dies(*names: object, **other: int) -> None:
            if str(names[1]) == "rc":
                os.kill(os.getpid(), 9)
            rename(*names, **other)

        patched.setattr(os, "rename", dies)
        host.run(block("secret\n"))
    assert [name for name in os.listdir(rc.parent) if name.endswith(".tmp")]
    host.one()
    assert os.listdir(rc.parent) == []

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who leave (state: absent): which places are cleared, which stay on root's list, and what is said about them."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Place

from .home import MANIFEST, OWN, Site, all_changes, block, changed_users, owned, problems, remaining
from .machine import Machine


def test_an_absent_user_loses_what_the_list_has_for_the_host(site: Site) -> None:
    site.run("anna", "bob", dest_pattern="/old")
    named = site.root
    site.root = site.root.parent / "other"
    site.run("anna")
    site.run(places=(Place("anna", str(site.root / "of another host"), (block(),)),), inventory_host="b")
    answer = site.run("bob", places=(Place("anna", "", absent=True),))
    assert [result.path for result in answer.results] == [str(site.root / "anna"), str(named / "anna")]
    assert ("anna", str(site.root / "of another host"), "b") in remaining(answer)
    assert site.left() == {"of another host"} and {path.name for path in named.iterdir() if any(path.iterdir())} == {"bob"}
    assert not site.run(places=(Place("anna", "", absent=True),)).warnings


def test_an_absent_user_loses_the_place_that_the_job_names(site: Site) -> None:
    """Whichever host it was served for: the inventory host may have a new name."""
    site.run("anna", inventory_host="old name")
    site.run(absent=("anna",))
    assert site.left() == set() and site.served == {}


def test_an_absent_user_takes_nothing_from_who_has_the_place_now(site: Site) -> None:
    site.run("anna")
    here = str(site.root / "anna")
    site.run(places=(Place("robert", here, (block(), owned())),))
    for places in ((Place("anna", here, absent=True),), (Place("anna", "", absent=True), Place("robert", here, (block(), owned())))):
        assert not all_changes(site.run(places=places))
    assert site.left() == {"anna"} and site.served == {"default.json": [("robert", here)]}


def test_without_the_list_what_cannot_be_known_is_said(site: Site) -> None:
    site.run("anna", "bob")
    path = site.own / "default.json"
    text = path.read_text()
    for damage in ("lost", "damaged"):
        path.unlink() if damage == "lost" else path.write_text("{")
        answer = site.run(places=(Place("anna", "", absent=True),), check=True)
        assert "left files of anna" in answer.warnings[-1] and not answer.results
    path.write_text(text)
    path.unlink()
    assert "list of the users served is lost, so nothing was purged" in site.run("bob", purge=True, check=True).warnings[0]
    assert changed_users(site.run(absent=("anna",))) == {"anna"}


def test_a_leaver_whom_the_host_does_not_know(machine: Machine) -> None:
    answer = machine.run(absent=("no-such-user-here",))
    assert answer == Answer(())
    home = machine.add("alice")
    machine.run("alice")
    del machine.homes["alice"]
    before = home.tree()
    for check in (True, False, False):
        answer = machine.run(absent=("alice",), check=check)
        assert not problems(answer) and not all_changes(answer) and not answer.missing and not answer.remaining
        assert answer.warnings == (f"alice is not a user of the host any more, and {home.path} is left with what was written there: remove it",)
    assert home.tree() == before
    shutil.rmtree(home.path)
    assert machine.run(absent=("alice",)).warnings == () and machine.served == []


def test_a_home_of_a_leaver_that_is_another_users_now(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice")
    del machine.homes["alice"]
    home.path.rename(home.path.parent / "kept")
    other = machine.add("bob")
    other.path.rename(home.path)
    machine.homes["bob"] = str(home.path)
    assert machine.run(absent=("alice",)).warnings == () and machine.served == []


def test_a_reused_home_is_the_new_users(machine: Machine) -> None:
    """useradd --home-dir: the old files with it, under another uid."""
    home = machine.add("alice")
    machine.run("alice")
    bob = machine.add("bob")
    machine.homes["bob"] = machine.homes.pop("alice")
    for path in [home.path, *home.path.rglob("*")]:
        os.chown(path, bob.uid, bob.uid)
    for more in ({"purge": True}, {"absent": ("alice",)}):
        answer = machine.run("bob", **more)
        assert not problems(answer) and not answer.warnings and (home.path / OWN).exists()
    assert machine.served == [("bob", str(home.path))]


@pytest.mark.parametrize("way", ["purge", "absent"])
@pytest.mark.parametrize("moves_files", [True, False])
def test_a_home_that_moved_is_cleared_where_the_files_are(machine: Machine, way: str, moves_files: bool) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob")
    new = home.path.parent / "moved"
    if moves_files:
        home.path.rename(new)
    else:
        new.mkdir(0o700)
        os.chown(new, home.uid, home.uid)
    machine.homes["alice"] = str(new)
    answer = machine.run("bob", **({"purge": True} if way == "purge" else {"absent": ("alice",)}))
    assert changed_users(answer) == {"alice"} and not answer.warnings and not problems(answer)
    assert [user for user, _path in machine.served] == ["bob"]
    assert not list(new.rglob("*")) and not (home.path.exists() and list(home.path.rglob("*")))


def test_a_home_that_is_not_mounted_stays_on_the_list(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice")
    home.path.rename(home.path.parent / "unmounted")
    for is_mount_point in (False, True):
        if is_mount_point:
            home.path.mkdir(0o700)
            os.chown(home.path, home.uid, home.uid)
        for check in (True, False):
            (warning,) = machine.run(absent=("alice",), check=check).warnings
            assert f"alice in {home.path}" in warning and "may not be mounted" in warning and machine.served == [("alice", str(home.path))]
    home.path.rmdir()
    (home.path.parent / "unmounted").rename(home.path)
    assert changed_users(machine.run(absent=("alice",))) == {"alice"} and machine.served == []


def test_a_manifest_that_the_user_edited_lies_only_about_the_home(machine: Machine) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob")
    home.write("letter", "mine\n")
    home.write(MANIFEST, home.read(MANIFEST).replace(OWN.encode(), b"letter"), 0o600)
    machine.run("bob", purge=True)
    assert home.read("letter") == b"mine\n" and (machine._host.home("bob").path / OWN).exists()


def test_a_user_who_removes_the_manifest_is_forgotten(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice")
    (home.path / MANIFEST).unlink()
    answer = machine.run(absent=("alice",))
    assert home.read(".blockrc") == b"" and not answer.warnings and machine.served == []


def test_a_home_and_a_dest_at_once(machine: Machine) -> None:
    """Of two tasks with one instance; the dest may even be the home."""
    home = machine.add("alice")
    machine.run("alice")
    machine.site.root = home.path.parent
    machine.site.run(places=(Place("alice", str(home.path / "setup"), (block(),)),))
    assert machine.run("alice", purge=True).remaining == () and len(machine.served) == 2
    assert machine.site.run(places=(Place("alice", str(home.path / "setup"), (block(),)),), purge=True).remaining == ()
    machine.run(absent=("alice",))
    assert machine.served == [] and not list(home.path.rglob("*rc"))


@pytest.mark.parametrize("now", ["/nonexistent", "/", "root's", "another user's"])
def test_a_leaver_whose_account_was_locked_with_another_home(machine: Machine, now: str) -> None:
    home = machine.add("alice")
    machine.run("alice")
    other = machine.add("bob")
    other.write(".blockrc", "bob's\n")
    machine.homes["alice"] = {"root's": "/usr", "another user's": str(other.path)}.get(now, now)
    answer = machine.run(absent=("alice",))
    assert changed_users(answer) == {"alice"} and not problems(answer) and not answer.warnings
    assert not list(home.path.rglob("*")) and other.read(".blockrc") == b"bob's\n" and machine.served == []
    again = machine.run(absent=("alice",))
    assert not all_changes(again) and not problems(again) and not again.warnings


def test_root_loses_nothing_and_fails_nothing(machine: Machine) -> None:
    answer = machine.run(absent=("root",))
    assert not answer.results and "user root has uid 0" in answer.warnings[0]


def test_without_root_another_users_home_is_a_problem(machine: Machine) -> None:
    """And a user whom the host does not know is not."""
    machine.add("alice")
    machine.run("alice")
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(20_077, 20_077, 20_077)
            answer = machine.run(absent=("alice", "no-such-user-here"), check=True)
            os._exit(0 if set(problems(answer)) == {"alice"} and "no-such-user-here" in answer.warnings[0] else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who leave: which places are cleared, which stay on root's list, and what is said about them."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Job, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

from .home import MANIFEST, OWN, PATTERNS, Home, Host, Site, all_changes, block, changed_users, owned, problems


class Machine:
    """Users with homes that the host knows, beside directories that are no homes."""

    def __init__(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        self._host = host
        self.site = Site(host.root / "srv")
        self.homes: dict[str, str] = {}
        known = pwd.getpwnam
        monkeypatch.setattr(pwd, "getpwnam", lambda name: self._entry(name) if name in self.homes else known(name))

    def _entry(self, name: str) -> pwd.struct_passwd:
        uid = self._host.home(name).uid
        return pwd.struct_passwd((name, "x", uid, uid, "", self.homes[name], "/bin/sh"))

    def add(self, name: str) -> Home:
        home = self._host.home(name)
        self.homes[name] = str(home.path)
        return home

    def run(self, *names: str, absent: tuple[str, ...] = (), check: bool = False, **other: Any) -> Answer:
        """Of homes."""
        places = [Place(name, None, (block(), owned())) for name in names] + [Place(name, absent=True) for name in absent]
        job = Job("default", tuple(places), PATTERNS, deadline=5, inventory_host="desk")
        return load_answer(run(dump_job(job._replace(**other)), check, False)[1])

    @property
    def served(self) -> list[tuple[str, str]]:
        return self.site.served.get("default.json", [])


@pytest.fixture
def machine(host: Host, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(host, monkeypatch)


def remaining(answer: Answer) -> list[tuple[str, str, str]]:
    return [tuple(place) for place in answer.remaining]


# --- two inventory hosts, two patterns ---


def test_a_purge_ends_at_the_inventory_host_and_the_pattern(site: Site) -> None:
    site.run("anna", inventory_host="a", dest_pattern="/x/a")
    site.run("bob", inventory_host="b", dest_pattern="/x/a")
    site.run("carol", inventory_host="a", dest_pattern="/x/b")
    site.run("dora", inventory_host="a", dest_pattern="/x/a")
    for check in (True, False):
        answer = site.run("eva", inventory_host="a", dest_pattern="/x/a", purge=True, check=check)
        assert changed_users(answer) == {"anna", "dora", "eva"}
        assert remaining(answer) == [("bob", str(site.root / "bob"), "b"), ("carol", str(site.root / "carol"), "a")]
    assert site.left() == {"bob", "carol", "eva"}


def test_a_place_served_again_is_stamped_anew(site: Site) -> None:
    site.run("anna", inventory_host="a")
    site.run("anna", inventory_host="b")
    assert not changed_users(site.run("bob", inventory_host="a", purge=True)) - {"bob"}
    assert changed_users(site.run("bob", inventory_host="b", purge=True)) == {"anna"}


def test_an_old_place_of_a_user_who_is_still_listed_is_purged(site: Site) -> None:
    old, new = (Place("anna", str(site.root / name), (block(), owned())) for name in ("anna@old", "anna@new"))
    site.run(places=(old,))
    assert not remaining(site.run(places=(new,))) and site.left() == {"anna@old", "anna@new"}
    site.run(places=(new,), purge=True)
    assert site.left() == {"anna@new"} and site.served == {"default.json": [("anna", new.base)]}


def test_users_of_later_jobs_keep_their_places(site: Site) -> None:
    site.run("anna", "bob", "carol")
    later = (("bob", str(site.root / "bob")), ("carol", str(site.root / "carol2")))
    first = site.run("anna", purge=True, later=later, is_last=False)
    assert [result.path for result in first.results if result.changes] == [str(site.root / "carol")] and not first.remaining
    assert not all_changes(site.run("bob", earlier=("anna",), is_last=False))
    assert not site.run("carol", earlier=("anna", "bob")).remaining
    assert remaining(site.run("carol", earlier=("anna",))) == [("bob", str(site.root / "bob"), "desk")]


@pytest.mark.parametrize("check", [True, False])
def test_users_who_are_left_out_keep_everything(site: Site, check: bool) -> None:
    """Their place is not what they would get today."""
    site.run("anna", "bob", "carol")
    answer = site.run("carol", purge=True, kept=("anna",), check=check)
    assert changed_users(answer) == {"bob"} and not remaining(answer)
    assert site.left() == ({"anna", "bob", "carol"} if check else {"anna", "carol"})


def test_who_is_only_not_listed_any_more_is_named(site: Site) -> None:
    site.run("anna", "bob")
    assert remaining(site.run("bob")) == [("anna", str(site.root / "anna"), "desk")]
    assert {place[0] for place in remaining(site.run())} == {"anna", "bob"}
    assert site.left() == {"anna", "bob"}


def test_a_display_path_is_what_is_displayed_of_a_leaver(site: Site) -> None:
    site.run(places=(Place("anna", str(site.root / "6f3q-token"), (block(),), "/srv/TOKEN"),))
    answers = [site.run("bob"), site.run("bob", purge=True)]
    assert remaining(answers[0]) == [("anna", "/srv/TOKEN", "desk")] and changed_users(answers[1]) == {"anna"}
    assert "6f3q" not in str(answers)


# --- state: absent ---


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


# --- homes ---


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


def test_the_old_home_of_a_user_who_stays(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice")
    new = home.path.parent / "moved"
    home.path.rename(new)
    machine.homes["alice"] = str(new)
    answer = machine.run("alice", purge=True)
    assert not all_changes(answer) and not answer.warnings and machine.served == [("alice", str(new))]


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
            assert "is it mounted?" in warning and machine.served == [("alice", str(home.path))]
    home.path.rmdir()
    (home.path.parent / "unmounted").rename(home.path)
    assert changed_users(machine.run(absent=("alice",))) == {"alice"} and machine.served == []


def test_a_listed_user_whom_the_host_does_not_know_today_is_not_purged(machine: Machine) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob")
    del machine.homes["alice"]
    answer = machine.run("alice", "bob", purge=True)
    assert answer.missing == ("alice",) and not all_changes(answer) and (home.path / OWN).exists()
    answer = machine.run("bob", purge=True, later=(("alice", None),), is_last=False)
    assert not all_changes(answer) and len(machine.served) == 2


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


@pytest.mark.parametrize("number", range(len(phases.PHASES)), ids=lambda number: f"{number} {phases.PHASES[number].purpose}")
def test_a_purge_that_was_killed_is_finished_by_the_next(machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    home = machine.add("alice")
    home.write(".blockrc", "mine\n")
    machine.add("bob")
    machine.run("alice", "bob")

    def dies(commit: object) -> None:
        os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)

    module = os.fork()
    if module == 0:
        killed = phases.PHASES[number]._replace(work=dies, needed=lambda commit: True)
        try:
            monkeypatch.setattr(phases, "PHASES", (*phases.PHASES[:number], killed, *phases.PHASES[number + 1 :]))
            machine.run("bob", purge=True)
        finally:
            os._exit(2)
    assert os.waitpid(module, 0)[1] == 9
    answer = machine.run("bob", purge=True)
    assert not problems(answer) and not answer.warnings and [user for user, _path in machine.served] == ["bob"]
    assert home.read(".blockrc") == b"mine\n" and not (home.path / OWN).exists() and not (home.path / MANIFEST).exists()


# --- check mode, and what an earlier task would have made ---


def test_a_home_that_an_earlier_task_would_make(machine: Machine) -> None:
    home = machine.add("alice")
    home.path.rmdir()
    answer = machine.run("alice", check=True)
    assert answer.results[0].warnings == (f"{home.path} does not exist: a real run fails unless the home directory exists by then",)
    assert [change.path for change in all_changes(answer)] == [f"{home.path}/.blockrc", f"{home.path}/{OWN}"]
    assert "does not exist: create the home" in machine.run("alice").results[0].problem.message


def test_a_user_whom_an_earlier_task_would_create(machine: Machine) -> None:
    answer = machine.run("no-such-user-here", check=True)
    assert answer.missing == ("no-such-user-here",)
    assert [change.path for change in all_changes(answer)] == ["~no-such-user-here/.blockrc", f"~no-such-user-here/{OWN}"]
    answer = machine.run("no-such-user-here")
    assert answer.missing == ("no-such-user-here",) and not answer.results and machine.served == []


@pytest.mark.parametrize("option", ["owner", "group"])
def test_an_owner_whom_an_earlier_task_would_create(site: Site, option: str) -> None:
    given = {option: "no-such-name-here"}
    dry = site.run("anna", check=True, **given)
    assert len(dry.warnings) == 1 and dry.warnings[0].startswith(f"{option}: the host has no ") and "a real run fails" in dry.warnings[0]
    real = site.run("anna")
    assert [change.path for change in all_changes(dry)] == [change.path for change in all_changes(real)]
    assert len(site.run("anna", check=True, **given).warnings) == 1
    # Who removes accounts needs no owner.
    assert site.run(absent=("anna",), **given).warnings == () and site.left() == set()


def test_directories_above_a_dest_that_an_earlier_task_would_make(site: Site, tmp_path: Path) -> None:
    site.root = tmp_path / "not/yet/there"
    assert changed_users(site.run("anna", check=True)) == {"anna"} and not (tmp_path / "not").exists()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who are not listed any more: a purge ends at the inventory host and the pattern, and what it leaves is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Place

from .home import MANIFEST, OWN, Site, all_changes, block, changed_users, earlier, owned, problems, remaining
from .kills import EVERY_PHASE, killed
from .machine import Machine


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
    answer = site.run(places=(new,))
    assert not remaining(answer) and earlier(answer) == [("anna", old.base, "desk")] and site.left() == {"anna@old", "anna@new"}
    assert not earlier(site.run(places=(new,), purge=True)) and not Path(old.base).exists()
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


def test_the_old_home_of_a_user_who_stays(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice")
    new = home.path.parent / "moved"
    home.path.rename(new)
    machine.homes["alice"] = str(new)
    answer = machine.run("alice", purge=True)
    assert not all_changes(answer) and not answer.warnings and machine.served == [("alice", str(new))]


def test_a_listed_user_whom_the_host_does_not_know_today_is_not_purged(machine: Machine) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob")
    del machine.homes["alice"]
    answer = machine.run("alice", "bob", purge=True)
    assert answer.missing == ("alice",) and not all_changes(answer) and (home.path / OWN).exists()
    answer = machine.run("bob", purge=True, later=(("alice", None),), is_last=False)
    assert not all_changes(answer) and len(machine.served) == 2


@EVERY_PHASE
def test_a_purge_that_was_killed_is_finished_by_the_next(machine: Machine, number: int) -> None:
    home = machine.add("alice")
    home.write(".blockrc", "mine\n")
    machine.add("bob")
    machine.run("alice", "bob")
    module = os.fork()
    if module == 0:
        try:
            with killed(number, whom="both"):
                machine.run("bob", purge=True)
        finally:
            os._exit(2)
    assert os.waitpid(module, 0)[1] == 9
    answer = machine.run("bob", purge=True)
    assert not problems(answer) and not answer.warnings and [user for user, _path in machine.served] == ["bob"]
    assert home.read(".blockrc") == b"mine\n" and not (home.path / OWN).exists() and not (home.path / MANIFEST).exists()

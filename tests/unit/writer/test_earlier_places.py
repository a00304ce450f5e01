# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories where users were served before: found, named, purged; and they go with their last file if we made them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer.dest import Dest

from .home import Home, Host, Site, all_changes, block, changed_users, earlier, owned, problems, remaining
from .kills import EVERY_PHASE, killed

TOKENS = {"anna": "aaaabbbbccccddddeeeeffff22", "bob": "bbbbccccddddeeeeffff222233"}


def place(site: Site, name: str, token: str | None = None, **other: bool) -> Place:
    return Place(name, str(site.root / (token or TOKENS[name])), (block(), owned()), f"{site.root}/{{LinkToken of {name}}}", **other)


@pytest.mark.parametrize("check", [True, False])
def test_an_earlier_place_of_a_listed_user_is_named_until_a_purge(site: Site, check: bool) -> None:
    site.run(places=(place(site, "anna"), place(site, "bob")))
    moved = place(site, "anna", "new-token")
    display = f"{site.root}/{{LinkToken of anna}}"
    answer = site.run(places=(moved, place(site, "bob")), check=check)
    assert earlier(answer) == [("anna", display, "desk")] and not remaining(answer)
    answer = site.run(places=(moved, place(site, "bob")), purge=True, check=check)
    assert changed_users(answer) == {"anna"} and not earlier(answer)
    assert {path.name for path in site.root.iterdir()} == (set(TOKENS.values()) if check else {"new-token", TOKENS["bob"]})
    assert not [token for token in TOKENS.values() if token in str(answer)]


def test_what_is_not_known_or_not_of_this_task_is_no_earlier_place(site: Site) -> None:
    for name, other in (("anna", {}), ("bob", {}), ("carol", {"inventory_host": "phone"}), ("dora", {"dest_pattern": "/other/{UserName}"})):
        site.run(name, **other)
    everybody = ("anna", "bob", "carol", "dora")
    moved = {name: Place(name, str(site.root / f"{name}2"), (block(),)) for name in everybody}
    # Of a batch after this one; left out because of mistakes; of another inventory host; of another pattern.
    assert not earlier(site.run(places=(moved["anna"],), later=(("bob", str(site.root / "bob")),), is_last=False, kept=("anna",)))[1:]
    assert not earlier(site.run(places=(), kept=("bob",), later=()))
    answer = site.run(places=(moved["carol"], moved["dora"]), kept=("anna", "bob"))
    assert not earlier(answer)
    # A batch that is not the first does not know where the others are.
    assert not earlier(site.run("carol", earlier=("anna", "bob"), is_first=False))


def test_all_places_go_when_a_whole_site_is_withdrawn(site: Site) -> None:
    site.run("anna", "bob")
    site.run("carol", inventory_host="phone")
    assert changed_users(site.run(purge=True)) == {"anna", "bob"}
    assert {path.name for path in site.root.iterdir()} == {"carol"} and site.served == {"default.json": [("carol", str(site.root / "carol"))]}


def test_an_absent_user_goes_by_the_list_where_no_pattern_can_be_filled_in(site: Site) -> None:
    site.run(places=(place(site, "anna"), place(site, "bob")))
    answer = site.run(places=(Place("anna", "", absent=True), place(site, "bob")))
    assert changed_users(answer) == {"anna"} and [path.name for path in site.root.iterdir()] == [TOKENS["bob"]]
    assert TOKENS["anna"] not in str(answer)


def test_only_a_directory_that_we_made_goes(host: Host, root: Path, tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "deep/new"
    there.mkdir()
    for path in (there, new):
        assert host.dest(path, block(), owned()).problem is None
        assert not host.dest(path, block(), owned()).changes
        assert host.dest(path).problem is None
    assert there.exists() and not new.exists() and new.parent.exists()


def test_a_file_of_somebody_elses_keeps_the_directory(host: Host, root: Path, tmp_path: Path) -> None:
    host.dest(tmp_path / "new", block())
    (tmp_path / "new/note").write_text("mine\n")
    assert host.dest(tmp_path / "new").problem is None and os.listdir(tmp_path / "new") == ["note"]


def test_the_last_instance_takes_the_directory_along(host: Host, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "new"
    for instance in ("first", "second"):
        host.dest(path, block(f"{instance}\n"), instance=instance)
    host.dest(path, block("second\n", mode=0o640), instance="second")  # writes what it knows of the first one
    host.dest(path, instance="first")
    assert path.exists()
    host.dest(path, instance="second")
    assert not path.exists()


def test_in_a_users_directory_and_for_another_owner(host: Host, root: Path, alice: Home) -> None:
    for options in (Dest(), Dest(alice.uid, alice.uid, 0o750)):
        path = (alice.path if options == Dest() else host.root) / "setup"
        host.dest(path, block(), options=options)
        assert path.stat().st_uid == alice.uid
        assert host.dest(path, options=Dest()).problem is None and not path.exists()


def test_a_home_never_goes_whatever_its_user_writes(alice: Home, host: Host) -> None:
    manifest = ".local/state/mailops/default.json"
    host.run(block())
    data = json.loads(alice.read(manifest))
    alice.write(manifest, json.dumps({**data, "place_made": True}), 0o600)
    host.run()
    assert alice.path.exists() and not alice.tree()


@EVERY_PHASE
def test_a_removal_that_was_killed_is_finished_by_the_next(host: Host, root: Path, tmp_path: Path, number: int) -> None:
    path = tmp_path / "new"
    host.dest(path, block(), owned())
    with killed(number, after=True):
        host.dest(path)
    assert host.dest(path).problem is None
    assert not path.exists() and not [each for each in (root / "var").rglob("*") if each.is_file()]


def test_a_link_to_a_served_place_displays_no_token(site: Site, host: Host, alice: Home, disk: Path) -> None:
    served = disk / TOKENS["anna"]
    assert host.dest(served, block(), options=Dest(alice.uid, alice.uid)).problem is None
    alice.link(".blockrc", str(served / "x"))
    result = host.run(block(), others={str(served): "/srv/{LinkToken of anna}"})["alice"]
    assert "leads out of" in result.problem.message and "/srv/{LinkToken of anna} is another place" in result.problem.message
    assert TOKENS["anna"] not in str(result)


def test_problems_with_a_place_display_no_token(site: Site) -> None:
    site.root.mkdir()
    token = TOKENS["anna"]
    for trap in ("file", "foreign", "link"):
        path = site.root / f"{trap}{token}"
        if trap == "file":
            path.write_text("x")
        elif trap == "foreign":
            path.mkdir()
            os.chown(path, 65534, 65534)
            (path / ".config").symlink_to("/etc")
        else:
            path.symlink_to(path)
        answer = site.run(places=(place(site, "anna", path.name),))
        assert problems(answer) and not all_changes(answer) and token not in str(answer), trap

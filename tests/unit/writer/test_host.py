# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole run on a host: whom it serves, and whom it remembers."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer import _commit, _index
from ansible_collections.mailops.profiles.plugins.module_utils._writer._refused import HostError

from .home import OWN, Site, block, owned


def users(result: dict[str, Any]) -> set[str]:
    return {change["user"] for change in result["changes"]}


def test_who_is_not_listed_any_more_is_purged(site: Site) -> None:
    site.run("anna", "bob")
    site.run("carol")
    assert users(site.run("bob", purge=True, check=True)) == {"anna", "carol"}
    assert site.left() == {"anna", "bob", "carol"}
    result = site.run("bob", purge=True)
    assert users(result) == {"anna", "carol"} and result["files"]["removed"] == 4 and result["files"]["unchanged"] == 2
    assert site.left() == {"bob"}
    assert not site.run("bob", purge=True)["changed"]


def test_a_purge_ends_at_the_instance(site: Site) -> None:
    site.run("anna", instance="one")
    site.run("bob", instance="two")
    assert not users(site.run("bob", instance="two", purge=True))
    assert users(site.run("carol", instance="one", purge=True)) == {"anna", "carol"}
    assert set(site.index) == {"one.json", "two.json"}


def test_the_list_is_roots_and_goes_with_the_last_user(site: Site) -> None:
    site.run("anna", "bob")
    directory = Path(_index.DIRECTORY)
    assert [oct(path.stat().st_mode & 0o777) for path in (directory, directory / "default.json")] == ["0o700", "0o600"]
    before = (directory / "default.json").stat()
    site.run("anna", "bob")
    assert (directory / "default.json").stat().st_ino == before.st_ino  # nothing new, nothing written
    site.run(absent=("anna",))
    assert site.index == {"default.json": [["bob", str(site.root / "bob"), False]]}
    site.run("bob", check=True, absent=())
    site.run(absent=("bob",))
    assert not directory.exists()


def test_one_user_in_two_places(site: Site) -> None:
    site.run("anna")
    old = site.root
    site.root = old.parent / "other"
    site.run("anna", "bob")
    result = site.run("bob", purge=True)
    assert users(result) == {"anna"} and result["files"]["removed"] == 4
    assert (site.left(), {path.name for path in old.iterdir() if any(path.iterdir())}) == ({"bob"}, set())


def test_a_crash_forgets_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.run("anna")

    def dies(commit: object) -> None:
        os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)

    module = os.fork()
    if module == 0:
        monkeypatch.setattr(_commit.Commit, "PHASES", (*_commit.Commit.PHASES[:-1], dies))
        site.run("bob")
        os._exit(1)
    assert os.waitpid(module, 0)[1] == 9
    assert "bob" in site.left()
    assert users(site.run("anna", purge=True)) == {"bob"}


def test_who_could_not_be_purged_is_tried_again(site: Site) -> None:
    site.run("anna", "bob")
    os.chown(site.root / "anna/.blockrc", 20_077, -1)
    assert [item["user"] for item in site.run("bob", purge=True)["failed_users"]] == ["anna"]
    os.chown(site.root / "anna/.blockrc", 0, -1)
    assert users(site.run("bob", purge=True)) == {"anna"}


def test_a_user_who_left_the_host_is_reported_while_the_home_is_there(site: Site, tmp_path: Path) -> None:
    site.run("bob")
    home = tmp_path / "home of one who left"
    home.mkdir()
    path = Path(_index.DIRECTORY) / "default.json"
    bob = ["bob", str(site.root / "bob"), False]
    places = [bob, ["no-such-user-here", str(home), True], ["root", str(tmp_path), True], ["gone", "/nonexistent/home", True]]
    path.write_text(json.dumps({"version": 1, "places": places}))
    for _run in range(2):
        result = site.run("bob", purge=True)
        assert len(result["notices"]) == 2 and not result["changed"]
        assert any("no-such-user-here was served, but the host has no such user" in notice for notice in result["notices"])
        assert any("root" in notice and "uid 0" in notice for notice in result["notices"])
    home.rmdir()
    assert len(site.run("bob", purge=True)["notices"]) == 1
    assert site.index == {"default.json": [bob, ["root", str(tmp_path), True]]}


@pytest.mark.parametrize("spelling", ["same", "link"])
def test_a_purge_takes_nothing_from_who_lives_there_now(site: Site, tmp_path: Path, spelling: str) -> None:
    """robert was bob, and keeps the directory."""
    site.run("anna", "bob")
    os.symlink(site.root, tmp_path / "link")
    root = site.root if spelling == "same" else tmp_path / "link"
    files = [file._asdict() for file in (block(), owned())]
    robert = {"name": "robert", "dest": str(root / "bob"), "accounts": 1, "files": files}
    result = site.run("anna", users=[robert], listed=["anna", "robert"])
    assert result["failed_users"] == [] and (site.root / "bob/.blockrc").exists() and (site.root / "bob" / OWN).exists()
    assert site.run("anna", users=[robert], listed=["anna", "robert"])["changed"] is False


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 2, "places": []}', '{"version": 1, "places": [1]}', "mode", "owner", "link", "FIFO"])
def test_a_list_that_is_not_roots_purges_nobody(site: Site, tmp_path: Path, damage: str) -> None:
    site.run("anna", "bob")
    path = Path(_index.DIRECTORY) / "default.json"
    if damage == "mode":
        path.chmod(0o666)
    elif damage == "owner":
        os.chown(path, 20_001, -1)
    elif damage in ("link", "FIFO"):
        path.unlink()
        os.symlink(tmp_path / "elsewhere", path) if damage == "link" else os.mkfifo(path)
    else:
        path.write_text(damage)
    with pytest.raises(HostError, match="cannot be used .*: remove it"):
        site.run("bob", purge=True)
    assert site.left() == {"anna", "bob"}
    # A run that needs no list says so, and leaves it alone.
    state = path.lstat()
    assert "cannot be used" in site.run("bob")["notices"][0] and "cannot be used" in site.run(absent=("bob",))["notices"][0]
    assert path.lstat().st_ino == state.st_ino


def test_only_root_purges(site: Site) -> None:
    person = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        os.setresuid(person.pw_uid, person.pw_uid, person.pw_uid)
        try:
            site.run("bob", purge=True)
        except HostError as exc:
            os._exit(0 if "needs root" in str(exc) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0

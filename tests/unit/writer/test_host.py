# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole run on a host: whom it serves, and whom it remembers."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import REMOVED, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import WriterError

from .home import OWN, Site, all_changes, block, changed_users, owned, problems
from .kills import killed


def test_who_is_not_listed_any_more_is_purged(site: Site) -> None:
    site.run("anna", "bob")
    site.run("carol")
    assert changed_users(site.run("bob", purge=True, check=True)) == {"anna", "carol"}
    assert site.left() == {"anna", "bob", "carol"}
    result = site.run("bob", purge=True)
    assert changed_users(result) == {"anna", "carol"} and [change.action for change in all_changes(result)] == [REMOVED] * 4
    assert [(found.name, found.listed, found.unchanged) for found in result.results] == [("anna", False, 0), ("carol", False, 0), ("bob", True, 2)]
    assert site.left() == {"bob"}
    assert not changed_users(site.run("bob", purge=True))


def test_a_purge_ends_at_the_instance(site: Site) -> None:
    site.run("anna", instance="one")
    site.run("bob", instance="two")
    assert not changed_users(site.run("bob", instance="two", purge=True))
    assert changed_users(site.run("carol", instance="one", purge=True)) == {"anna", "carol"}
    assert set(site.served) == {"one.json", "two.json"}


def test_the_list_is_roots_and_goes_with_the_last_user(site: Site) -> None:
    site.run("anna", "bob")
    directory = site.own
    assert [oct(path.stat().st_mode & 0o777) for path in (directory, directory / "default.json")] == ["0o700", "0o600"]
    before = (directory / "default.json").stat()
    site.run("anna", "bob")
    assert (directory / "default.json").stat().st_ino == before.st_ino  # nothing new, nothing written
    site.run(absent=("anna",))
    assert site.served == {"default.json": [("bob", str(site.root / "bob"))]}
    site.run(absent=("bob",))
    assert not directory.exists()


def test_a_crash_forgets_nobody(site: Site) -> None:
    site.run("anna")
    module = os.fork()
    if module == 0:
        with killed(len(phases.PHASES) - 1, whom="both"):
            site.run("bob")
        os._exit(1)
    assert os.waitpid(module, 0)[1] == 9
    assert "bob" in site.left()
    assert changed_users(site.run("anna", purge=True)) == {"bob"}


def test_who_could_not_be_purged_is_tried_again(site: Site) -> None:
    site.run("anna", "bob")
    os.chown(site.root / "anna/.blockrc", 20_077, -1)
    assert set(problems(site.run("bob", purge=True))) == {"anna"}
    os.chown(site.root / "anna/.blockrc", 0, -1)
    assert changed_users(site.run("bob", purge=True)) == {"anna"}


@pytest.mark.parametrize("spelling", ["same", "link"])
def test_a_purge_takes_nothing_from_who_lives_there_now(site: Site, tmp_path: Path, spelling: str) -> None:
    """robert was bob, and keeps the directory."""
    site.run("anna", "bob")
    os.symlink(site.root, tmp_path / "link")
    root = site.root if spelling == "same" else tmp_path / "link"
    robert = (Place("robert", str(root / "bob"), (block(), owned())),)
    result = site.run("anna", places=robert, purge=True)
    assert not problems(result) and (site.root / "bob/.blockrc").exists() and (site.root / "bob" / OWN).exists()
    assert not changed_users(site.run("anna", places=robert, purge=True))


_NO_PLACES = ("1", '{"user": "anna", "path": "/x", "home": true}', '{"user": 1, "path": "/", "display": "/", "pattern": null, "inventory_host": ""}')


@pytest.mark.parametrize("damage", [
    "{", "[" * 100_000, "[]", '{"version": 2, "places": []}', *(f'{{"version": 1, "places": [{place}]}}' for place in _NO_PLACES),
    "mode", "owner", "link", "FIFO",
])  # fmt: skip
def test_a_list_that_is_not_roots_purges_nobody(site: Site, tmp_path: Path, damage: str) -> None:
    site.run("anna", "bob")
    path = site.own / "default.json"
    if damage == "mode":
        path.chmod(0o666)
    elif damage == "owner":
        os.chown(path, 20_001, -1)
    elif damage in ("link", "FIFO"):
        path.unlink()
        os.symlink(tmp_path / "elsewhere", path) if damage == "link" else os.mkfifo(path)
    else:
        path.write_text(damage)
    with pytest.raises(WriterError, match="cannot be used .*: remove it"):
        site.run("bob", purge=True)
    assert site.left() == {"anna", "bob"}
    # A run that needs no list says so, and leaves it alone.
    state = path.lstat()
    assert "cannot be used" in site.run("bob").warnings[0] and "cannot be used" in site.run(absent=("bob",)).warnings[0]
    assert path.lstat().st_ino == state.st_ino


def test_only_root_purges(site: Site) -> None:
    person = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        os.setresuid(person.pw_uid, person.pw_uid, person.pw_uid)
        try:
            site.run("bob", purge=True)
        except WriterError as exc:
            os._exit(0 if "needs root" in str(exc) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_check_mode_waits_for_users_and_groups_that_an_earlier_task_may_create(site: Site) -> None:
    user, group = (f"{what}: the host has no {kind} 'phantom'" for what, kind in (("owner", "user"), ("group", "group")))
    with pytest.raises(WriterError) as refused:
        site.run("anna", owner="phantom", group="phantom")
    assert str(refused.value) == f"{user}; {group}"
    for exists in (False, True):
        answer = site.run("anna", owner="phantom", group="phantom", check=True)
        assert answer.warnings == tuple(f"{what}; a real run fails unless it exists by then" for what in (user, group))
        assert {change.action for change in all_changes(answer)} == ({"created"} if not exists else set()) and not problems(answer)
        site.run("anna", owner="root")
    assert site.run("anna", owner="nobody", group="phantom", check=True).warnings and problems(site.run("anna", owner="nobody", check=True))


def test_manifests_of_directories_are_roots_and_not_in_them(site: Site) -> None:
    """A web server may publish the directory."""
    site.run("anna")
    assert {path.name for path in (site.root / "anna").iterdir()} == {".blockrc", ".config"}
    (manifest,) = (site.own / "places").glob("*/default.json")
    assert [oct(path.stat().st_mode & 0o777) for path in (site.own / "places", manifest.parent, manifest)] == ["0o700", "0o700", "0o600"]
    (site.root / "anna" / OWN).write_text("edited\n")
    (result,) = site.run("anna").results
    assert [drift.path for drift in result.drifted] == [str(site.root / "anna" / OWN)]
    assert [path.read_text() for path in manifest.parent.glob("backups/*")] == ["edited\n"]
    (manifest.parent / "backups").joinpath(next(iter(manifest.parent.glob("backups/*"))).name).unlink()
    site.run(absent=("anna",))
    assert not site.own.exists()


def test_a_display_path_hides_the_directory(site: Site, tmp_path: Path) -> None:
    secret = site.root / "6f3q-secret-token"
    place = Place("anna", str(secret), (block(), owned()), "/srv/TOKEN")
    assert [change.path for change in all_changes(site.run(places=(place,)))] == ["/srv/TOKEN/.blockrc", f"/srv/TOKEN/{OWN}"]
    (secret / OWN).write_text("edited\n")
    (secret / ".blockrc").unlink()
    (secret / ".blockrc").mkdir()
    said = [site.run(places=(place,))]
    (secret / ".blockrc").rmdir()
    said.append(site.run(places=(place,)))
    secret.rename(tmp_path / "moved")
    os.symlink(tmp_path / "moved", secret)
    os.chown(secret, 20_001, -1, follow_symlinks=False)
    said.append(site.run(places=(place,)))
    assert said[0].results[0].problem.path == "/srv/TOKEN/.blockrc"
    assert "a symbolic link, which belongs to the user with uid 20001" in said[2].results[0].problem.message
    assert "secret-token" not in str(said)

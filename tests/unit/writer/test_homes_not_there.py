# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Not there is not done: homes that are away, that are others by now, or whose user removed the manifest; and ``forget``."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import OWNED, Answer, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import NOT_THERE, WriterError
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .home import MANIFEST, OWN, Home, all_changes, block, changed_users, owned, problems
from .machine import Machine
from .test_removal import every_client, wanted

STATE = ".local/state/mailops"
WAYS: dict[str, dict[str, Any]] = {"absent": {"absent": ("alice",)}, "purge": {"purge": True}}
every_way = pytest.mark.parametrize("way", WAYS)


def leave(machine: Machine, way: str, check: bool = False, **other: Any) -> Answer:
    return machine.run("bob", check=check, **{**WAYS[way], **other})


def both(machine: Machine, *names: str, **other: Any) -> Answer:
    """The answer of a real run, which a dry run has given before."""
    dry = machine.run(*names, check=True, **other)
    real = machine.run(*names, **other)
    assert dry == real
    return real


@pytest.fixture
def alice(machine: Machine) -> Home:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob")
    return home


def another_directory(home: Home, uid: int | None = None, mode: int = 0o700) -> None:
    """As below a mount, while it is away; the old one is kept, so that the inode is another one."""
    home.path.rename(f"{home.path}.image")
    home.path.mkdir(mode)
    os.chmod(home.path, mode)
    os.chown(home.path, *[home.uid if uid is None else uid] * 2)


AWAY = {
    "does not exist": lambda home: home.path.rename(f"{home.path}.image"),
    "an empty directory of the user's": another_directory,
    "an empty directory of root's": lambda home: another_directory(home, uid=0),
    "a directory that its user may not write to": lambda home: another_directory(home, mode=0o500),
    "a directory without any permission": lambda home: another_directory(home, mode=0),
    "a directory of another user's": lambda home: another_directory(home, uid=home.uid + 50),
}
every_away = pytest.mark.parametrize("away", AWAY)


def back(home: Home) -> None:
    if home.path.exists():
        home.path.rmdir()  # nothing was written in it
    Path(f"{home.path}.image").rename(home.path)


@every_away
@every_way
def test_who_leaves_waits_on_the_list(machine: Machine, alice: Home, way: str, away: str) -> None:
    AWAY[away](alice)
    for _again in range(2):
        dry, real = leave(machine, way, check=True), leave(machine, way)
        assert dry == real and not all_changes(real) and not problems(real), real
        (warning,) = real.warnings
        assert NOT_THERE in warning and f"alice in {alice.path}" in warning and "forget" in warning
        assert ("alice", str(alice.path)) in machine.served
    back(alice)
    assert changed_users(leave(machine, way)) == {"alice"}
    assert not list(alice.path.rglob("*")) and [user for user, _path in machine.served] == ["bob"]
    assert leave(machine, way).warnings == ()


@every_way
def test_one_warning_names_many(machine: Machine, alice: Home, way: str) -> None:
    names = [f"user{number}" for number in range(30)]
    for name in names:
        machine.add(name)
    machine.run(*names, "bob")
    for name in names:
        machine._host.home(name).path.rename(f"{machine.homes[name]}.image")
    answer = machine.run("bob", "alice", **({"purge": True} if way == "purge" else {"absent": tuple(names)}))
    (warning,) = answer.warnings
    assert len(warning) < 2000 and "and 20 more" in warning and "user0 in " in warning and "alice" not in warning


@every_away
def test_who_stays_gets_nothing_and_is_told_why(machine: Machine, alice: Home, away: str) -> None:
    AWAY[away](alice)
    before = alice.tree()
    answer = machine.run("alice", "bob") if away == "does not exist" else both(machine, "alice", "bob")
    assert set(problems(answer)) == {"alice"} and not all_changes(answer) and alice.tree() == before
    message = next(result.problem.message for result in answer.results if result.problem)
    if away in ("an empty directory of the user's", "a directory that its user may not write to", "a directory without any permission"):
        assert NOT_THERE in message and "alice in the option forget once" in message
    back(alice)
    assert not all_changes(both(machine, "alice", "bob")) and len(machine.served) == 2


@pytest.mark.parametrize("names", [("alice", "bob"), ("bob",)])
def test_a_home_that_was_copied_with_its_manifest_is_stamped_anew(machine: Machine, alice: Home, names: tuple[str, ...]) -> None:
    """A restored backup, a new disk; and it can be cleared."""
    alice.path.rename(f"{alice.path}.image")
    shutil.copytree(f"{alice.path}.image", alice.path)
    for path in (alice.path, *alice.path.rglob("*")):
        os.chown(path, alice.uid, alice.uid)
    if "alice" in names:
        assert not all_changes(both(machine, *names))
        (alice.path / MANIFEST).unlink()
        assert "was removed, and is written again" in str(both_but_manifest(machine, alice))
    else:
        assert changed_users(machine.run(*names, purge=True)) == {"alice"} and len(machine.served) == 1


def both_but_manifest(machine: Machine, home: Home) -> list[str]:
    answer = both(machine, "alice", "bob")
    (result,) = [result for result in answer.results if result.name == "alice"]
    assert [(change.path, change.producer) for change in result.changes] == [(f"{home.path}/{MANIFEST}", "")]
    return list(result.warnings)


def test_a_manifest_that_the_user_removed_is_repaired_with_a_warning(machine: Machine, alice: Home) -> None:
    shutil.rmtree(alice.path / STATE)
    assert both_but_manifest(machine, alice) == [f"{alice.path}/{MANIFEST} was removed, and is written again"]
    assert not all_changes(both(machine, "alice", "bob"))


@every_way
@pytest.mark.parametrize("damage", ["removed", *(pytest.param(damage, marks=pytest.mark.long) for damage in ("half of it", "emptied"))])
@every_client
def test_without_a_manifest_every_file_of_ours_goes_all_the_same(machine: Machine, client: clients.Client, damage: str, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    home.write(".profile", "the user's\n")
    home.write(".config/mailops/notes.txt", "the user's\n")
    patterns = {client.name: client.paths}
    files = tuple(wanted(client, profile("work", signature="x"), profile("home", signature="y")))
    machine.run("alice", "bob", files=files, patterns=patterns)
    paths = [home.path / path for file in files for path in (file.path, *file.alternatives) if (home.path / path).exists()]
    if damage == "removed":
        shutil.rmtree(home.path / STATE)
    else:
        data = home.read(MANIFEST)
        home.write(MANIFEST, b"" if damage == "emptied" else data[: len(data) // 2], 0o600)
    dry, real = (leave(machine, way, check=check, files=files, patterns=patterns) for check in (True, False))
    assert dry == real and not problems(real) and not real.warnings
    left = [path for path in paths if path.exists() and path.name != ".mailops" and path.read_bytes()]
    assert not left and home.read(".profile") == home.read(".config/mailops/notes.txt") == b"the user's\n"
    assert [user for user, _path in machine.served] == ["bob"]


@every_way
@every_client
def test_without_a_manifest_a_users_file_of_a_name_like_ours_stays(machine: Machine, client: clients.Client, way: str) -> None:
    """A page that somebody wrote, a profile that somebody downloaded; no name has that of this collection in it."""
    home = machine.add("alice")
    machine.add("bob")
    patterns = {client.name: client.paths}
    files = tuple(wanted(client, profile("work", signature="x")))
    theirs = [pattern.replace("*", "own") for pattern, strategy in client.paths.items() if strategy == OWNED and "mailops" not in pattern]
    theirs = [path for path in theirs if path not in {file.path for file in files}]
    for path in theirs:
        home.write(path, "the user's\n")
    machine.run("alice", "bob", files=files, patterns=patterns)
    shutil.rmtree(home.path / STATE)
    leave(machine, way, check=False, files=files, patterns=patterns)
    assert all(home.read(path) == b"the user's\n" for path in theirs)


def test_files_of_another_instance_stay(machine: Machine, alice: Home) -> None:
    other = (owned("of another\n", ".config/mailops/own/other"),)
    machine.run("alice", files=other, instance="second")
    (alice.path / MANIFEST).unlink()
    machine.run("bob", absent=("alice",))
    assert not (alice.path / OWN).exists() and alice.read(".config/mailops/own/other") == b"of another\n"
    # Both manifests are lost: who stays takes nothing from the other.
    machine.run("alice", "bob")
    shutil.rmtree(alice.path / STATE)
    machine.run("alice", "bob")
    assert (alice.path / OWN).exists() and alice.read(".config/mailops/own/other") == b"of another\n"
    assert not problems(machine.run("alice", files=other, instance="second"))
    machine.run("alice", "bob")  # notes which directories the other manifest has
    assert not all_changes(both(machine, "alice", "bob"))


def test_a_link_among_our_files_is_none_of_them(machine: Machine, alice: Home) -> None:
    alice.write("letter", "mine\n")
    alice.link(".config/mailops/own/linked", str(alice.path / "letter"))
    shutil.rmtree(alice.path / STATE)
    machine.run("bob", absent=("alice",))
    assert alice.read("letter") == b"mine\n" and not (alice.path / OWN).exists()


def test_the_old_home_of_who_stays_waits_unless_the_manifest_moved(machine: Machine, alice: Home) -> None:
    """passwd names a new directory, and the old one is on a disk that is away."""
    alice.path.rename(f"{alice.path}.image")
    new = Path(f"{alice.path}.new")
    new.mkdir(0o700)
    os.chown(new, alice.uid, alice.uid)
    machine.homes["alice"] = str(new)
    answer = machine.run("alice", "bob", purge=True)
    assert (new / OWN).exists() and f"alice in {alice.path}" in answer.warnings[0]
    Path(f"{alice.path}.image").rename(alice.path)
    machine.run("alice", "bob", purge=True)
    assert not list(alice.path.rglob("*")) and (new / OWN).exists() and len(machine.served) == 2


def test_a_lost_list_and_a_home_that_is_away(machine: Machine, alice: Home) -> None:
    machine.site.run("carol")  # a dest keeps the instance known
    (machine.site.own / "default.json").unlink()
    alice.path.rename(f"{alice.path}.image")
    answer = machine.run("bob", absent=("alice",), check=True)
    assert f"it is not known whether accounts are left in homes that do not exist or cannot be reached ({NOT_THERE}): alice in" in answer.warnings[-1]


# --- forget ---


@every_away
def test_forget_strikes_a_user_off_the_list(machine: Machine, alice: Home, away: str) -> None:
    AWAY[away](alice)
    for check in (True, False):
        answer = machine.run("bob", purge=True, forget=("alice", "no-such-user-here"), check=check)
        assert [(place.user, place.path) for place in answer.forgotten] == [("alice", str(alice.path))]
        assert not all_changes(answer) and not answer.warnings and not answer.remaining
        assert (("alice", str(alice.path)) in machine.served) is check
    assert not machine.run("bob", purge=True, forget=("alice",)).forgotten
    back(alice)
    before = alice.tree()
    assert not all_changes(machine.run("bob", purge=True)) and alice.tree() == before


def test_forget_confirms_a_new_home(machine: Machine, alice: Home) -> None:
    another_directory(alice)
    assert set(problems(machine.run("alice", "bob"))) == {"alice"}
    answer = both(machine, "alice", "bob", forget=("alice",))
    assert changed_users(answer) == {"alice"} and not problems(answer) and not answer.forgotten
    assert not all_changes(both(machine, "alice", "bob")) and not all_changes(both(machine, "alice", "bob", forget=("alice",)))


def test_forget_takes_all_places_of_the_instance(machine: Machine, alice: Home) -> None:
    machine.site.run("alice", inventory_host="another")
    machine.run("alice", instance="second")
    answer = machine.run(forget=("alice",))
    assert {place.path for place in answer.forgotten} == {str(alice.path), str(machine.site.root / "alice")}
    assert machine.served == [("bob", machine.homes["bob"])] and machine.site.served["second.json"] == [("alice", str(alice.path))]
    assert (alice.path / OWN).exists() and (machine.site.root / "alice" / OWN).exists()


def test_forget_with_a_wrong_name_is_repaired_by_the_next_run(machine: Machine, alice: Home) -> None:
    machine.run("bob", forget=("alice",))
    assert not all_changes(machine.run("alice", "bob")) and len(machine.served) == 2


def test_forget_needs_root(machine: Machine, alice: Home) -> None:
    child = os.fork()
    if child == 0:
        os.setresuid(alice.uid, alice.uid, alice.uid)
        try:
            machine.run("alice", forget=("alice",))
        except WriterError as exc:
            os._exit(0 if "needs root" in str(exc) and "become" in str(exc) else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_forget_needs_a_list_that_can_be_read(machine: Machine, alice: Home) -> None:
    path = machine.site.own / "default.json"
    path.write_text("{")
    with pytest.raises(WriterError, match="cannot be used"):
        machine.run("bob", forget=("alice",))


def test_a_list_from_before_is_read(machine: Machine, alice: Home) -> None:
    path = machine.site.own / "default.json"
    data = json.loads(path.read_text())
    for place in data["places"]:
        del place["files"]
    path.write_text(json.dumps(data))
    assert not all_changes(machine.run("alice", "bob"))
    machine.run("bob", places=(Place("alice", absent=True),))
    assert not list(alice.path.rglob("*rc")) and block().path == ".blockrc"

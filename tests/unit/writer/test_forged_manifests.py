# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can write nothing but the directory of the manifests, as a confined program of the user's, changes no other file of the home by it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, OWNED, File, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases
from ansible_collections.mailops.profiles.plugins.module_utils._writer.backups import backup_name
from ansible_collections.mailops.profiles.plugins.module_utils._writer.trust import is_named_as_ours
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from .home import MANIFEST, PATTERNS, Home, Site, all_changes, owned, problems
from .machine import Machine

BACKUPS = ".local/state/mailops/backups"
EVIL = b"evil\n"
DECLARED = {"templates": None, **{client.name: client.paths for client in clients.all_clients()}}
EVERYTHING = {**PATTERNS, **DECLARED}
EVERY_PATH = [(name, pattern) for name, patterns in DECLARED.items() for pattern in patterns or ()]
LISTED = ".config/imapsync.conf"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def template(path: str = LISTED, text: str = "of a template\n") -> File:
    return File(path, text.encode(), redacted=text, producer="templates")


def forge(home: Home, path: str, producer: str, strategy: str = OWNED, **other: Any) -> None:
    """As if the user's file at ``path`` were ours, and something else had been there before."""
    name = backup_name(path, EVIL)
    home.write(f"{BACKUPS}/{name}", EVIL, 0o600)
    here = home.path / path
    known = digest(here.read_bytes()) if here.is_file() else "0" * 64
    entry = {"path": path, "producer": producer, "strategy": strategy, "mode": 0o600, "sha256": [known], "redacted": "", "tag": "", "variant": "",
             "before": {"mode": 0o777, "newline": True, "backup": name}, "temp": None, "pending": False}  # fmt: skip
    manifest = json.loads(home.read(MANIFEST)) if (home.path / MANIFEST).exists() else {"version": 1, "entries": [], "directories": []}
    manifest["entries"] = [each for each in manifest["entries"] if each["path"] != path] + [{**entry, **other}]
    home.write(MANIFEST, json.dumps(manifest), 0o600)


def outside(home: Home) -> dict[str, Any]:
    """What the forger cannot write."""
    return {path: what for path, what in home.tree().items() if not path.startswith(".local")}


WAYS = {
    "another run": {"names": ("alice",)},
    "a purge": {"names": ("bob",), "purge": True},
    "absent": {"names": (), "absent": ("alice",)},
}
every_way = pytest.mark.parametrize("way", WAYS)
# Of many combinations a short run takes one way.
long_ways = pytest.mark.parametrize("way", ["another run", *(pytest.param(way, marks=pytest.mark.long) for way in WAYS if way != "another run")])


def run(machine: Machine, way: str, check: bool = False, files: tuple[File, ...] | None = None) -> Any:
    chosen = dict(WAYS[way])
    return machine.run(*chosen.pop("names"), check=check, patterns=EVERYTHING, files=files, **chosen)


def attacked(machine: Machine, way: str) -> Any:
    """The answer of a real run, which a dry run has given before."""
    dry, real = run(machine, way, check=True), run(machine, way)
    assert dry == real and not problems(real)
    return real


@long_ways
@pytest.mark.parametrize("strategy", [OWNED, BLOCK])
@pytest.mark.parametrize(("client", "pattern"), EVERY_PATH)
def test_a_clients_path(machine: Machine, client: str, pattern: str, strategy: str, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob", patterns=EVERYTHING)
    path = pattern.replace("*", "x")
    home.write(path, "the user's\n")
    forge(home, path, client, strategy)
    attacked(machine, way)
    here = home.path / path
    if strategy == OWNED == DECLARED[client][pattern] and is_named_as_ours(path, DECLARED[client]):
        assert not here.exists()
    elif not here.exists():  # the manifest is not believed; a file with a name of ours goes all the same, and a copy stays
        assert is_named_as_ours(path, DECLARED[client])
        assert b"the user's\n" in [copy.read_bytes() for copy in (home.path / BACKUPS).iterdir()]
    else:
        assert here.read_bytes() == b"the user's\n"
    assert EVIL not in [what for *_state, what in outside(home).values()]


@long_ways
@pytest.mark.parametrize("path", [".bashrc", ".ssh/authorized_keys", ".config/autostart/x.desktop", ".msmtprc", "Mail/x/.mailops"])
@pytest.mark.parametrize("producer", ["templates", "msmtp", "block", "no such producer"])
def test_a_path_of_no_template(machine: Machine, path: str, producer: str, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("alice", "bob", patterns=EVERYTHING, files=(owned(), template()))
    home.write(path, "the user's\n")
    before = outside(home)[path]
    forge(home, path, producer)
    answer = attacked(machine, way)
    assert outside(home)[path] == before
    assert not (home.path / LISTED).exists()  # by a run without the template
    warnings = [warning for result in answer.results for warning in result.warnings]
    assert bool(warnings) is (producer == "templates")
    assert not warnings or f"{home.path / MANIFEST} names {path}, which root's list of places does not have" in warnings[0]
    assert not [warning for result in run(machine, way).results for warning in result.warnings]


@every_way
def test_a_path_of_another_users_template(machine: Machine, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    machine.run("bob", patterns=EVERYTHING, files=(template(),))
    machine.run("alice", patterns=EVERYTHING)
    home.write(LISTED, "alice's\n")
    forge(home, LISTED, "templates")
    attacked(machine, way)
    assert home.read(LISTED) == b"alice's\n"


@every_way
@pytest.mark.parametrize("original", ["the user's\n", None])
def test_another_copy_for_a_templates_file(machine: Machine, original: str | None, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    if original:
        home.write(LISTED, original)
    machine.run("alice", "bob", patterns=EVERYTHING, files=(template(),))
    forge(home, LISTED, "templates")
    attacked(machine, way)
    assert (home.path / LISTED).exists() is bool(original) and (not original or home.read(LISTED) == original.encode())


def test_a_copy_with_another_content(machine: Machine) -> None:
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")
    name = backup_name(LISTED, home.read(LISTED))
    machine.run("alice", patterns=EVERYTHING, files=(template(),))
    home.write(f"{BACKUPS}/{name}", EVIL, 0o600)
    attacked(machine, "absent")
    assert not (home.path / LISTED).exists()


def test_a_manifest_that_waits_for_a_template(machine: Machine) -> None:
    """The copy that it names, and the content that it calls ours, are from before the first run that writes the file."""
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")
    machine.run("alice", patterns=EVERYTHING)
    forge(home, LISTED, "templates")
    machine.run("alice", patterns=EVERYTHING, files=(template(),))
    assert home.read(LISTED) == b"of a template\n"
    machine.run(absent=("alice",), patterns=EVERYTHING)
    assert home.read(LISTED) == b"the user's\n"


@pytest.mark.parametrize("trap", [BACKUPS, MANIFEST])
def test_a_manifest_that_waits_for_a_run_that_failed(machine: Machine, trap: str) -> None:
    """The forger makes the first run fail, after which root's list could have the file."""
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")
    home.link(trap, "/usr")
    assert set(problems(machine.run("alice", patterns=EVERYTHING, files=(template(),)))) == {"alice"}
    (home.path / trap).unlink()
    forge(home, LISTED, "templates")
    assert not problems(machine.run("alice", patterns=EVERYTHING, files=(template(),)))
    machine.run(absent=("alice",), patterns=EVERYTHING)
    assert home.read(LISTED) == b"the user's\n"


@pytest.mark.parametrize("original", ["the user's\n", None])
def test_a_home_that_two_hosts_share(machine: Machine, original: str | None) -> None:
    """Each has a list of its own; neither takes the other's word away."""
    home = machine.add("alice")
    if original:
        home.write(LISTED, original)
    lists = machine.site.own / "default.json"
    for text in ("one\n", "two\n"):
        for number, host in enumerate((".a", ".b", ".a", ".b")):
            kept = lists.with_suffix(host)
            if kept.exists():
                kept.rename(lists)
            answer = machine.run("alice", patterns=EVERYTHING, files=(template(text=text), owned()))
            assert not problems(answer) and not [warning for result in answer.results for warning in result.warnings]
            assert number == 0 or not all_changes(answer), (text, number)
            lists.rename(kept)
    lists.with_suffix(".b").rename(lists)
    machine.run(absent=("alice",), patterns=EVERYTHING)
    assert (home.path / LISTED).exists() is bool(original) and (not original or home.read(LISTED) == original.encode())


def test_a_template_that_was_removed_is_not_written_any_more(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice", patterns=EVERYTHING, files=(template(), owned()))
    machine.run("alice", patterns=EVERYTHING, files=(owned(),))
    home.write(LISTED, "the user's\n")
    forge(home, LISTED, "templates")
    attacked(machine, "absent")
    assert home.read(LISTED) == b"the user's\n"


def test_a_directory_that_only_a_user_can_have_made(machine: Machine) -> None:
    """Not defended: it has to be empty."""
    home = machine.add("alice")
    machine.run("alice", patterns=EVERYTHING)
    home.write("full/file", "x")
    home.write(MANIFEST, home.read(MANIFEST).replace(b'"directories": [', b'"directories": ["full", '), 0o600)
    attacked(machine, "absent")
    assert (home.path / "full/file").exists()


# --- and what was really written goes, and comes back, as ever ---


@every_way
@pytest.mark.parametrize("original", ["the user's\n", None])
def test_what_templates_wrote_goes(machine: Machine, original: str | None, way: str) -> None:
    home = machine.add("alice")
    machine.add("bob")
    if original:
        home.write(LISTED, original)
    before = outside(home)
    for text in ("one\n", "two\n"):
        machine.run("alice", "bob", patterns=EVERYTHING, files=(template(text=text),))
    answer = attacked(machine, way)
    assert not [warning for result in answer.results for warning in result.warnings]
    machine.run(absent=("alice", "bob"), patterns=EVERYTHING)
    assert outside(home) == before and machine.served == []


def test_what_templates_wrote_goes_with_a_home_that_moved(machine: Machine) -> None:
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")
    for number, way in enumerate(WAYS):
        machine.run("alice", patterns=EVERYTHING, files=(template(),))
        new = home.path.parent / f"moved{number}"
        home.path.rename(new)
        home.path, machine.homes["alice"] = new, str(new)
        if way == "a purge":
            machine.add("bob")
        answer = attacked(machine, way)
        assert home.read(LISTED) == b"the user's\n" and not [warning for result in answer.results for warning in result.warnings], way


@pytest.mark.parametrize("number", range(len(phases.PHASES)), ids=lambda number: f"{number} {phases.PHASES[number].purpose}")
def test_a_template_after_a_run_that_was_killed(machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")

    def dies(commit: object) -> None:
        os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)

    child = os.fork()
    if child == 0:
        killed = phases.PHASES[number]._replace(work=dies, needed=lambda commit: True)
        try:
            monkeypatch.setattr(phases, "PHASES", (*phases.PHASES[:number], killed, *phases.PHASES[number + 1 :]))
            machine.run("alice", patterns=EVERYTHING, files=(template(),))
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 9
    answer = machine.run(absent=("alice",), patterns=EVERYTHING)
    assert home.read(LISTED) == b"the user's\n" and not problems(answer) and machine.served == []


def test_without_the_list_templates_are_left_and_named(machine: Machine) -> None:
    home = machine.add("alice")
    machine.run("alice", patterns=EVERYTHING, files=(template(), owned()))
    (machine.site.own / "default.json").unlink()
    answer = attacked(machine, "absent")
    assert home.read(LISTED) == b"of a template\n" and f"names {LISTED}, which root's list" in answer.results[0].warnings[0]


def test_who_is_not_root_believes_the_own_manifest(machine: Machine) -> None:
    home = machine.add("alice")
    home.write(LISTED, "the user's\n")
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(home.uid, home.uid, home.uid)
            os.setresuid(home.uid, home.uid, home.uid)
            machine.run("alice", patterns=EVERYTHING, files=(template(),))
            assert home.read(LISTED) == b"of a template\n"
            assert all_changes(machine.run("alice", patterns=EVERYTHING, files=(owned(),)))
            os._exit(0 if home.read(LISTED) == b"the user's\n" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_the_manifest_of_a_dest_is_roots(site: Site) -> None:
    """Whoever owns the directory cannot reach it, and what it says is believed."""
    path = site.root / "alice"
    site.run(places=(Place("alice", str(path), (template(),)),), patterns=EVERYTHING)
    shutil.copytree(Path(site.own, "places"), path / ".local/state/mailops", dirs_exist_ok=True)
    for each in (path, *path.rglob("*")):
        os.chown(each, 20_009, 20_009)
    home = Home(path, 20_009)
    home.write(".bashrc", "the owner's\n")
    forge(home, ".bashrc", "templates")
    answer = site.run(absent=("alice",), patterns=EVERYTHING)
    assert not problems(answer) and home.read(".bashrc") == b"the owner's\n" and not (path / LISTED).exists()

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run that only looks finds of an instance: by user, in homes and in other directories."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import (
    BLOCK,
    AccountLabel,
    File,
    FoundFile,
    HostFiles,
    Place,
    Result,
)
from ansible_collections.mailops.profiles.plugins.module_utils._writer import inspection, state
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import WriterError

from .home import MANIFEST, OWN, Home, Site, all_changes, block, owned
from .machine import Machine

LABELS = (AccountLabel("Work", "work", ("own", "block")), AccountLabel("Shop (Gdynia)", "shop-gdynia", ("own",)))


def look(machine: Machine, *names: str, **other: Any) -> dict[str, Result]:
    answer = machine.run(*names, files=(), inspect=True, **other)
    return {result.name: result for result in answer.results}


def states(result: Result) -> dict[str, str]:
    assert result.problem is None and result.found is not None
    return {os.path.basename(file.path): file.state for file in result.found.files}


@pytest.fixture
def anna(machine: Machine) -> Home:
    """With a block in a file of her own, and a whole file."""
    home = machine.add("anna")
    home.write(".blockrc", "hers\n", 0o640)
    machine.run("anna", places=(Place("anna", None, (block(), owned()), accounts=LABELS),))
    return home


def test_what_was_deployed(machine: Machine, anna: Home) -> None:
    before = anna.tree()
    found = look(machine)["anna"].found
    assert found.accounts == tuple(sorted(LABELS)) and abs(found.confirmed - time.time()) < 60
    assert found.files == (FoundFile(f"{anna.path}/.blockrc", "block", "deployed"), FoundFile(f"{anna.path}/{OWN}", "own", "deployed"))
    assert anna.tree() == before


def test_a_renamed_profile_changes_nothing_on_the_host(machine: Machine, anna: Home) -> None:
    """What is found has the new name."""
    for labels in ((AccountLabel("Office", "work", ("own", "block")),), ()):
        places = (Place("anna", None, (block(), owned()), accounts=labels),)
        before = anna.tree()
        assert not all_changes(machine.run("anna", check=True, places=places)) and anna.tree() == before
        done = machine.run("anna", places=places)
        assert not all_changes(done) and not done.results[0].drifted and look(machine)["anna"].found.accounts == labels
        written = anna.tree()
        assert {path for path in written if written[path] != before[path]} <= {MANIFEST, os.path.dirname(MANIFEST)}
        assert not all_changes(machine.run("anna", places=places)) and anna.tree() == written
    # What else is wrong with it is still repaired, and said.
    anna.write(MANIFEST, anna.read(MANIFEST).replace(b'"directories": [', b'"directories": ["Mail", '), 0o600)
    assert [change.path for change in all_changes(machine.run("anna", places=places))] == [f"{anna.path}/{MANIFEST}"]


def test_a_run_that_changes_nothing_confirms(machine: Machine, anna: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.9)
    assert not any(result.changes for result in machine.run("anna", check=True, places=(Place("anna", None, (block(), owned()), accounts=LABELS),)).results)
    assert look(machine)["anna"].found.confirmed < 2_000_000_000
    machine.run("anna", places=(Place("anna", None, (block(), owned()), accounts=LABELS),))
    assert look(machine)["anna"].found.confirmed == 2_000_000_000
    (anna.path / ".blockrc").unlink()
    anna.mkdir(".blockrc")
    assert machine.run("anna").results[0].problem  # what fails confirms nothing
    assert look(machine)["anna"].found.confirmed == 2_000_000_000
    (anna.path / ".blockrc").rmdir()
    machine.run(absent=("anna",))
    assert not Path(state.ROOT, state.OF_ROOT).exists()


@pytest.mark.parametrize("damage", ["", "[[1]]", "{", "[" * 100_000, None])
def test_times_that_are_damaged_count_as_unknown(machine: Machine, anna: Home, damage: str | None) -> None:
    path = Path(state.ROOT, state.OF_ROOT, "default.confirmed")
    path.unlink()
    path.mkdir() if damage is None else path.write_text(damage)
    assert look(machine)["anna"].found.confirmed == 0
    machine.run("anna")
    assert (look(machine)["anna"].found.confirmed == 0) is (damage is None)


def test_edited_removed_and_other_modes(machine: Machine, anna: Home) -> None:
    anna.write(".blockrc", anna.read(".blockrc").replace(b"block\n", b"better\n", 1) + b"more of hers\n", 0o640)
    (anna.path / OWN).unlink()
    assert states(look(machine)["anna"]) == {".blockrc": "edited", "work": "missing"}
    machine.run("anna", files=(block(secret=True), owned()))
    assert states(look(machine)["anna"]) == {".blockrc": "deployed", "work": "deployed"}
    (anna.path / ".blockrc").chmod(0o644)
    (anna.path / OWN).chmod(0o644)
    assert states(look(machine)["anna"]) == {".blockrc": "edited", "work": "edited"}
    machine.run("anna", files=(block(), owned()))
    (anna.path / ".blockrc").chmod(0o666)  # no secret is in it, and its mode is hers
    assert states(look(machine)["anna"]) == {".blockrc": "deployed", "work": "deployed"}


def test_a_link_is_followed_and_named(machine: Machine, anna: Home) -> None:
    anna.mkdir("dotfiles")
    os.rename(anna.path / ".blockrc", anna.path / "dotfiles/blockrc")
    anna.link(".blockrc", "dotfiles/blockrc")
    (found,) = [file for file in look(machine)["anna"].found.files if file.producer == "block"]
    assert found == FoundFile(f"{anna.path}/.blockrc", "block", "deployed", f"{anna.path}/dotfiles/blockrc")


def test_the_manifest_is_a_file_as_well(machine: Machine, anna: Home) -> None:
    content = anna.read(MANIFEST)
    anna.write(MANIFEST, b"{}", 0o600)
    assert states(look(machine)["anna"]) == {"default.json": "edited"}
    (anna.path / MANIFEST).unlink()
    assert states(look(machine)["anna"]) == {"default.json": "missing"}
    forged = content.replace(b'"path": ".blockrc"', b'"path": ".bashrc"')
    anna.write(MANIFEST, forged, 0o600)
    found = look(machine)["anna"].found.files
    assert [(file.state, os.path.basename(file.path)) for file in found] == [("edited", "default.json"), ("foreign", ".bashrc"), ("deployed", "work")]
    assert found[1].reason.endswith("is named by the manifest, and is no file that was written here")


def test_a_file_of_two_instances_is_foreign(machine: Machine, anna: Home) -> None:
    shutil.copy(anna.path / MANIFEST, anna.path / MANIFEST.replace("default", "other"))
    os.chown(anna.path / MANIFEST.replace("default", "other"), anna.uid, anna.uid)
    assert states(look(machine)["anna"]) == {".blockrc": "deployed", "work": "foreign"}
    assert machine.run("anna").results[0].problem.path.endswith(OWN)


def test_what_cannot_be_read(machine: Machine, anna: Home) -> None:
    (anna.path / OWN).unlink()
    os.mkfifo(anna.path / OWN)
    os.chown(anna.path / OWN, anna.uid, anna.uid)
    anna.write(".blockrc", anna.read(".blockrc") + anna.read(".blockrc"))
    found = look(machine)["anna"].found.files
    assert [(file.state, file.reason) for file in found] == [
        ("unreadable", f"{anna.path}/.blockrc has marker lines of instance default that are not one BEGIN before one END: repair them or remove them all"),
        ("unreadable", f"{anna.path}/{OWN} is a FIFO, not a file: move it away"),
    ]


def test_a_home_that_is_not_there(machine: Machine, anna: Home) -> None:
    os.rename(anna.path, f"{anna.path}.away")
    result = look(machine)["anna"]
    assert result.problem.message.startswith(f"{anna.path} does not exist; it may not be mounted")
    anna.path.mkdir()
    os.chown(anna.path, anna.uid, anna.uid)
    assert "is not the directory where accounts of anna were written" in look(machine)["anna"].problem.message


def test_who_is_asked_for(machine: Machine, anna: Home) -> None:
    machine.add("bob")
    machine.add("carol")
    machine.run("bob", inventory_host="other")
    answer = machine.run("bob", "nobody-here", files=(), inspect=True)
    assert answer.results == () and answer.missing == ("nobody-here",)
    assert [(place.user, place.inventory_host) for place in answer.remaining] == [("bob", "other")]
    assert set(look(machine)) == {"anna"} and set(look(machine, inventory_host="other")) == {"bob"}
    assert look(machine, "carol")["carol"].found.files == ()
    del machine.homes["anna"]
    assert look(machine)["anna"].problem.message == f"{anna.path}: user anna is not a user of the host any more, and what was written there is left"


def test_places_that_do_not_fit_into_one_answer_remain(machine: Machine, anna: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add("bob")
    machine.run("bob")
    monkeypatch.setattr(inspection, "_MAX_PLACES", 1)
    answer = machine.run(files=(), inspect=True)
    assert [result.name for result in answer.results] == ["anna"] and [place.user for place in answer.remaining] == ["bob"]


def test_directories_that_are_no_homes(machine: Machine, site: Site) -> None:
    site.root.mkdir()
    site.run("bob")
    (site.root / "bob/.blockrc").unlink()
    (result,) = site.run(inspect=True).results
    assert (result.name, states(result)) == ("bob", {".blockrc": "missing", "work": "deployed"})
    shutil.rmtree(site.root / "bob")
    assert states(site.run(inspect=True).results[0]) == {".blockrc": "missing", "work": "missing"}
    shutil.rmtree(Path(state.ROOT, state.OF_ROOT, "places"))
    (only,) = site.run("bob", inspect=True).results[0].found.files
    assert only.state == "missing" and not (site.root / "bob").exists()


def test_files_of_the_host(machine: Machine, anna: Home, root: Path) -> None:
    shared = File("etc/shared.conf", b"set shared\n", BLOCK, producer="block", mode=0o644)
    part = HostFiles((shared,), {"block": {"etc/shared.conf": BLOCK}}, (), (), False)
    machine.run("anna", host=part)
    asked = part._replace(files=())
    assert states(look(machine, host=asked)[""]) == {"shared.conf": "deployed"}
    (root / "etc/shared.conf").write_text("other\n")
    assert states(look(machine, host=asked)[""]) == {"shared.conf": "missing"}


def test_a_list_that_cannot_be_used_or_is_lost(machine: Machine, anna: Home) -> None:
    path = Path(state.ROOT, state.OF_ROOT, "default.json")
    path.chmod(0o666)
    with pytest.raises(WriterError, match="others can write to it"):
        look(machine)
    path.unlink()
    assert look(machine) == {}
    assert states(look(machine, "anna")["anna"]) == {".blockrc": "deployed", "work": "deployed"}

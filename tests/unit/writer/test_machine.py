# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client needs on the host, once for everybody: blocks in files of root's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._writer import _index, _machine
from ansible_collections.mailops.profiles.plugins.module_utils._writer._base import DestOptions
from ansible_collections.mailops.profiles.plugins.module_utils._writer._plan import Settings
from ansible_collections.mailops.profiles.plugins.module_utils._writer._worker import Run

from .home import Site

CFG = "etc/program/program.cfg"
PREFS = "etc/program/defaults/pref/mailops.js"
FILES = [
    {"client": "program", "path": path, "text": text, "shown": text, "strategy": "block", "comment": "//"}
    for path, text in ((CFG, "go();\n"), (PREFS, "pref();\n"))
]
LEFTOVER = (".program/*/prefs", "^ours")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    monkeypatch.setattr(_machine, "ROOT", str(root))
    return root


def part(*files: dict[str, Any], remove: bool = False, elsewhere: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"patterns": {"program": [CFG, PREFS]}, "files": list(files), "remove": remove, "elsewhere": elsewhere, "leftovers": [LEFTOVER]}


def sign(root: Path, name: str, matching: str | None = None, reason: str = "no", blocks: bool = False) -> dict[str, Any]:
    return {"client": "program", "pattern": str(root / name), "matching": matching, "reason": reason, "blocks": blocks}


def everything(root: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


def test_an_administrators_file_gets_a_block_and_loses_it_again(site: Site, root: Path) -> None:
    mine = root / CFG
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"// mine\nlockPref('x', 1);")
    mine.chmod(0o640)
    before = everything(root)
    dry = site.run("anna", host=part(*FILES), check=True)
    assert everything(root) == before
    real = site.run("anna", host=part(*FILES))
    assert dry["changes"] == real["changes"]
    assert {change["path"] for change in real["changes"] if not change["user"]} == {str(root / CFG), str(root / PREFS)}
    assert mine.read_bytes() == b"// mine\nlockPref('x', 1);\n// BEGIN mailops.profiles default\ngo();\n// END mailops.profiles default\n"
    assert (mine.stat().st_mode & 0o777, (root / PREFS).stat().st_mode & 0o777) == (0o640, 0o644)
    assert not site.run("anna", host=part(*FILES))["changed"]
    assert site.run("anna", host=part())["changed"] is False  # somebody else may need it
    site.run(absent=("anna",), host=part(remove=True))
    assert everything(root) == before and mine.stat().st_mode & 0o777 == 0o640


def test_it_stays_while_anybody_is_served(site: Site, root: Path) -> None:
    site.run("anna", "bob", host=part(*FILES))
    site.run(absent=("anna",), host=part(remove=True))
    assert (root / CFG).exists()
    assert {change["path"] for change in site.run(absent=("bob",), host=part(remove=True), check=True)["changes"]} >= {str(root / CFG)}
    site.run(absent=("bob",), host=part(remove=True))
    assert everything(root) == {}


def test_two_instances_have_a_block_each(site: Site, root: Path) -> None:
    site.run("anna", instance="one", host=part(*FILES))
    site.run("bob", instance="two", host=part(*FILES))
    assert (root / CFG).read_bytes().count(b"go();") == 2
    for instance, name in (("one", "anna"), ("two", "bob")):
        site.run(absent=(name,), instance=instance, host=part(remove=True))
    assert everything(root) == {}


def test_an_edit_is_repaired_and_reported(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    path = root / PREFS
    path.write_bytes(path.read_bytes().replace(b"pref();", b"evil();"))
    result = site.run("anna", host=part(*FILES))
    assert result["drifted"] == [{"user": "", "path": str(path)}] and b"evil" not in path.read_bytes()


def test_what_stands_in_the_way_is_said_and_the_users_are_served(site: Site, root: Path) -> None:
    (root / CFG).mkdir(parents=True)
    result = site.run("anna", host=part(*FILES))
    assert [item["path"] for item in result["failed_users"]] == [str(root / CFG)]
    assert site.left() == {"anna"}


def test_a_directory_of_somebody_else_is_refused(site: Site, root: Path) -> None:
    (root / "etc/program").mkdir(parents=True)
    os.chown(root / "etc/program", 20_001, 20_001)
    result = site.run("anna", host=part(*FILES))
    assert len(result["failed_users"]) == 1 and not any(path.is_file() for path in (root / "etc").rglob("*"))


def test_a_program_that_reads_other_places_is_reported(site: Site, root: Path) -> None:
    (root / "own.js").write_text('pref("general.config.filename", "company.cfg");\n')
    own = sign(root, "*.js", r'"general\.config\.filename", "(?!program\.cfg)', "the administrator's own")
    result = site.run("anna", host=part(elsewhere=(own, sign(root, "*.js", "nothing"), sign(root, "snap*"))))
    assert result["elsewhere"] == [{"user": "", "client": "program", "profile": "", "reason": "the administrator's own"}]


def test_who_is_not_root_uses_what_root_has_put_there(site: Site, root: Path) -> None:
    def as_somebody() -> dict[str, Any]:
        os.seteuid(20_001)
        try:
            run = Run(Settings("default", {}), DestOptions(), check=False, deadline=5)
            (outcome,) = _machine.Machine(part(*FILES), "default").deploy(run, anybody=True)
            return vars(outcome)
        finally:
            os.seteuid(0)

    refused = as_somebody()
    assert refused["error"]["path"] == str(root / CFG) and "run with become" in refused["error"]["msg"]
    site.run("anna", host=part(*FILES))
    assert (as_somebody()["error"], as_somebody()["unchanged"]) == (None, 2)


def test_without_the_list_of_users_what_they_share_stays(site: Site, root: Path) -> None:
    site.run("anna", "bob", host=part(*FILES))
    (Path(_index.DIRECTORY) / "default.json").unlink()
    result = site.run(absent=("anna",), host=part(remove=True))
    assert (root / CFG).exists() and "is lost" in result["notices"][0]
    site.run("bob", host=part(*FILES))
    site.run(absent=("bob",), host=part(remove=True))
    assert everything(root) == {}


def test_blocks_are_found_without_any_record(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    shutil.rmtree(root / "var")
    shutil.rmtree(_index.DIRECTORY)
    site.run(absent=("anna",), host=part(remove=True))
    # Nobody knows any more whether the files were there before.
    assert {path: content for path, content in everything(root).items() if path in (CFG, PREFS)} == {CFG: b"", PREFS: b""}


def test_a_sign_that_is_no_file_hangs_nobody(site: Site, root: Path) -> None:
    os.mkfifo(root / "pipe.js")
    assert site.run("anna", host=part(elsewhere=(sign(root, "*.js", "x"),)))["elsewhere"] == []


def test_where_ours_would_do_harm_it_is_not_written_and_goes(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    (root / "version").write_text("Version=140.1\n")
    result = site.run("anna", host=part(*FILES, elsewhere=(sign(root, "version", "^Version=140", "too old", blocks=True),)))
    assert [item["reason"] for item in result["elsewhere"]] == ["too old"] and not result["failed_users"]
    assert everything(root) == {"version": b"Version=140.1\n"}


def test_it_stays_until_the_program_has_forgotten(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    known = site.root / "anna" / ".program/profile/prefs"
    known.parent.mkdir(parents=True)
    known.write_text("theirs\nours\n")
    (site.root / "anna/.program/a file").touch()
    for check in (True, False, False):
        result = site.run(absent=("anna",), host=part(remove=True), check=check)
        assert "anna: a program still has to forget the accounts" in result["notices"][0] and (root / CFG).exists()
    assert not result["changed"]
    known.write_text("theirs\n")
    assert site.run(absent=("anna",), host=part(remove=True))["changed"]
    assert everything(root) == {}


def test_what_a_program_knows_keeps_nobody_where_nothing_is_on_the_host(site: Site, root: Path) -> None:
    site.run("anna")
    known = site.root / "anna" / ".program/profile/prefs"  # in a home that is on other hosts, too
    known.parent.mkdir(parents=True)
    known.write_text("ours\n")
    assert site.run(absent=("anna",), host=part(remove=True))["notices"] == []
    assert site.index == {} and everything(root) == {}

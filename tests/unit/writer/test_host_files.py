# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client needs on the host, once for everybody: blocks in files of root's."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, Drift, File, HostFiles, Probe, Result
from ansible_collections.mailops.profiles.plugins.module_utils._writer import probes
from ansible_collections.mailops.profiles.plugins.module_utils._writer.host_files import SharedFiles
from ansible_collections.mailops.profiles.plugins.module_utils._writer.plan import Settings

from .home import Site, all_changes, problems

CFG = "etc/program/program.cfg"
PREFS = "etc/program/defaults/pref/mailops.js"
FILES = [File(path, text.encode(), BLOCK, "//", redacted=text, producer="program") for path, text in ((CFG, "go();\n"), (PREFS, "pref();\n"))]
RESIDUE = (".program/*/prefs", "^ours")


def part(*files: File, remove: bool = False, probes: tuple[Probe, ...] = ()) -> HostFiles:
    return HostFiles(files, {"program": {CFG: BLOCK, PREFS: BLOCK}}, probes, (RESIDUE,), remove)


def probe(root: Path, name: str, matching: str | None = None, note: str = "no", blocks: bool = False) -> Probe:
    return Probe("program", str(root / name), note, matching, blocks)


def everything(root: Path) -> dict[str, Any]:
    """What is in the root directory, but for root's own list and manifests of other places."""
    found = {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}
    return {name: content for name, content in found.items() if not name.startswith("var")}


def test_an_administrators_file_gets_a_block_and_loses_it_again(site: Site, root: Path) -> None:
    mine = root / CFG
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"// mine\nlockPref('x', 1);")
    mine.chmod(0o640)
    before = everything(root)
    dry = site.run("anna", host=part(*FILES), check=True)
    assert everything(root) == before
    real = site.run("anna", host=part(*FILES))
    assert all_changes(dry) == all_changes(real)
    assert {change.path for change in real.results[-1].changes} == {str(root / CFG), str(root / PREFS)} and real.results[-1].name == ""
    assert mine.read_bytes() == b"// mine\nlockPref('x', 1);\n// BEGIN mailops.profiles default\ngo();\n// END mailops.profiles default\n"
    assert (mine.stat().st_mode & 0o777, (root / PREFS).stat().st_mode & 0o777) == (0o640, 0o644)
    assert not all_changes(site.run("anna", host=part(*FILES)))
    assert not all_changes(site.run("anna", host=part()))  # another user may need it
    site.run(absent=("anna",), host=part(remove=True))
    assert everything(root) == before and mine.stat().st_mode & 0o777 == 0o640


def test_it_stays_while_anybody_is_served(site: Site, root: Path) -> None:
    site.run("anna", "bob", host=part(*FILES))
    site.run(absent=("anna",), host=part(remove=True))
    assert (root / CFG).exists()
    assert {change.path for change in all_changes(site.run(absent=("bob",), host=part(remove=True), check=True))} >= {str(root / CFG)}
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
    assert result.results[-1].drifted == (Drift(str(path), "program"),) and b"evil" not in path.read_bytes()


def test_what_stands_in_the_way_is_said_and_the_users_are_served(site: Site, root: Path) -> None:
    (root / CFG).mkdir(parents=True)
    result = site.run("anna", host=part(*FILES))
    assert problems(result) == {"": str(root / CFG)}
    assert site.left() == {"anna"}


def test_a_directory_of_somebody_else_is_refused(site: Site, root: Path) -> None:
    (root / "etc/program").mkdir(parents=True)
    os.chown(root / "etc/program", 20_001, 20_001)
    result = site.run("anna", host=part(*FILES))
    assert set(problems(result)) == {""} and not any(path.is_file() for path in (root / "etc").rglob("*"))


def test_a_program_that_reads_other_places_is_reported(site: Site, root: Path) -> None:
    (root / "own.js").write_text('pref("general.config.filename", "company.cfg");\n')
    own = probe(root, "*.js", r'"general\.config\.filename", "(?!program\.cfg)', "the administrator's own")
    result = site.run("anna", host=part(probes=(own, probe(root, "*.js", "nothing"), probe(root, "snap*"))))
    assert result.probes == ("the administrator's own",)


def test_who_is_not_root_uses_what_root_has_put_there(site: Site, root: Path) -> None:
    def without_root() -> Result:
        os.seteuid(20_001)
        try:
            (result,) = SharedFiles(part(*FILES), "default").apply(Settings("default", {}), is_serving=True)
            return result
        finally:
            os.seteuid(0)

    problem = without_root().problem
    assert problem.path == str(root / CFG) and "run with become" in problem.message
    site.run("anna", host=part(*FILES))
    assert (without_root().problem, without_root().unchanged) == (None, 2)


def test_without_the_list_of_users_what_they_share_stays(site: Site, root: Path) -> None:
    site.run("anna", "bob", host=part(*FILES))
    (site.own / "default.json").unlink()
    result = site.run(absent=("anna",), host=part(remove=True))
    assert (root / CFG).exists() and "is lost" in result.warnings[0]
    site.run("bob", host=part(*FILES))
    site.run(absent=("bob",), host=part(remove=True))
    assert everything(root) == {}


def test_blocks_are_found_without_any_record(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    shutil.rmtree(root / "var")
    site.run(absent=("anna",), host=part(remove=True))
    # Nobody knows any more whether the files were there before.
    assert {path: content for path, content in everything(root).items() if path in (CFG, PREFS)} == {CFG: b"", PREFS: b""}


def test_a_sign_that_is_no_file_hangs_nobody(site: Site, root: Path) -> None:
    os.mkfifo(root / "pipe.js")
    assert site.run("anna", host=part(probes=(probe(root, "*.js", "x"),))).probes == ()


@pytest.mark.parametrize("pattern", ["opt/*.js", "opt/defaults/*.js", "opt/defaults/x.js", "o*/defaults/x.js", "opt/x.cfg", "opt/*.cfg"])
@pytest.mark.parametrize("whole", [False, True])
def test_a_sign_that_others_can_make_decides_nothing(site: Site, root: Path, pattern: str, whole: bool) -> None:
    """A program's directory that belongs to a user, so that it can update itself. Nothing in it is read, however much there is."""
    for name in ("opt/a.js", "opt/x.cfg", "opt/defaults/x.js"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    for number in range(2000):
        os.link(root / "opt/a.js", root / f"opt/{number}.js")
    os.chown(root / "opt", 20_001, 20_001)
    signs = (probe(root, pattern, None if whole else "x", blocks=True),)
    result = site.run("anna", host=part(*FILES, probes=signs))
    assert result.probes == () and (root / CFG).exists()
    assert result.warnings == (f"{root}/opt was not searched for programs that read other files, because others than root can change it",)


@pytest.mark.parametrize("change", [lambda path: os.chown(path, 20_001, 20_001), lambda path: path.chmod(0o775), lambda path: path.chmod(0o757)])
@pytest.mark.parametrize("name", ["opt", "opt/defaults"])
def test_who_can_change_a_place_of_signs(site: Site, root: Path, change: Any, name: str) -> None:
    (root / "opt/defaults").mkdir(parents=True)
    (root / "opt/defaults/x.js").write_text("x")
    signs = (probe(root, "opt/defaults/*.js", "x", "yes"),)
    assert site.run("anna", host=part(probes=signs)).probes == ("yes",)
    change(root / name)
    result = site.run("anna", host=part(probes=signs))
    assert result.probes == () and f"{root}/{name} was not searched" in result.warnings[0]


def test_a_sign_of_somebody_elses_counts_through_no_link(site: Site, root: Path) -> None:
    (root / "theirs").mkdir()
    (root / "theirs/x.js").write_text("x")
    os.chown(root / "theirs/x.js", 20_001, 20_001)
    (root / "x.js").symlink_to(root / "theirs/x.js")
    (root / "y.js").symlink_to("/nowhere")
    os.symlink("/etc/hostname", root / "z.js")
    os.chown(root / "z.js", 20_001, 20_001, follow_symlinks=False)
    result = site.run("anna", host=part(probes=(probe(root, "*.js"),)))
    assert result.probes == () and len(result.warnings) == 2


def test_a_place_that_hangs_costs_two_seconds(site: Site, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of a user's hangs at the first look. The others are searched."""
    monkeypatch.setattr(probes, "_SECONDS", 0.3)
    monkeypatch.setattr(probes.os, "lstat", lambda path, before=os.lstat: time.sleep(600) if str(path).endswith("hangs") else before(path))
    (root / "x.js").write_text("x")
    signs = (probe(root, "hangs/*", note="1"), probe(root, "x.js", note="2"), probe(root, "hangs"), probe(root, "x.js", note="3"))
    start = time.monotonic()
    result = site.run("anna", host=part(probes=signs))
    assert result.probes == ("2", "3") and time.monotonic() - start < 20
    assert [warning.partition(" took more than 0.3 seconds to search")[0] for warning in result.warnings] == [f"{root}/hangs/*", f"{root}/hangs"]


def test_where_ours_would_do_harm_it_is_not_written_and_goes(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    (root / "version").write_text("Version=140.1\n")
    result = site.run("anna", host=part(*FILES, probes=(probe(root, "version", "^Version=140", "too old", blocks=True),)))
    assert result.probes == ("too old",) and not problems(result)
    assert everything(root) == {"version": b"Version=140.1\n"}


def test_it_stays_until_the_program_has_forgotten(site: Site, root: Path) -> None:
    site.run("anna", host=part(*FILES))
    known = site.root / "anna" / ".program/profile/prefs"
    known.parent.mkdir(parents=True)
    known.write_text("theirs\nours\n")
    (site.root / "anna/.program/a file").touch()
    for check in (True, False, False):
        result = site.run(absent=("anna",), host=part(remove=True), check=check)
        assert result.results[0].residue and (root / CFG).exists()
    assert not all_changes(result)
    known.write_text("theirs\n")
    assert all_changes(site.run(absent=("anna",), host=part(remove=True)))
    assert everything(root) == {}


def test_what_a_program_knows_keeps_nobody_where_nothing_is_on_the_host(site: Site, root: Path) -> None:
    site.run("anna")
    known = site.root / "anna" / ".program/profile/prefs"  # in a home that is on other hosts, too
    known.parent.mkdir(parents=True)
    known.write_text("ours\n")
    assert not site.run(absent=("anna",), host=part(remove=True)).results[0].residue
    assert site.served == {} and everything(root) == {}

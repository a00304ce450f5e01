# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who edit what was deployed: a dry run says exactly what a real run then repairs, and nothing else changes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..unit.writer.home import MANIFEST, Home, Host, block, owned
from .conftest import CASES
from .edits import EDITS

DEPLOYED = [block("old block\n"), owned("old own\n"), owned("old rc\n", path=".ownrc")]
NEXT = {
    "the same": DEPLOYED,
    "an update": [block("new block\n", secret=True), owned("new own\n"), owned("new rc\n", path=".ownrc")],
    "less": [DEPLOYED[0]],
    "nothing": [],
}
USERS_LINES = "# my own lines\nset mine\n"
OURS = {b"old own\n", b"old rc\n", b"new own\n", b"new rc\n"}


# What may be one of our markers; anything else is a line of hers.
_MARKER = re.compile(rb"^[ \t]*# (?:BEGIN|END) mailops\.profiles default[ \t\r]*$", re.MULTILINE)


def deployed(root: Path) -> tuple[Host, Home]:
    """A user with lines and a file of her own, and what a first run made of them; another instance is there, too."""
    host = Host(root)
    alice = host.home("alice")
    alice.write(".blockrc", USERS_LINES)
    alice.write(".ownrc", "hers before us\n", 0o640)
    alice.write("letter", "nobody's business\n")
    assert host.run(block("second\n"), instance="second")["alice"].problem is None
    assert host.run(*DEPLOYED)["alice"].problem is None
    return host, alice


def without(tree: dict[str, Any]) -> dict[str, Any]:
    """What a report speaks of: not the directories, the record, or the backups."""
    return {path: state for path, state in tree.items() if not (is_record(path) or is_backup(path) or state[1].startswith("0o4"))}


def is_record(path: str) -> bool:
    return path.endswith("/mailops/default.json")  # a link of the user's may have moved it


def is_backup(path: str) -> bool:
    return "/mailops/backups/" in path and not path.endswith(".tmp")


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    before, after = without(before), without(after)
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


@contextmanager
def fresh_directory() -> Iterator[Path]:
    """In memory: waiting for the disk, which is the crashes' matter, would take most of the time."""
    with tempfile.TemporaryDirectory(prefix="mailops-test-", dir="/dev/shm") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.parametrize("then", NEXT)
def test_the_report_is_the_truth(root: Path, count, then: str) -> None:
    # The same edits every time in a short run, which CI must be able to repeat; others every time in a long one.
    @settings(max_examples=2 * CASES, derandomize=CASES <= 20, deadline=None, database=None)
    @given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3), random=st.randoms(use_true_random=False))
    def judged(names: list[str], random: Random) -> None:
        with fresh_directory() as directory:
            host, alice = deployed(directory)
            for name in names:
                EDITS[name](alice, random)
            count("edits made", len(names))
            count("drifts found and repaired", judge(host, alice, NEXT[then]))

    judged()


def judge(host: Host, alice: Home, wanted: list[Any]) -> int:
    """Runs dry, for real, and again. The number of drifted files."""
    before = alice.tree()
    dry = host.run(*wanted, check=True)["alice"]
    assert alice.tree() == before
    real = host.run(*wanted)["alice"]
    after = alice.tree()
    assert dry._replace(warnings=()) == real._replace(warnings=())
    if real.problem:
        assert after == before and not real.changes
        return 0
    place = {os.path.relpath(os.path.realpath(change.path), os.path.realpath(alice.path)) for change in real.changes}
    assert changed(before, after) == {path for path in place if not is_record(path)}
    assert real.changes or after == before, "something changed and is not reported"
    nothing_is_lost(alice, before, after)
    again = host.run(*wanted)["alice"]
    assert (again.problem, again.changes, again.drifted) == (None, (), ()) and alice.tree() == after
    everything_is_right(alice, wanted)
    return len(real.drifted)


def nothing_is_lost(alice: Home, before: dict[str, Any], after: dict[str, Any]) -> None:
    """What was the user's is where it was, or in a backup."""
    kept = {state[2] for path, state in after.items() if is_backup(path)}
    for path in changed(before, after):
        content = before.get(path, (0, "", None))[2]
        if not isinstance(content, bytes) or not content or content in OURS or path.endswith(".tmp"):
            continue
        now = after.get(path, (0, "", b""))[2]
        outside = lines_of_hers(content)
        assert content in kept or now == content or outside == lines_of_hers(now), path


def lines_of_hers(content: bytes) -> bytes | None:
    """The lines around our block, which is as we wrote it; None when it is not."""
    for body in (b"old block\n", b"new block\n"):
        ours = b"# BEGIN mailops.profiles default\n" + body + b"# END mailops.profiles default\n"
        if content.count(ours) == 1:
            return content.replace(ours, b"").rstrip(b"\n")
    return None if _MARKER.search(content) else content.rstrip(b"\n")


def everything_is_right(alice: Home, wanted: list[Any]) -> None:
    for file in wanted:
        content = alice.read(file.path)
        if file.strategy == "owned":
            assert content == file.content
        else:
            assert content.count(b"# BEGIN mailops.profiles default\n" + file.content + b"# END mailops.profiles default\n") == 1
        assert not file.secret or alice.mode(file.path) & 0o077 == 0
    if not wanted:
        assert not (alice.path / MANIFEST).exists()
        assert not (alice.path / ".blockrc").is_file() or b"mailops.profiles default" not in alice.read(".blockrc")
    assert not any(path.endswith(".tmp") for path in alice.tree())


@pytest.mark.parametrize("name", sorted(EDITS))
def test_every_edit_alone(root: Path, count, name: str) -> None:
    for wanted in NEXT.values():
        with fresh_directory() as directory:
            host, alice = deployed(directory)
            EDITS[name](alice, Random(name))
            count("edits made", 1)
            count("drifts found and repaired", judge(host, alice, wanted))

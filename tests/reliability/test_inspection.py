# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mail_account_info calls drift is exactly what the next run calls so, in a dry run and for real, and repairs."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.module_utils._wire import DEPLOYED, EDITED, FOREIGN, MISSING, UNREADABLE, Result
from ansible_collections.mailops.profiles.plugins.module_utils._writer import phases, state

from ..unit.writer.home import MANIFEST, Home, Host, block, owned
from ..unit.writer.kills import killed
from ..unit.writer.machine import Machine
from .conftest import CASES
from .edits import EDITS
from .test_drift import USERS_LINES, fresh_directory

FILES = (block("old block\n"), owned("old own\n"), owned("old rc\n", path=".ownrc"))
# Of a record that says something else about the files than what a run wrote nobody can say what is true: root's list has no contents.
FORGED = {"an entry deleted", "an entry forged", "a field of an entry forged", "the record of another day", "bytes anywhere in the record"}


def deployed(directory: Path, patched: pytest.MonkeyPatch) -> tuple[Machine, Home]:
    root = directory / "root"
    root.mkdir(mode=0o755)
    patched.setattr(state, "ROOT", str(root))
    machine = Machine(Host(directory), patched)
    alice = machine.add("alice")
    alice.write(".blockrc", USERS_LINES)
    alice.write(".ownrc", "hers before us\n", 0o640)
    alice.write("letter", "nobody's business\n")
    machine.run("alice", files=(block("second\n"),), instance="second")
    assert run(machine).problem is None
    return machine, alice


def run(machine: Machine, check: bool = False) -> Result:
    (result,) = machine.run("alice", files=FILES, check=check).results
    return result


def look(machine: Machine) -> Result:
    (result,) = machine.run(files=(), inspect=True).results
    return result


def judge(machine: Machine, alice: Home, is_forged: bool) -> int:
    """The number of files that drifted."""
    before = alice.tree()
    found = look(machine)
    assert alice.tree() == before
    dry, real = run(machine, check=True), run(machine)
    states = {file.path: file.state for file in found.found.files} if found.found else {}
    drifted = {path for path, each in states.items() if each in (EDITED, MISSING)}
    if found.problem or UNREADABLE in states.values():
        assert dry.problem and real.problem and not real.changes
        return 0
    if real.problem:
        assert dry.problem == real.problem
        return 0
    assert FOREIGN not in states.values() or is_forged
    if not is_forged:
        record = f"{alice.path}/{MANIFEST}"
        said = {drift.path for drift in real.drifted}
        assert said == {drift.path for drift in dry.drifted}
        # Without a record nobody knows which files were there.
        assert said == (drifted - {record} if states.get(record) == MISSING else drifted), states
        assert (states.get(record) == EDITED) == (record in said)
    after = look(machine)
    assert after.problem is None and len(after.found.files) == len(FILES)
    assert {file.state for file in after.found.files} == {DEPLOYED}
    return len(drifted)


def judged(count: Any, names: list[str], random: Random) -> None:
    with fresh_directory() as directory, pytest.MonkeyPatch.context() as patched:
        machine, alice = deployed(directory, patched)
        for name in names:
            EDITS[name](alice, random)
        count("edits looked at", len(names))
        count("drifts that were found and are those of the next run", judge(machine, alice, not FORGED.isdisjoint(names)))


def test_what_it_calls_drift_is_repaired(root: Path, count) -> None:
    @settings(max_examples=2 * CASES, derandomize=CASES <= 20, deadline=None, database=None)
    @given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3), random=st.randoms(use_true_random=False))
    def tried(names: list[str], random: Random) -> None:
        judged(count, names, random)

    tried()


@pytest.mark.parametrize("name", sorted(EDITS))
def test_every_edit_alone(root: Path, count, name: str) -> None:
    judged(count, [name], Random(name))


@pytest.mark.parametrize("number", range(len(phases.PHASES)), ids=lambda number: phases.PHASES[number].purpose)
def test_after_a_run_that_was_killed(root: Path, number: int) -> None:
    """It says so, and the next run ends what that one began."""
    with fresh_directory() as directory, pytest.MonkeyPatch.context() as patched:
        machine, alice = deployed(directory, patched)
        files = (block("new block\n"), owned("new own\n"))
        with killed(number):
            assert machine.run("alice", files=files).results[0].problem
        found = look(machine)
        assert found.problem is None and (not found.found.files or {file.state for file in found.found.files} <= {DEPLOYED, EDITED, MISSING})
        machine.run("alice", files=files)
        assert [file.state for file in look(machine).found.files] == [DEPLOYED] * 2

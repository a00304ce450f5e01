# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users as a host's own passwd file has them: to whose homes nothing is written, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Job, Place
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer

from ...mounts import bind, in_own_namespace
from .home import PATTERNS, owned

# User -> uid and home, which is below the test's directory unless it has a colon in front.
USERS = {"anna": (20_001, "anna"), "bob": (20_002, "bob"), "joint": (20_003, "anna"), "alias": (20_001, "alias"), "toor": (0, "toor"),
         "homeless": (20_004, ":"), "relative": (20_005, ":home"), "everything": (20_006, ":/")}  # fmt: skip


@pytest.fixture
def served(root: Path, tmp_path: Path):
    """Writes for these users in one job. User -> why not, None for those who have their file."""
    homes = {name: home[1:] if home.startswith(":") else str(tmp_path / home) for name, (_uid, home) in USERS.items()}
    for name in ("anna", "bob", "alias", "toor"):
        Path(homes[name]).mkdir(mode=0o700)
        os.chown(homes[name], USERS[name][0], USERS[name][0])
    lines = [f"{name}:x:{uid}:{uid}::{homes[name]}:/bin/sh\n" for name, (uid, _home) in USERS.items()]
    passwd = tmp_path / "passwd"
    passwd.write_text(Path("/etc/passwd").read_text() + "".join(lines))
    (tmp_path / "run").mkdir()

    def write(*names: str, earlier: tuple[str, ...] = ()) -> dict[str, Any]:
        job = Job("default", tuple(Place(name, files=(owned(f"of {name}\n"),)) for name in names), PATTERNS, earlier=earlier)

        def inside() -> dict[str, Any]:
            bind(passwd, "/etc/passwd")
            bind(tmp_path / "run", "/run")
            answer = load_answer(run(dump_job(job), False, False)[1])
            assert not answer.missing
            return {result.name: result.problem and result.problem.message for result in answer.results}

        found = in_own_namespace(inside)
        written = {path.read_text() for path in tmp_path.glob("*/.config/mailops/own/work")}
        assert written == {f"of {name}\n" for name in earlier} | {f"of {name}\n" for name, problem in found.items() if problem is None}
        return found

    return write


def test_who_has_a_home_is_served(served) -> None:
    assert served("anna", "bob") == {"anna": None, "bob": None}


@pytest.mark.parametrize(("second", "reason"), [
    ("joint", "user joint has the same home directory as anna: list one of them"), ("alias", "user alias has the same uid as anna: list one of them"),
])  # fmt: skip
@pytest.mark.parametrize("earlier", [False, True])
def test_two_users_with_one_home_or_uid(served, second: str, reason: str, earlier: bool) -> None:
    """One of them would get the other's accounts. ``earlier``: anna was in a job before this one."""
    if earlier:
        assert served("anna") == {"anna": None}
    found = served("bob", second, earlier=("anna",)) if earlier else served("anna", second)
    assert found.pop("bob" if earlier else "anna") is None
    assert list(found) == [second] and found[second].endswith(reason)


@pytest.mark.parametrize(("name", "reason"), [
    ("toor", "user toor has uid 0, and nothing is written as root in a home"), ("homeless", "has no home directory (passwd says '')"),
    ("relative", "has no home directory (passwd says 'home')"), ("everything", "has no home directory (passwd says '/')"),
])  # fmt: skip
def test_whose_home_is_not_written_to(served, name: str, reason: str) -> None:
    found = served(name, "bob")
    assert found.pop("bob") is None
    assert list(found) == [name] and found[name].endswith(reason)

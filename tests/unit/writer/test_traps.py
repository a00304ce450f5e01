# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Homes that fight back: for each trap nothing outside is touched, and the other users are served."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, dump_answer
from ansible_collections.mailops.profiles.plugins.module_utils._writer.errors import perhaps_not_mounted
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import load_answer

from .home import MANIFEST, Home, Host, block, owned


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory of root's, which must stay as it is."""
    path = tmp_path / "outside"
    path.mkdir(0o755)
    (path / "file").write_text("root's\n")
    return path


def test_the_ids_are_checked_after_every_drop(host: Host, alice: Home) -> None:
    """Under SECBIT_NO_SETUID_FIXUP seteuid keeps all capabilities: the worker must notice."""
    code = (
        "import ctypes, sys\n"
        "assert ctypes.CDLL(None).prctl(28, 4, 0, 0, 0) == 0\n"  # PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP
        "from ansible_collections.mailops.profiles.plugins.module_utils._writer.identity import *\n"
        "with Switch().to(Identity(20001, 20001)): print('kept')\n"
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "capabilities survived" in done.stderr and "kept" not in done.stdout


def test_nobody_can_signal_the_worker(host: Host, alice: Home) -> None:
    seen = host.root / "seen"
    seen.touch()
    seen.chmod(0o666)

    def attack(path: str) -> str:  # called in the worker
        worker = os.getpid()
        child = os.fork()
        if child == 0:
            os.setresuid(alice.uid, alice.uid, alice.uid)
            try:
                os.kill(worker, 9)
            except PermissionError:
                os._exit(13)
            os._exit(0)
        seen.write_text(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        return ""

    assert host.run(block(), label=attack)["alice"].problem is None
    assert seen.read_text() == "13"


def test_a_file_changed_during_the_run_is_not_overwritten(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "mine\n")

    def save(path: str) -> str:  # called in the worker, with the user's ids, after it read the file
        (alice.path / ".blockrc").write_text("just saved\n")
        return ""

    outcome = host.run(block(), label=save)["alice"]
    assert "changed by another program" in outcome.problem.message and outcome.changes == ()
    assert alice.read(".blockrc") == b"just saved\n"


def test_nobody_can_open_the_file_of_a_secret_for_a_moment(host: Host, alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = alice.write(".blockrc", "mine\n")
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 6, 20_099), (0x04, 4, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 4, 0xFFFFFFFF)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("no access lists on this file system")
    assert alice.mode(".blockrc") == 0o664
    real = os.fchmod

    # Who looks from outside sees such a moment only by chance.
    def watched(fd: int, mode: int) -> None:
        if os.fstat(fd).st_mode & 0o077:
            os.kill(os.getpid(), 9)  # open to others before the mode was set
        real(fd, mode)

    monkeypatch.setattr(os, "fchmod", watched)
    assert host.run(block(secret=True))["alice"].problem is None
    assert alice.mode(".blockrc") == 0o600
    kept = os.getxattr(path, "system.posix_acl_access")
    assert struct.pack("<HHI", 0x02, 6, 20_099) in kept and struct.pack("<HHI", 0x10, 0, 0xFFFFFFFF) in kept


@pytest.mark.parametrize("kind", ["directory", "link out of the home"])
def test_check_mode_sees_a_record_that_cannot_be_written(host: Host, alice: Home, outside: Path, kind: str) -> None:
    if kind == "directory":
        alice.mkdir(MANIFEST)
    else:
        alice.link(MANIFEST, str(outside / "file"))
    said = [host.run(block(), check=check)["alice"].problem.message for check in (True, False)]
    assert said[0] == said[1] and str(alice.path) in said[0]


@pytest.mark.parametrize("place", [".config/mailops", ".config", "", ".local"])
def test_check_mode_sees_a_directory_that_cannot_be_written_to(host: Host, alice: Home, place: str) -> None:
    if place:
        alice.mkdir(place)
    os.chmod(alice.path / place, 0o500)
    said = [host.run(block(), owned(), check=check)["alice"].problem.message for check in (True, False)]
    assert said[0] == said[1] == f"{alice.path / place} is a directory that its user may not read and write; {perhaps_not_mounted('look at its mode')}"


@pytest.mark.parametrize("target", ["\udcff", "\x1b[2J\x1b[31mEVIL", "two\nlines", "\u202e", "/".join(["\u202e" * 80] * 12)], ids=ascii)
def test_what_a_user_names_things_reaches_no_terminal(host: Host, alice: Home, target: str) -> None:
    """Nor does it end the run: Ansible takes no result that is not valid Unicode."""
    alice.write(target, "not a directory")
    alice.link(".config", target)
    alice.write("lost", "# BEGIN mailops.profiles default\nx\n# END mailops.profiles default\n")
    os.rename(alice.path / "lost", alice.path / f"{target}rc")
    alice.link(".blockrc", f"{target}rc")
    for files in ([owned()], []):
        outcome = host.run(*files)["alice"]
        said = json.dumps(outcome, ensure_ascii=False)
        assert said.isprintable() and "internal error" not in said
        assert load_answer(dump_answer(Answer((outcome,)))).results == (outcome,)
        assert (outcome.problem is not None) is bool(files)


def test_names_without_number_cost_the_user_and_not_root(host: Host, alice: Home) -> None:
    """They are hard links, which cost the user nothing; a list of all of them would be root's memory."""
    first = alice.write(".local/state/mailops/x", "")
    for number in range(50_001):
        os.link(first, f"{first}{number}")
    outcome = host.run(block())["alice"]
    assert outcome.problem is not None and "holds more than 50000 files: remove those that no program needs" in outcome.problem.message

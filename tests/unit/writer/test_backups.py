# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drift is reported, backed up and put right; what the user had comes back."""

from __future__ import annotations

import os

import pytest

from .home import BEGIN, END, MANIFEST, OWN, Home, Host, actions, block, diffs, owned, paths


def test_backups_of_another_instance_stay(host: Host, alice: Home) -> None:
    alice.write(".ownrc", "original\n", 0o640)
    host.one(owned(path=".ownrc"), instance="one")
    for number in range(6):
        alice.write(OWN, f"edit {number}\n", 0o600)
        host.run(owned(), instance="two")
    host.one(instance="one")
    assert alice.read(".ownrc") == b"original\n"


def test_an_edited_file_is_reported_backed_up_and_put_right(host: Host, alice: Home) -> None:
    host.one(block(), owned())
    alice.write(OWN, "edited\n", 0o600)
    alice.write(".blockrc", alice.read(".blockrc").replace(b"block\n", b"my idea\n"), 0o600)
    outcome = host.one(block(), owned())
    assert sorted(map(os.path.basename, paths(outcome.drifted))) == [".blockrc", "work"]
    assert alice.read(OWN) == b"own\n"
    backups = {alice.read(f".local/state/mailops/backups/{name}") for name in os.listdir(alice.path / ".local/state/mailops/backups")}
    assert backups == {b"edited\n", BEGIN + b"my idea\n" + END}
    assert all("edited" not in diff.before and "my idea" not in diff.before for diff in diffs(outcome))


@pytest.mark.parametrize("gone", [OWN, ".blockrc"])
def test_a_removed_file_is_drift(host: Host, alice: Home, gone: str) -> None:
    host.one(block(), owned())
    os.unlink(alice.path / gone)
    assert paths(host.one(block(), owned()).drifted) == [str(alice.path / gone)]


def test_a_widened_mode_is_drift(host: Host, alice: Home) -> None:
    host.one(owned())
    os.chmod(alice.path / OWN, 0o644)
    outcome = host.one(owned())
    assert paths(outcome.drifted) == [str(alice.path / OWN)] and alice.mode(OWN) == 0o600
    assert diffs(outcome)[0].before == "mode 0644\n"


def test_a_file_of_the_users_is_backed_up_and_comes_back(host: Host, alice: Home) -> None:
    alice.write(".ownrc", "the user's own\n", 0o640)
    host.one(owned(path=".ownrc"))
    assert alice.read(".ownrc") == b"own\n"
    for number in range(6):  # more than the backups that are kept
        alice.write(".ownrc", f"drift {number}\n", 0o600)
        host.one(owned(path=".ownrc"))
    host.one()
    assert (alice.read(".ownrc"), alice.mode(".ownrc")) == (b"the user's own\n", 0o640)
    # The same again: now it is not the oldest backup that has to come back.
    alice.write(".ownrc", "second\n", 0o640)
    for number in range(6):
        host.run(owned(path=".ownrc"))
        alice.write(".ownrc", f"more drift {number}\n", 0o600)
    host.one()
    assert alice.read(".ownrc") == b"second\n"


def test_a_lost_record_brings_no_old_password_back(host: Host, alice: Home) -> None:
    host.one(owned("old password\n"))
    os.unlink(alice.path / MANIFEST)
    host.one(owned("new password\n"))
    host.one()
    assert not (alice.path / OWN).exists()


def test_another_mode_is_no_drift(host: Host, alice: Home) -> None:
    host.one(owned())
    outcome = host.one(owned(), mode=0o640)
    assert (actions(outcome), outcome.drifted, alice.mode(OWN)) == ([("work", "updated")], (), 0o640)


def test_the_first_backup_and_the_last_three_stay(host: Host, alice: Home) -> None:
    for number in range(8):
        alice.write(OWN, f"edit {number}\n", 0o600)
        host.run(owned())
    directory = alice.path / ".local/state/mailops/backups"
    kept = sorted(path.read_text() for path in directory.iterdir())
    assert kept == ["edit 0\n", "edit 5\n", "edit 6\n", "edit 7\n"]
    assert {oct(path.stat().st_mode & 0o777) for path in (directory, *directory.iterdir())} == {"0o700", "0o600"}


def test_a_backup_that_is_made_again_is_a_new_one(host: Host, alice: Home) -> None:
    for text in ("one", "two", "three", "four", "two", "five"):
        alice.write(OWN, text, 0o600)
        host.run(owned())
    kept = {path.read_text() for path in (alice.path / ".local/state/mailops/backups").iterdir()}
    assert kept == {"one", "four", "two", "five"}

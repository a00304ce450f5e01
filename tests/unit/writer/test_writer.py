# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the writer does in a home that means no harm: files, modes, directories, diffs."""

from __future__ import annotations

import os
import resource

import pytest

from .home import BEGIN, END, MANIFEST, OWN, Home, Host, actions, block, diffs, owned, paths


def test_new_files_belong_to_the_user_alone(host: Host, alice: Home) -> None:
    assert actions(host.one(block(), owned())) == [(".blockrc", "created"), ("work", "created")]
    assert alice.read(".blockrc") == BEGIN + b"block\n" + END
    assert {entry[0] for entry in alice.tree().values()} == {alice.uid}
    assert [alice.mode(name) for name in (".blockrc", OWN, MANIFEST)] == [0o600] * 3
    assert [alice.mode(name) for name in (".config", ".config/mailops", ".local", ".local/state/mailops")] == [0o700] * 4


def test_check_mode_waits_for_a_home_that_an_earlier_task_may_create(host: Host, alice: Home) -> None:
    alice.path.rmdir()
    dry = host.run(block(), owned(), check=True)["alice"]
    assert dry.problem is None and paths(dry.changes) == [str(alice.path / ".blockrc"), str(alice.path / OWN)]
    assert dry.warnings == (f"{alice.path} does not exist: a real run fails unless the home directory exists by then",)
    assert host.run(block())["alice"].problem and not alice.path.exists()
    assert host.run(check=True)["alice"].warnings == ()


def test_everything_gone_leaves_an_empty_home(host: Host, alice: Home) -> None:
    host.one(block(), owned())
    assert sorted(actions(host.one())) == [(".blockrc", "removed"), ("work", "removed")]
    assert alice.tree() == {}


def test_a_file_of_ours_with_a_secret_keeps_the_mode_of_the_task(host: Host, alice: Home) -> None:
    host.one(block(secret=True), mode=0o640)
    assert alice.mode(".blockrc") == 0o640
    host.one(block(secret=True), mode=0o600)
    assert alice.mode(".blockrc") == 0o600


def test_two_instances_leave_each_other_alone(host: Host, alice: Home) -> None:
    host.one(block("one\n"))
    host.one(block("two\n"), instance="second")
    host.one(instance="default")
    assert alice.read(".blockrc") == BEGIN.replace(b"default", b"second") + b"two\n" + END.replace(b"default", b"second")
    host.one(instance="second")
    assert alice.tree() == {}


def test_a_whole_file_belongs_to_one_instance(host: Host, alice: Home) -> None:
    host.one(owned("password of one\n", path=".ownrc"), instance="one")
    said = host.run(owned("two\n", path=".ownrc"), instance="two")["alice"]
    assert "is written by instance one: one of the two must leave own out" in said.problem.message
    assert alice.read(".ownrc") == b"password of one\n"


def test_two_places_that_a_link_makes_one(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "mine\n")
    alice.link(".ownrc", ".blockrc")
    again = block()._replace(path=".ownrc")
    assert actions(host.one(block(), again)) == [(".blockrc", "updated")]
    assert "is one file for block and own" in host.run(block(), owned(path=".ownrc"))["alice"].problem.message


def test_dotfiles_that_are_links_inside_of_the_home_work(host: Host, alice: Home) -> None:
    alice.write("dotfiles/blockrc", "mine\n")
    alice.link(".blockrc", "dotfiles/blockrc")
    alice.mkdir("dotfiles/config")
    alice.link(".config", str(alice.path / "dotfiles/config"))
    host.one(block(), owned())
    assert (alice.path / ".blockrc").is_symlink()
    assert alice.read("dotfiles/blockrc") == b"mine\n" + BEGIN + b"block\n" + END
    assert alice.read("dotfiles/config/mailops/own/work") == b"own\n"
    host.one()
    assert alice.read("dotfiles/blockrc") == b"mine\n"


def test_group_and_attributes_of_the_users_file_stay(host: Host, alice: Home) -> None:
    path = alice.write(".blockrc", "mine\n")
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("no extended attributes on this file system")
    os.chown(path, alice.uid, 65_000)
    outcome = host.one(block())
    assert os.getxattr(path, "user.note") == b"kept"
    # The user is not in that group, so it cannot be kept; that is said.
    assert os.stat(path).st_gid == alice.uid and "lost its group" in outcome.warnings[0]


def test_diffs_show_redacted_texts(host: Host, alice: Home) -> None:
    host.one(owned("password s3cret\n", redacted="password ********\n"))
    outcome = host.one(owned("password n3w\n", redacted="password ********\n"))
    assert [(diff.before, diff.after) for diff in diffs(outcome)] == [("password ********\n", "password ******** (changed)\n")]
    assert b"s3cret" not in alice.read(MANIFEST)


def test_the_users_own_empty_directories_stay(host: Host, alice: Home) -> None:
    alice.mkdir(".local/state")
    alice.mkdir(".config")
    before = alice.tree()
    host.one(block(), owned())
    host.one()
    assert alice.tree() == before


def test_what_a_run_made_before_it_could_say_so_goes_with_the_rest(host: Host, alice: Home) -> None:
    alice.mkdir(".local/state/mailops/backups")
    alice.write(".local/state/mailops/.mailops-0123456789abcdef.tmp", "x", 0o600)
    host.one(block())
    host.one()
    assert alice.tree() == {}
    alice.mkdir(".local/state/mailops")
    alice.write(".local/mine", "x")
    host.one(block())
    host.one()
    assert set(alice.tree()) == {".local", ".local/mine"}


def test_many_users_in_batches(host: Host) -> None:
    users = tuple(f"user{number}" for number in range(250))
    outcomes = host.run(block(), owned(), users=users, deadline=10)
    assert all(len(outcome.changes) == 2 and outcome.problem is None for outcome in outcomes.values())
    assert not any(outcome.changes for outcome in host.run(block(), owned(), users=users).values())


def test_no_core_file_of_the_worker(host: Host, alice: Home) -> None:
    """It would hold every password of the job."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    limits, known = os.pipe()

    def label(path: str) -> str:  # called in the worker
        os.write(known, repr(resource.getrlimit(resource.RLIMIT_CORE)).encode() + b"\n")
        return ""

    if before[1] == 0:
        pytest.skip("no process here may leave a core file")
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        host.run(owned(), label=label)
        assert set(os.read(limits, 1 << 12).splitlines()) == {b"(0, 0)"}
        assert resource.getrlimit(resource.RLIMIT_CORE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
        os.close(limits)
        os.close(known)


def test_a_file_that_could_not_be_read_again_is_not_written(host: Host, alice: Home) -> None:
    alice.write(".blockrc", b"#" * (1 << 20))
    assert "larger than 1 MiB" in host.one(block(), owned()).problem.message
    assert not (alice.path / OWN).exists()


def test_a_file_in_the_way_of_another_is_refused_before_anything_is_written(host: Host, alice: Home) -> None:
    outcome = host.one(owned(path=".ownrc"), owned(path=".ownrc/below"), patterns={"own": None})
    assert "is a file of own and a directory of own" in outcome.problem.message
    assert not (alice.path / ".ownrc").exists()

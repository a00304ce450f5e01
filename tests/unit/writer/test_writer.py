# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the writer does in a home that means no harm."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Variant
from ansible_collections.mailops.profiles.plugins.module_utils._writer.block import only_blocks

from .home import MANIFEST, OWN, Home, Host, block, diffs, owned, paths

BEGIN, END = b"# BEGIN mailops.profiles default\n", b"# END mailops.profiles default\n"


def actions(outcome) -> list[tuple[str, str]]:
    assert outcome.problem is None
    return [(os.path.basename(change.path), change.action) for change in outcome.changes]


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


@pytest.mark.parametrize("mine", [b"", b"mine\n", b"mine", b"a\r\nb\r\n", b"\0\xff\n", b"# BEGIN mailops.profiles other\n"])
def test_the_users_lines_come_back_byte_for_byte(host: Host, alice: Home, mine: bytes) -> None:
    alice.write(".blockrc", mine, 0o640)
    before = alice.tree()
    host.one(block(), owned())
    assert alice.read(".blockrc").startswith(mine)
    assert alice.mode(".blockrc") == 0o640
    host.one()
    assert alice.tree() == before


def test_lines_written_around_the_block_stay(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "above")
    host.one(block())
    alice.write(".blockrc", alice.read(".blockrc") + b"below\n")
    assert actions(host.one(block("new\n"))) == [(".blockrc", "updated")]
    assert alice.read(".blockrc") == b"above\n" + BEGIN + b"new\n" + END + b"below\n"
    host.one()
    assert alice.read(".blockrc") == b"above\nbelow\n"


def test_everything_gone_leaves_an_empty_home(host: Host, alice: Home) -> None:
    host.one(block(), owned())
    assert sorted(actions(host.one())) == [(".blockrc", "removed"), ("work", "removed")]
    assert alice.tree() == {}


@pytest.mark.parametrize("secret, mode", [(True, 0o600), (False, 0o644)])
def test_a_block_with_a_secret_narrows_the_mode(host: Host, alice: Home, secret: bool, mode: int) -> None:
    alice.write(".blockrc", "mine\n", 0o644)
    host.one(block(secret=secret))
    assert alice.mode(".blockrc") == mode


@pytest.mark.parametrize("before, after", [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400)])
def test_a_block_can_narrow_the_mode(host: Host, alice: Home, before: int, after: int) -> None:
    alice.write(".blockrc", "mine\n", before)
    host.one(block(mode=0o600))
    assert alice.mode(".blockrc") == after


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


@pytest.mark.parametrize("mine", ["mine", "mine\n", ""])
def test_two_instances_in_one_file_leave_the_users_lines(host: Host, alice: Home, mine: str) -> None:
    alice.write(".blockrc", mine, 0o640)
    before = alice.tree()
    for instances in (("one", "two"), ("two", "one")):
        for instance in instances:
            host.one(block(f"{instance}\n"), owned(path=f".config/mailops/own/{instance}"), instance=instance)
        for instance in instances:
            host.one(instance=instance)
        assert alice.tree() == before


def test_a_whole_file_belongs_to_one_instance(host: Host, alice: Home) -> None:
    host.one(owned("password of one\n", path=".ownrc"), instance="one")
    said = host.run(owned("two\n", path=".ownrc"), instance="two")["alice"]
    assert "is written by instance one: one of the two must leave own out" in said.problem.message
    assert alice.read(".ownrc") == b"password of one\n"


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


def test_two_places_that_a_link_makes_one(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "mine\n")
    alice.link(".ownrc", ".blockrc")
    again = block()._replace(path=".ownrc")
    assert actions(host.one(block(), again)) == [(".blockrc", "updated")]
    assert "is one file for block and own" in host.run(block(), owned(path=".ownrc"))["alice"].problem.message


def test_a_file_that_becomes_a_link_keeps_its_block(host: Host, alice: Home) -> None:
    host.one(block())
    alice.mkdir(".config")
    os.rename(alice.path / ".blockrc", alice.path / ".config/blockrc")
    alice.link(".blockrc", ".config/blockrc")
    wanted = block("new\n", alternatives=(".config/blockrc",))
    assert actions(host.one(wanted)) == [("blockrc", "updated")]
    assert alice.read(".blockrc") == BEGIN + b"new\n" + END
    host.one()
    assert BEGIN not in (alice.read(".blockrc") if (alice.path / ".blockrc").exists() else b"")


def test_a_record_does_not_control_the_terminal(host: Host, alice: Home) -> None:
    host.one(owned())
    record = json.loads(alice.read(MANIFEST))
    for path in (".config/mailops/own/\x1b[2J", ".config/mailops/own/\udc80"):
        forged = [{**record["entries"][0], "path": path}]
        alice.write(MANIFEST, json.dumps({**record, "entries": forged}), 0o600)
        alice.write(OWN, "own\n", 0o600)
        outcome = host.one(owned())
        assert outcome.problem is None and "\x1b" not in str(outcome) and paths(outcome.drifted) == [str(alice.path / MANIFEST)]


def test_the_first_backup_and_the_last_three_stay(host: Host, alice: Home) -> None:
    for number in range(8):
        alice.write(OWN, f"edit {number}\n", 0o600)
        host.run(owned())
    directory = alice.path / ".local/state/mailops/backups"
    kept = sorted(path.read_text() for path in directory.iterdir())
    assert kept == ["edit 0\n", "edit 5\n", "edit 6\n", "edit 7\n"]
    assert {oct(path.stat().st_mode & 0o777) for path in (directory, *directory.iterdir())} == {"0o700", "0o600"}


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


def test_the_place_that_the_program_reads_is_taken(host: Host, alice: Home) -> None:
    wanted = block(alternatives=(".config/blockrc",))
    alice.write(".config/blockrc", "mine\n")
    host.one(wanted)
    assert BEGIN in alice.read(".config/blockrc") and not (alice.path / ".blockrc").exists()
    os.unlink(alice.path / ".config/blockrc")
    host.one(wanted)
    assert BEGIN in alice.read(".blockrc")


def test_the_users_own_setting_wins_where_two_would_be_an_error(host: Host, alice: Home) -> None:
    wanted = block("default\n", variants=(Variant(r"^default\b", b"other\n", "other\n"),))
    host.one(wanted)
    assert b"default\n" + END in alice.read(".blockrc")
    alice.write(".blockrc", b"default mine\n" + alice.read(".blockrc"), 0o600)
    host.one(wanted)
    assert alice.read(".blockrc") == b"default mine\n" + BEGIN + b"other\n" + END


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


@pytest.mark.parametrize(
    "record",
    [b"", b"{", b"[]", b'{"version": 1}', b"\0" * 100, b"[" * 100_000, b'{"version":2,"entries":[],"directories":[]}', b"x" * 2_000_000],
    ids=["empty", "cut off", "no mapping", "no entries", "NULs", "nested", "newer", "too large"],
)
def test_a_broken_record_counts_as_absent_and_is_mended(host: Host, alice: Home, record: bytes) -> None:
    host.one(block(), owned())
    right = json.loads(alice.read(MANIFEST))
    alice.write(MANIFEST, record, 0o600)
    outcome = host.one(block(), owned())
    assert paths(outcome.drifted) == [str(alice.path / MANIFEST)]
    # It is not known any more who made the directories.
    assert json.loads(alice.read(MANIFEST)) == {**right, "directories": []}


def test_a_record_stays_readable_however_long_the_texts_for_diffs_are(host: Host, alice: Home) -> None:
    files = [owned("own\n", path=f".config/mailops/own/{number}", redacted="\u2713" * 90_000) for number in range(12)]
    assert len(host.one(*files).changes) == 12
    assert len(alice.read(MANIFEST)) < 1 << 20
    changed = [files[0]._replace(content=b"new\n"), *files[1:]]
    assert diffs(host.one(*changed))[0].before == "(content not shown, 4 bytes)\n"


def test_the_users_own_empty_directories_stay(host: Host, alice: Home) -> None:
    alice.mkdir(".local/state")
    alice.mkdir(".config")
    before = alice.tree()
    host.one(block(), owned())
    host.one()
    assert alice.tree() == before


def test_a_line_that_came_between_two_instances_keeps_its_end(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "x")
    host.one(block(), instance="one")
    alice.write(".blockrc", alice.read(".blockrc") + b"y\n", 0o600)
    host.one(block(), instance="two")
    host.one(instance="two")
    assert alice.read(".blockrc").endswith(b"one\ny\n")
    host.one(instance="one")
    assert alice.read(".blockrc") == b"x\ny\n"


def test_a_backup_that_is_made_again_is_a_new_one(host: Host, alice: Home) -> None:
    for text in ("one", "two", "three", "four", "two", "five"):
        alice.write(OWN, text, 0o600)
        host.run(owned())
    kept = {path.read_text() for path in (alice.path / ".local/state/mailops/backups").iterdir()}
    assert kept == {"one", "four", "two", "five"}


def test_the_records_of_others_cost_little(host: Host, alice: Home) -> None:
    """They are the user's to fill, and 200 users are in memory at once."""
    host.one(owned())
    record = json.loads(alice.read(MANIFEST))
    record["entries"][0]["redacted"] = "\U0001f600" + "x" * 900_000
    for number in range(50):
        alice.write(f".local/state/mailops/other{number}.json", json.dumps(record), 0o600)
    child = os.fork()
    if child == 0:
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        outcome = host.run(owned("new\n", path=".ownrc"))["alice"]
        more = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - max(used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        os._exit(0 if outcome.problem is None and more < 30_000 else 1)
    assert os.waitpid(child, 0)[1] == 0


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


def test_a_lost_record_loses_no_block(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "mine\n")
    host.one(block())
    os.unlink(alice.path / MANIFEST)
    host.one()
    assert alice.read(".blockrc") == b"mine\n"


def test_a_forged_record_removes_nothing_that_no_client_writes(host: Host, alice: Home) -> None:
    alice.write("precious", "mine\n", 0o600)
    host.one(block())
    record = json.loads(alice.read(MANIFEST))
    for path in ("precious", ".config/mailops/own/../../../precious"):
        forged = dict(record, entries=[*record["entries"], dict(record["entries"][0], path=path, strategy="owned", producer="own")])
        alice.write(MANIFEST, json.dumps(forged), 0o600)
        assert paths(host.one(block()).drifted) == [str(alice.path / MANIFEST)]
        assert alice.read("precious") == b"mine\n"


@pytest.mark.parametrize("data, ours", [
    (b"", False), (BEGIN + END, True), (BEGIN + b"x\n" + END, True), (BEGIN + b"x\n" + END + BEGIN + END, True), (BEGIN + END + b"mine\n", False),
    (b"mine\n" + BEGIN + END, False), (BEGIN + END[:-1], False), (BEGIN + b"# END mailops.profiles other\n", False), (BEGIN * 30_000, False),
])  # fmt: skip
def test_a_file_of_nothing_but_blocks(data: bytes, ours: bool) -> None:
    assert only_blocks(data) is ours


def test_many_users_in_batches(host: Host) -> None:
    users = tuple(f"user{number}" for number in range(250))
    outcomes = host.run(block(), owned(), users=users, deadline=10)
    assert all(len(outcome.changes) == 2 and outcome.problem is None for outcome in outcomes.values())
    assert not any(outcome.changes for outcome in host.run(block(), owned(), users=users).values())


CONTEXT = "user_u:object_r:user_home_t:s0"


def test_new_files_get_the_context_that_the_policy_wants(host: Host, alice: Home) -> None:
    """A kernel with security modules but without SELinux does not let a user set it, which is reported for each file."""
    alice.write(".blockrc", "mine\n")
    outcome = host.run(block(), owned(), label=lambda path: CONTEXT)["alice"]
    assert outcome.problem is None and alice.read(OWN) == b"own\n"
    contexts = {path: context(alice.path / path) for path in (MANIFEST, OWN)}
    unlabelled = [path for path, found in contexts.items() if found != CONTEXT]
    assert list(outcome.warnings) == [f"the SELinux context of {alice.path / path} could not be set" for path in unlabelled]
    assert context(alice.path / ".blockrc") != CONTEXT  # the user's own file keeps what it has


def context(path: Path) -> str:
    attributes = os.listxattr(path)
    return os.getxattr(path, "security.selinux").decode().rstrip("\0") if "security.selinux" in attributes else ""


@pytest.mark.skipif(os.path.exists("/sys/fs/selinux/enforce"), reason="the policy of this machine decides what root may set")
def test_roots_own_files_get_the_context(host: Host, tmp_path: Path) -> None:
    """Root may set it where the kernel has no SELinux."""
    place = tmp_path / "srv"
    asked = tmp_path / "asked"

    def label(path: str) -> str:
        with open(asked, "a") as file:
            file.write(f"{path}\n")
        return CONTEXT if path.endswith("/work") else ""

    assert host.dest(place, owned(), block(), label=label).warnings == ()
    assert context(place / OWN) == CONTEXT and context(place / ".blockrc") == ""
    assert {f"{place}/{OWN}", f"{place}/.blockrc"} <= set(asked.read_text().splitlines())


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
    outcome = host.one(owned(path=".ownrc"), owned(path=".ownrc/below"), patterns={"own": ["**"]})
    assert "is a file of own and a directory of own" in outcome.problem.message
    assert not (alice.path / ".ownrc").exists()


def test_a_template_may_have_been_anywhere_but_among_our_own_files(host: Host, alice: Home) -> None:
    anywhere = {"patterns": {"own": ["**"]}}
    host.one(owned(path="some/where/rc"), **anywhere)
    record = alice.read(MANIFEST).decode()
    second = alice.write(".local/state/mailops/second.json", "{}", 0o600)
    alice.write(MANIFEST, record.replace("some/where/rc", ".local/state/mailops/second.json"), 0o600)
    host.run(**anywhere)
    assert second.exists() and (alice.path / "some/where/rc").exists()
    alice.write(MANIFEST, record, 0o600)
    host.run(**anywhere)
    assert not (alice.path / "some").exists()

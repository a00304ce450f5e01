# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks in files that are the user's: the lines around them stay, and the program reads what it should."""

from __future__ import annotations

import os

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Variant
from ansible_collections.mailops.profiles.plugins.module_utils._writer.block import only_blocks

from .home import BEGIN, END, MANIFEST, Home, Host, actions, block, owned


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


@pytest.mark.parametrize("secret, mode", [(True, 0o600), (False, 0o644)])
def test_a_block_with_a_secret_narrows_the_mode(host: Host, alice: Home, secret: bool, mode: int) -> None:
    alice.write(".blockrc", "mine\n", 0o644)
    host.one(block(secret=secret))
    assert alice.mode(".blockrc") == mode


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


def test_a_line_that_came_between_two_instances_keeps_its_end(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "x")
    host.one(block(), instance="one")
    alice.write(".blockrc", alice.read(".blockrc") + b"y\n", 0o600)
    host.one(block(), instance="two")
    host.one(instance="two")
    assert alice.read(".blockrc").endswith(b"one\ny\n")
    host.one(instance="one")
    assert alice.read(".blockrc") == b"x\ny\n"


def test_a_lost_record_loses_no_block(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "mine\n")
    host.one(block())
    os.unlink(alice.path / MANIFEST)
    host.one()
    assert alice.read(".blockrc") == b"mine\n"


@pytest.mark.parametrize("data, ours", [
    (b"", False), (BEGIN + END, True), (BEGIN + b"x\n" + END, True), (BEGIN + b"x\n" + END + BEGIN + END, True), (BEGIN + END + b"mine\n", False),
    (b"mine\n" + BEGIN + END, False), (BEGIN + END[:-1], False), (BEGIN + b"# END mailops.profiles other\n", False), (BEGIN * 30_000, False),
])  # fmt: skip
def test_a_file_of_nothing_but_blocks(data: bytes, ours: bool) -> None:
    assert only_blocks(data) is ours

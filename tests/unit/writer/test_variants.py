# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contents that depend on the user's own text, tags, and contents that are no text."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import OUR_BLOCK, UPDATED, Change, Remark, Variant
from ansible_collections.mailops.profiles.plugins.module_utils._writer.commit import Commit

from .home import MANIFEST, OWN, Home, Host, block, diffs, owned
from .kills import killed, phase_of

FIRST = Variant(r"^account\s+default\b", b"without default\n", "without ********\n", "default_is_users")
SECOND = Variant(r"^include", b"includes\n", "includes\n")


def test_the_first_variant_that_matches_the_users_lines_is_written(host: Host, alice: Home) -> None:
    file = block("default\n", variants=(FIRST, SECOND))
    assert host.one(file).notes == () and b"\ndefault\n" in alice.read(".blockrc")
    alice.write(".blockrc", b"include x\naccount default : x\n" + alice.read(".blockrc"), 0o600)
    result = host.one(file)
    assert b"\nwithout default\n# END" in alice.read(".blockrc")
    assert result.notes == ((str(alice.path / ".blockrc"), "default_is_users"),)
    assert [diff.after for diff in diffs(result)] == ["without ********\n"]
    alice.write(".blockrc", alice.read(".blockrc").replace(b"account default : x\n", b""), 0o600)
    assert host.one(file).notes == () and b"\nincludes\n# END" in alice.read(".blockrc")
    host.one()
    assert alice.read(".blockrc") == b"include x\n"


def test_our_own_block_is_not_the_users_text(host: Host, alice: Home) -> None:
    file = block("include ours\n", variants=(SECOND,))
    host.one(file)
    assert b"include ours\n" in alice.read(".blockrc")


def test_what_our_own_lines_were_may_decide_too(host: Host, alice: Home) -> None:
    file = block("default\n", variants=(FIRST._replace(ours=r"^default$"), SECOND._replace(ours=r"\A(?![\s\S]*^default$)")))
    alice.write(".blockrc", b"include x\n", 0o600)
    for _again in range(2):
        host.one(file)
        assert b"\nincludes\n# END" in alice.read(".blockrc")
    host.one()
    alice.write(".blockrc", b"", 0o600)
    host.one(file)
    alice.write(".blockrc", b"include x\n" + alice.read(".blockrc"), 0o600)
    assert host.one(file).changes == () and b"\ndefault\n# END" in alice.read(".blockrc")
    alice.write(".blockrc", b"account default : x\n" + alice.read(".blockrc"), 0o600)
    dry, result = (host.run(file, check=check)["alice"] for check in (True, False))
    assert dry.changes == result.changes and dry.notes == result.notes != ()
    assert b"\nwithout default\n# END" in alice.read(".blockrc")
    # The user's lines say the same, ours do not any more.
    assert host.one(file).notes == () and b"\nincludes\n# END" in alice.read(".blockrc")


def test_a_remark_changes_nothing_and_sees_where_our_lines_are(host: Host, alice: Home) -> None:
    remarks = (Remark(rf"^end\n[^{OUR_BLOCK}]*{OUR_BLOCK}", "ends"), Remark("^include", "includes", ours="^includes$"), Remark("^x", "x"))
    file = block("default\n", variants=(FIRST, SECOND), remarks=remarks)
    assert host.one(file).notes == ()
    found = {
        b"end\n": ["ends"], b"end": ["ends"], b"include y\nx": ["includes", "x"], b"account default\ninclude y\n": ["default_is_users"],
        b"account default\nend\nx\n": ["default_is_users", "ends", "x"],
    }  # fmt: skip
    for text, notes in found.items():
        host.one()
        alice.write(".blockrc", text, 0o600)
        assert [note for _path, note in host.one(file).notes] == notes
    host.one()
    alice.write(".blockrc", b"", 0o600)
    host.one(file)
    alice.write(".blockrc", alice.read(".blockrc") + b"end\n", 0o600)
    assert host.one(file).notes == ()
    assert [note for _path, note in host.one(file._replace(last=r"\S")).notes] == ["ends"]


@pytest.mark.parametrize("there", ["a FIFO", "marker lines that are no block"])
def test_our_own_lines_are_looked_for_in_each_place_of_the_file(there: str, host: Host, alice: Home) -> None:
    variants = (Variant(r"^own", b"not default\n", "", ours=r"\A(?![\s\S]*^default$)"),)
    file = block("default\n", variants=variants)._replace(alternatives=(".config/blockrc", ".oddrc", ".blockrc"))
    host.one(file)
    if there == "a FIFO":
        os.mkfifo(alice.path / ".oddrc")
    else:
        alice.write(".oddrc", b"# BEGIN mailops.profiles default\n", 0o600)
    alice.mkdir(".config")
    alice.write(".config/blockrc", b"own\n", 0o600)
    host.one(file)
    assert b"\ndefault\n# END" in alice.read(".config/blockrc") and not (alice.path / ".blockrc").exists()
    host.one(file)
    assert b"\ndefault\n# END" in alice.read(".config/blockrc")


def test_a_whole_file_keeps_the_variant_that_replaced_the_users_text(host: Host, alice: Home) -> None:
    file = owned("default\n", path=".ownrc", variants=(FIRST, SECOND))
    alice.write(".ownrc", "include x\n", 0o640)
    host.one(file)
    assert alice.read(".ownrc") == b"includes\n"
    newer = file._replace(variants=(FIRST, SECOND._replace(content=b"includes, new password\n")))
    host.one(newer)
    assert alice.read(".ownrc") == b"includes, new password\n"
    alice.write(".ownrc", "account default\n", 0o600)
    assert host.one(newer).notes and alice.read(".ownrc") == b"without default\n"
    os.unlink(alice.path / MANIFEST)
    host.one(newer)
    assert alice.read(".ownrc") == b"without default\n"  # it is known by its content, and no backup is made of it
    assert len(os.listdir(alice.path / ".local/state/mailops/backups")) == 2


def test_the_users_file_that_a_variant_replaced_comes_back(host: Host, alice: Home) -> None:
    alice.write(".ownrc", "include x\n", 0o640)
    before = alice.read(".ownrc")
    host.one(owned(path=".ownrc", variants=(SECOND,)))
    host.one()
    assert alice.read(".ownrc") == before and alice.mode(".ownrc") == 0o640


def test_a_changed_tag_is_a_change_of_the_file(host: Host, alice: Home) -> None:
    path = str(alice.path / OWN)
    assert host.one(owned(tag="one")).changes[0].old_tag == ""
    assert host.one(owned(tag="two")).changes == (Change(path, "own", UPDATED, None, "one"),)
    assert json.loads(alice.read(MANIFEST))["entries"][0]["tag"] == "two"
    result = host.one(owned("new\n", tag="three"))
    assert [(change.old_tag, change.diff.after) for change in result.changes] == [("two", "new\n")]
    assert host.one(owned("new\n")).changes[0].old_tag == "three"
    assert host.one(owned("new\n", tag="x" * 64)).changes[0].old_tag == ""
    assert host.one().changes[0].old_tag == "x" * 64


def test_a_crash_hides_no_change_of_a_tag(host: Host, alice: Home) -> None:
    host.one(owned(tag="one"))
    with killed(phase_of(Commit.stage_manifest)):
        host.run(owned("new\n", tag="two"))
    assert alice.read(OWN) == b"new\n"
    assert [change.old_tag for change in host.one(owned("new\n", tag="two")).changes] == ["one"]


@pytest.mark.parametrize("tag", ["two\x1b[2J", "x" * 65, 1, None])
def test_a_forged_tag_is_not_reported(host: Host, alice: Home, tag: object) -> None:
    host.one(owned(tag="one"))
    manifest = json.loads(alice.read(MANIFEST))
    manifest["entries"][0]["tag"] = tag
    alice.write(MANIFEST, json.dumps(manifest), 0o600)
    result = host.one(owned(tag="one"))
    assert [drift.path for drift in result.drifted] == [str(alice.path / MANIFEST)]
    assert [change.old_tag for change in result.changes] == [""]


def test_a_content_that_is_no_text(host: Host, alice: Home) -> None:
    data = bytes(range(256)) * 300
    result = host.one(owned(path=OWN)._replace(content=data, redacted="(a signed profile)\n"))
    assert alice.read(OWN) == data and diffs(result)[0].after == "(a signed profile)\n"
    assert diffs(host.one(owned(path=OWN)._replace(content=data[1:], redacted="(a signed profile)\n")))[0].before == "(a signed profile)\n"


def test_a_block_that_is_to_be_last_goes_behind_the_user_s_lines(host: Host, alice: Home) -> None:
    last = block("ours\n")._replace(last=r"\S")
    host.one(last)
    ours = alice.read(".blockrc")
    alice.write(".blockrc", ours + b"added")
    host.one(block("ours\n"))
    assert alice.read(".blockrc") == ours + b"added"
    host.one(last)
    assert alice.read(".blockrc") == b"added\n" + ours
    assert not host.one(last).changes
    # Blocks of two instances do not move behind each other.
    other = b"# BEGIN mailops.profiles other\nx\n# END mailops.profiles other\n"
    alice.write(".blockrc", b"added\n" + ours + b"\n" + other)
    assert not host.one(last).changes
    alice.write(".blockrc", ours + other + b"more\n")
    host.one(last)
    assert alice.read(".blockrc") == other + b"more\n" + ours
    host.one()
    assert alice.read(".blockrc") == other + b"more\n"

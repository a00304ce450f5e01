# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What decides about a variant: the user's own text, other files, and what they include."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import (
    NEXT_FILE,
    OTHER_INSTANCES,
    UNKNOWN_INCLUDE,
    File,
    Variant,
)
from ansible_collections.mailops.profiles.plugins.module_utils._writer import users_text

from .home import Home, Host, block, owned

INCLUDES = r"^source[ \t]+(\S+)"
OWN = Variant(r"^own", b"theirs\n", "theirs\n", "own")
UNKNOWN = Variant(UNKNOWN_INCLUDE, b"perhaps\n", "perhaps\n", "perhaps")


def file(**other: Any) -> File:
    return block("ours\n", **{"variants": (OWN, UNKNOWN), "includes": INCLUDES, **other})


def written(alice: Home, name: str = ".blockrc") -> str:
    body = alice.read(name).decode().partition("BEGIN mailops.profiles default\n")[2]
    return body.partition("# END")[0]


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of root's that stands for /etc: nothing may be written to the machine's own."""
    directory = tmp_path / "etc"
    directory.mkdir(0o755)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == 0 and not above.stat().st_mode & 1:
            above.chmod(above.stat().st_mode | 0o011)
    monkeypatch.setattr(users_text, "_OF_ROOT", (f"{directory}/",))
    return directory


@pytest.mark.parametrize("line", ["more", "~/.more", "$HOME/.more", "${HOME}/.more", '"~/.more"', "'.more'", "sub/../.more", "{home}/.more"])
def test_included_text_counts(host: Host, alice: Home, line: str) -> None:
    alice.write("more" if line == "more" else ".more", "own\n")
    alice.write(".blockrc", "source " + line.replace("{home}", str(alice.path)) + "\n")
    result = host.one(file())
    assert written(alice) == "theirs\n" and [note for _path, note in result.notes] == ["own"]


def test_what_is_relative_counts_from_the_including_file_too(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "source .config/x/rc\n")
    alice.write(".config/x/rc", "source more\n")
    alice.write(".config/x/more", "own\n")
    host.one(file())
    assert written(alice) == "theirs\n"


def test_what_is_not_there_is_nothing(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "source ~/.more\nsource /usr/share/mailops-is-not-there/x\n")
    assert host.one(file()).notes == () and written(alice) == "ours\n"


@pytest.mark.parametrize("line", ["cmd|", "`cmd`", "$(cmd)", "$OTHER/x", "~jan/x", "/opt/x", "/etc/../opt/x", "/proc/self/environ", "*.rc", "a\\b"])
def test_what_only_the_program_could_find_out_is_unknown(host: Host, alice: Home, line: str) -> None:
    alice.write(".blockrc", f"source {line}\n")
    assert [note for _path, note in host.one(file()).notes] == ["perhaps"] and written(alice) == "perhaps\n"


def test_what_cannot_be_read_is_unknown_and_costs_no_time(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "source .more\n")
    for make in (
        os.mkfifo,
        lambda path: os.symlink("/dev/zero", path),
        lambda path: path.write_bytes(b"own\n" + b"x" * (1 << 20)),
        lambda path: path.write_bytes(b"own\n"),  # of root's
    ):
        make(alice.path / ".more")
        assert [note for _path, note in host.one(file()).notes] == ["perhaps"]
        os.unlink(alice.path / ".more")


def test_includes_end(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "source .a\n")
    alice.write(".a", "source .b\nsource .blockrc\n")
    alice.write(".b", "source .a\n")
    assert host.one(file()).notes == ()
    for number in range(9):
        alice.write(f".deep{number}", f"source .deep{number + 1}\n")
    alice.write(".a", "source .deep0\n")
    assert [note for _path, note in host.one(file()).notes] == ["perhaps"]
    alice.write(".a", "".join(f"source .deep{number}\n" for number in range(100, 400)))
    assert [note for _path, note in host.one(file()).notes] == ["perhaps"]


def test_files_of_root_count_in_homes_only(host: Host, alice: Home, etc: Path, tmp_path: Path) -> None:
    (etc / "one.rc").write_text("own\n")
    reads = file(reads=(f"{etc}/*.rc",))
    assert [note for _path, note in host.one(reads).notes] == ["own"]
    alice.write(".blockrc", f"source {etc}/one.rc\n")
    assert [note for _path, note in host.one(file()).notes] == ["own"]
    (etc / "one.rc").chmod(0o600)
    assert [note for _path, note in host.one(reads).notes] == ["perhaps"]
    (etc / "one.rc").chmod(0o644)
    (tmp_path / "dest").mkdir()
    assert host.dest(tmp_path / "dest", reads).notes == ()


def test_blocks_of_other_instances_are_apart(host: Host, alice: Home) -> None:
    other = "# BEGIN mailops.profiles other\nown\n# END mailops.profiles other\n"
    alice.write(".blockrc", f"# mine\n{other}")
    users = Variant(rf"\A[^{OTHER_INSTANCES}]*^own", b"of the user\n", "", "users")
    theirs = Variant(rf"{OTHER_INSTANCES}(?s:.*)^own", b"of the other\n", "", "other")
    result = host.one(file(variants=(users, theirs)))
    assert [note for _path, note in result.notes] == ["other"]
    alice.write(".blockrc", f"own\n{other}")
    assert [note for _path, note in host.one(file(variants=(users, theirs))).notes] == ["users"]


def test_a_file_that_only_some_users_need(host: Host, alice: Home) -> None:
    """Where the user has a file of their own, ours is another one, and theirs stays as it is."""
    users = Variant(rf"\A[^{OTHER_INSTANCES}]*?^[ \t]*[^\s#{OTHER_INSTANCES}{NEXT_FILE}]", None, "", "own file")
    usual = block("ours\n", variants=(users,))
    apart = File(".config/mailops/own/rc", None, variants=(users._replace(content=b"ours\n", redacted="ours\n"),), producer="own", reads=(".blockrc",))
    host.one(usual, apart)
    assert written(alice) == "ours\n" and not (alice.path / ".config/mailops/own/rc").exists()
    alice.write(".blockrc", b"poll mine\n" + alice.read(".blockrc"))
    result = host.one(usual, apart)
    assert alice.read(".blockrc") == b"poll mine\n" and alice.read(".config/mailops/own/rc") == b"ours\n"
    assert {note for _path, note in result.notes} == {"own file"}
    alice.write(".blockrc", "# nothing of mine\n")
    host.one(usual, apart)
    assert written(alice) == "ours\n" and not (alice.path / ".config/mailops/own/rc").exists()
    host.one()
    assert alice.read(".blockrc") == b"# nothing of mine\n"


def test_where_another_file_begins(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "theirs\n")
    alice.write(".second", "# theirs\nown\n")
    begins = Variant(rf"(?:\A|{NEXT_FILE})\s*(?:#[^\n]*\s*)*own", b"theirs\n", "", "own")
    assert [note for _path, note in host.one(file(variants=(begins,), reads=(".second",))).notes] == ["own"]
    alice.write(".blockrc", "theirs\nsource .second\n")
    assert host.one(file(variants=(begins,))).notes == ()


def test_many_markers_cost_no_time(host: Host, alice: Home) -> None:
    alice.write(".blockrc", "# BEGIN mailops.profiles other\n" * 30_000)
    assert host.one(file()).problem is None


def test_a_whole_file_of_ours_is_not_the_users_text(host: Host, alice: Home) -> None:
    apart = owned("own\n", variants=(OWN,), reads=(".blockrc",))
    assert host.one(apart).notes == ()
    assert host.one(apart).notes == ()

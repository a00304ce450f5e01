# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user may do to what was deployed. Each edit does nothing where an earlier one took its object away."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from ..unit.writer.home import MANIFEST, OWN, Home

FILES = (".blockrc", OWN, ".ownrc")
BEGIN, END = b"# BEGIN mailops.profiles default\n", b"# END mailops.profiles default\n"

Edit = Callable[[Home, Random], None]
EDITS: dict[str, Edit] = {}


def edit(function: Edit) -> Edit:
    EDITS[function.__name__.replace("_", " ")] = function
    return function


def rewrite(home: Home, name: str, change: Callable[[bytes], bytes]) -> None:
    """In place, as most editors do: mode and owner stay."""
    path = home.path / name
    if path.is_file() and not path.is_symlink():
        path.write_bytes(change(path.read_bytes()))


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def noise(random: Random) -> bytes:
    return random.choice([b"x", b"\n", b"\0", b"\xff\xfe", b"a line\n", b"password other\n", b"\r\n", b"# BEGIN mailops.profiles\n"])


def in_the_middle(random: Random, piece: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = random.randint(0, len(data))
        return data[:at] + piece + data[at:]

    return change


# --- bytes ---


@edit
def bytes_anywhere_in_a_file(home: Home, random: Random) -> None:
    rewrite(home, random.choice(FILES), in_the_middle(random, noise(random)))


@edit
def a_file_cut_off(home: Home, random: Random) -> None:
    rewrite(home, random.choice(FILES), lambda data: data[: random.randint(0, len(data))])


@edit
def a_file_replaced_as_a_whole(home: Home, random: Random) -> None:
    name = random.choice(FILES)
    if (home.path / name).exists():
        remove(home.path / name)
        home.write(name, random.choice([b"", b"all mine\n", b"no newline", b"\0" * 5000]), random.choice([0o600, 0o644]))


@edit
def a_file_removed(home: Home, random: Random) -> None:
    remove(home.path / random.choice(FILES))


@edit
def windows_line_ends(home: Home, random: Random) -> None:
    rewrite(home, random.choice(FILES), lambda data: data.replace(b"\n", b"\r\n"))


@edit
def lines_above_and_below_the_block(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: b"above\n" + data + random.choice([b"below\n", b"below without an end"]))


@edit
def a_line_in_the_block(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(BEGIN, BEGIN + b"set better\n", 1))


@edit
def the_next_content_already_there(home: Home, random: Random) -> None:
    rewrite(home, random.choice(FILES), lambda data: data.replace(b"old", b"new"))


# --- markers ---


@edit
def the_block_twice(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data + BEGIN + b"old block\n" + END)


@edit
def markers_in_the_wrong_order(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(BEGIN, b"?").replace(END, BEGIN).replace(b"?", END))


@edit
def a_marker_missing(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(random.choice([BEGIN, END]), b""))


@edit
def both_markers_missing(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(BEGIN, b"").replace(END, b""))


@edit
def a_marker_indented(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(random.choice([BEGIN, END]), b" " + random.choice([BEGIN, END])))


@edit
def the_block_moved_to_the_top(home: Home, random: Random) -> None:
    def change(data: bytes) -> bytes:
        ours = BEGIN + b"old block\n" + END
        return ours + data.replace(ours, b"") if ours in data else data

    rewrite(home, ".blockrc", change)


@edit
def the_other_instances_block_gone(home: Home, random: Random) -> None:
    rewrite(home, ".blockrc", lambda data: data.replace(b"# BEGIN mailops.profiles second\nsecond\n# END mailops.profiles second\n", b""))


# --- modes and owners ---


@edit
def another_mode(home: Home, random: Random) -> None:
    path = home.path / random.choice((*FILES, MANIFEST))
    if path.is_file() and not path.is_symlink():
        path.chmod(random.choice([0o600, 0o644, 0o640, 0o400, 0o666, 0o777]))


@edit
def a_file_of_roots(home: Home, random: Random) -> None:
    path = home.path / random.choice((*FILES, MANIFEST))
    if path.exists():
        os.chown(path, 0, 0, follow_symlinks=False)


@edit
def a_wider_directory(home: Home, random: Random) -> None:
    path = home.path / random.choice([".config", ".config/mailops", ".local/state/mailops"])
    if path.is_dir():
        path.chmod(0o755)


# --- links and directories ---


@edit
def a_link_to_the_file_moved(home: Home, random: Random) -> None:
    name = random.choice(FILES)
    path = home.path / name
    if path.is_file() and not path.is_symlink():
        home.mkdir("moved")
        os.replace(path, home.path / "moved" / path.name)
        os.symlink(home.path / "moved" / path.name, path)
        os.chown(path, home.uid, home.uid, follow_symlinks=False)


@edit
def a_link_in_a_files_place(home: Home, random: Random) -> None:
    name = random.choice((*FILES, MANIFEST))
    remove(home.path / name)
    if (home.path / name).parent.is_dir():
        home.link(name, random.choice([str(home.path / "letter"), "/etc/passwd", "nowhere", str(home.path)]))


@edit
def a_directory_in_a_files_place(home: Home, random: Random) -> None:
    path = home.path / random.choice((*FILES, MANIFEST))
    remove(path)
    if path.parent.is_dir():
        home.mkdir(str(path.relative_to(home.path)))


@edit
def a_directory_of_ours_removed(home: Home, random: Random) -> None:
    path = home.path / random.choice([".config", ".config/mailops", ".config/mailops/own", ".local", ".local/state/mailops"])
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


@edit
def a_directory_of_ours_moved_with_a_link(home: Home, random: Random) -> None:
    path = home.path / random.choice([".config", ".config/mailops", ".local/state"])
    if path.is_dir() and not path.is_symlink() and not (home.path / "dotfiles").exists():
        home.mkdir("dotfiles")
        os.rename(path, home.path / "dotfiles" / path.name)
        os.symlink(home.path / "dotfiles" / path.name, path)
        os.chown(path, home.uid, home.uid, follow_symlinks=False)


@edit
def files_of_the_users_beside_ours(home: Home, random: Random) -> None:
    for directory in (".config/mailops", ".config/mailops/own", ".local/state/mailops"):
        if (home.path / directory).is_dir():
            home.write(f"{directory}/mine", "mine\n")


# --- the record ---


@edit
def the_record_removed(home: Home, random: Random) -> None:
    remove(home.path / MANIFEST)


@edit
def bytes_anywhere_in_the_record(home: Home, random: Random) -> None:
    rewrite(home, MANIFEST, in_the_middle(random, noise(random)))


def forge(home: Home, change: Callable[[dict[str, Any]], None]) -> None:
    path = home.path / MANIFEST
    try:
        record = json.loads(path.read_bytes())
        change(record)
    except (OSError, ValueError, LookupError):
        return
    rewrite(home, MANIFEST, lambda data: json.dumps(record, sort_keys=True).encode() + b"\n")


@edit
def an_entry_deleted(home: Home, random: Random) -> None:
    forge(home, lambda record: record["entries"].remove(random.choice(record["entries"])))


@edit
def an_entry_forged(home: Home, random: Random) -> None:
    path = random.choice(["letter", ".ownrc", ".config/mailops/own/mine", ".blockrc", ".config/mailops/own/../../../letter", "/etc/passwd", "x" * 2000])
    forge(home, lambda record: record["entries"].append({**random.choice(record["entries"]), "path": path}))


@edit
def a_field_of_an_entry_forged(home: Home, random: Random) -> None:
    fields = {
        "producer": ["own", "block", "nobody", "", 1],
        "strategy": ["owned", "block", "x"],
        "mode": [0o644, 0o777, -1, "0600"],
        "sha256": [["0" * 64], [], ["x"], "0" * 64],
        "redacted": ["\x1b[2Jgone", "", "x" * 100_000, None],
        "before": [None, {"mode": 0o777, "newline": False, "backup": None}, {"mode": 0o600, "newline": True, "backup": "../../../letter"}, 7],
        "temp": [".mailops-0123456789abcdef.tmp", "letter", 1],
        "pending": [True, False, "x"],
    }
    field = random.choice(sorted(fields))
    forge(home, lambda record: random.choice(record["entries"]).update({field: random.choice(fields[field])}))


@edit
def directories_forged(home: Home, random: Random) -> None:
    forge(home, lambda record: record["directories"].append(random.choice(["Mail", ".config", "..", "/", "letter", ".ssh"])))


@edit
def the_record_of_another_day(home: Home, random: Random) -> None:
    forge(home, lambda record: [entry.update(sha256=["1" * 64]) for entry in record["entries"]])


# --- what a run left ---


@edit
def backups_removed_or_changed(home: Home, random: Random) -> None:
    directory = home.path / ".local/state/mailops/backups"
    for path in directory.glob("*") if directory.is_dir() else ():
        path.unlink() if random.random() < 0.5 else path.write_bytes(b"changed\n")


@edit
def temporary_files(home: Home, random: Random) -> None:
    for directory in (".local/state/mailops", ".local/state/mailops/backups"):
        if (home.path / directory).is_dir():
            home.write(f"{directory}/.mailops-{random.getrandbits(64):016x}.tmp", "half", 0o600)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write into a directory store: labels, other files, mistakes, hostile files."""

from __future__ import annotations

import os
import re
import shutil
import socket

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes

from ..refusals import refusal
from .directories import HAND_WRITTEN, opened, visible
from .edits import add, files, put, put_all, replacing


@pytest.fixture
def store(path):
    return opened(path)


def test_labels_of_new_files(store, path):
    """They differ also on a file system that ignores case, and from other files."""
    path.mkdir()
    (path / ".mailops").mkdir()
    (path / "Home.YML").touch()
    put_all(store, [{"name": name, "description": name} for name in ("work", "Work", "WORK", "home")])
    assert visible(path) == ["Home.YML", "home-2.yml", "work-2.yml", "work-3.yml", "work.yml"]
    assert {name: record.data["description"] for name, record in store.read().items()} == {
        name: name for name in ("WORK", "Work", "home", "work")
    }


def test_a_renamed_profile_keeps_its_file(store, path):
    put(store)
    before = (path / "work.yml").read_text()
    put(store, "office", renamed_from="work")
    assert (path / "work.yml").read_text() == before.replace("name: work", "name: office").replace("revision: 1", "revision: 2")
    put(store)
    assert visible(path) == ["work-2.yml", "work.yml"] and sorted(store.read()) == ["office", "work"]
    os.rename(path / "work.yml", path / "Büro neu.yml")
    put(store, "office", default=True)
    assert visible(path) == ["Büro neu.yml", "work-2.yml"] and store.read()["office"].data["default"]


def test_foreign_files(store, path):
    put(store)
    for name in ("README.md", "Home.YML", "old.yaml", ".gitattributes", "bad\n\udcff.txt", "x.yml~"):
        (path / os.fsencode(name).decode("utf-8", "surrogateescape")).touch()
    (path / "archive").mkdir()
    (path / ".git").mkdir()
    assert list(opened(path).read()) == ["work"]
    store.read(), put(store, default=True)
    assert store.warnings == [
        f"store {path}: ignored what is no profile: Home.YML, README.md, archive, 'bad\\n\\udcff.txt', "
        "old.yaml (rename it to old.yml if it is one), x.yml~"
    ]


def test_too_many_foreign_files_to_list(store, path):
    put(store)
    for number in range(30):
        (path / f"{number:02} x").touch()
    store.read()
    (warning,) = store.warnings
    assert warning.endswith("08 x, 09 x and 20 more")


@pytest.mark.parametrize("name", ["profiles.yaml", "hosts"])
def test_a_directory_of_something_else(store, path, name):
    path.mkdir()
    (path / name).touch()
    before = files(path)
    for use in (store.read, lambda: store.read(["work"]), lambda: put(store), lambda: store.preview(add)):
        assert refusal(use) == (
            f"store {path}: holds other files and no profile; give a directory of its own, or create {path}/.mailops if this is the one"
        )
    assert files(path) == before
    (path / ".mailops").mkdir()
    put(store)
    assert list(store.read()) == ["work"]


def test_playbooks_are_no_profiles(store, path):
    path.mkdir()
    (path / "site.yml").write_text("- hosts: all\n  roles: [x]\n")
    before = files(path)
    for use in (lambda: put(store), lambda: store.preview(add)):
        assert refusal(use) == f"store {path}: site.yml: must be a mapping of profile fields, as mail_profile has them"
    assert files(path) == before


def test_a_file_written_by_hand(store, path):
    path.mkdir()
    (path / "work.yml").write_text(HAND_WRITTEN)
    found = store.read()["work"]
    assert (found.revision, found.data["email"], found.data["incoming"]["host"]) == (1, "{UserEmail}", "imap.example.org")
    assert opened(path).read() == {"work": found} and os.listdir(path) == ["work.yml"]
    assert not put(store).changed and os.listdir(path) == ["work.yml"]
    done = put(store, "office", renamed_from="work").after
    assert (done.id, done.revision) == (found.id, 2)
    assert (path / "work.yml").read_text() == f"name: office\nkey: {found.key}\nid: {found.id}\nrevision: 2\n{HAND_WRITTEN}"


def test_an_edit_changes_only_what_differs(store, path):
    put(store, signature="one\n\ntwo", variables={"Region": None})
    lines = (path / "work.yml").read_text().splitlines()
    put(store, description="Company mailbox", outgoing={"port": 26})
    edited = (path / "work.yml").read_text().splitlines()
    assert [line for line in edited if line not in lines] == ["revision: 2", "description: Company mailbox", "  port: 26"]
    assert [line for line in lines if line not in edited] == ["revision: 1", "description: ''"]
    assert edited[edited.index("  port: 26") - 1] == "  host: smtp.example.org"


def test_an_edit_that_cannot_keep_the_comments(store, path):
    path.mkdir()
    for name, comment in (("noted", "# why\n"), ("plain", "")):
        (path / f"{name}.yml").write_text(f"{comment}{{incoming: {{host: i}}, outgoing: {{host: s}}}}\n")
        put(store, name, default=True)
    assert store.warnings == [f"store {path}: noted.yml: was written anew, without its comments; look for them in Git"]


def test_a_copy_of_a_file(store, path):
    put(store)
    shutil.copy(path / "work.yml", path / "copy.yml")
    message = (
        f"store {path}: copy.yml and work.yml have the same name, id, key; "
        "give one of them another name, another id (uuidgen makes one), another key, or none"
    )
    assert refusal(store.read) == message == refusal(lambda: put_all(store, [{"name": "x"}])) == refusal(lambda: store.read(["x"]))
    text = (path / "copy.yml").read_text()
    (path / "copy.yml").write_text("name: copy\n" + text[text.index("revision: 1") :])
    before = store.read()
    assert before["copy"].id != before["work"].id and before["copy"].key == derived_key("copy")
    put_all(store, [{"name": "copy", "default": True}])
    after = store.read()["copy"]
    assert (after.id, after.key) == (before["copy"].id, before["copy"].key)


def test_a_name_in_two_files(store, path):
    put(store)
    (path / "another.yml").write_text(f"name: work\n{HAND_WRITTEN}")
    assert refusal(store.read) == f"store {path}: another.yml and work.yml have the same name; give one of them another name"


def test_an_id_and_a_key_that_followed_from_a_name(store, path):
    """A renamed profile has taken them along; then a person writes another one of the old name."""
    path.mkdir()
    (path / "work.yml").write_text(HAND_WRITTEN)
    put(store, "office", renamed_from="work")
    os.rename(path / "work.yml", path / "office.yml")
    text = (path / "office.yml").read_text()
    key, profile_id = store.read()["office"].key, store.read()["office"].id
    (path / "office.yml").write_text(text.replace(profile_id, profile_id.upper()))
    (path / "work.yml").write_text(HAND_WRITTEN)
    before = files(path)
    for use in (store.read, lambda: put(store, default=True)):
        assert (
            refusal(use)
            == f"store {path}: office.yml and work.yml have the same id; give one of them another id (uuidgen makes one)"
        )
    assert files(path) == before
    (path / "office.yml").write_text(text.replace(profile_id, "6F1C3B1E0D7C4E539F3B0D5C7E1F2A3B"))
    found = store.read()
    assert found["office"].id == "6f1c3b1e-0d7c-4e53-9f3b-0d5c7e1f2a3b"
    assert (found["office"].key, found["work"].key) == (key, derived_key("work", {key}))


def test_a_change_that_gives_a_name_twice(store):
    put(store), put(store, "other")
    record = store.read()["work"]
    before = store.read()
    change = Changes(put=(record._replace(name="other", data={**record.data, "name": "other"}),))
    assert "other.yml and work.yml have the same name; give one of them another name" in refusal(
        lambda: store.update(lambda snapshot: (change, None))
    )
    assert store.read() == before


def test_all_broken_files_are_named_at_once(store, path):
    put(store)
    (path / "broken.yml").write_text("incoming: {host: x\noutgoing: [")
    (path / "fields.yml").write_text("incoming:\n  host: x\n  port: 99999\nincomming: {}\nrevision: 0\nid: 5\nname: a/b\n")
    (path / "latin.yml").write_bytes(b"description: \xf3\n")
    (path / "pipe.yml").mkdir()
    os.unlink(path / "work.yml")
    (path / "work.yml").symlink_to("/etc/hostname")
    assert refusal(store.read).splitlines() == [
        "2 problems:",
        f"- store {path}: pipe.yml: is not a regular file; replace or remove it",
        f"- store {path}: work.yml: is not a regular file; replace or remove it",
    ]
    (path / "pipe.yml").rmdir(), (path / "work.yml").unlink()
    problems = refusal(store.read).splitlines()
    assert problems[:2] == [
        "8 problems:",
        f"- store {path}: broken.yml: line 2, column 9: is not valid YAML; look at the quotes, colons and indentation there and just above",
    ]
    assert [problem.partition("fields.yml: ")[2][:24] for problem in problems[2:-1]] == [
        "line 6: id: is not a UUI", "line 5: revision: 0 is n", "line 4: incomming: there", "line 7: name: holds '/':", "line 3: incoming.port: 9",
        "outgoing.host: is requir",
    ]  # fmt: skip
    assert problems[-1] == f"- store {path}: latin.yml: is not UTF-8; save it as UTF-8 text"


HOSTILE = {
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n", "line 1, column 4: anchors and aliases are not allowed; write the value out"),
    "object": ("a: !!python/object/apply:os.system [x]\n", "line 1, column 4: tags are not allowed; remove it"),
    "twice": (f"{HAND_WRITTEN}incoming: {{host: y}}\n", "line 4, column 1: this key is given twice; remove one"),
    "two documents": (f"{HAND_WRITTEN}---\n{HAND_WRITTEN}", "line 4, column 1: a second document begins; remove it"),
    "huge": (f"{HAND_WRITTEN}#{'x' * 65536}", "has more than 65536 bytes; no profile has"),
    "password": (
        f"{HAND_WRITTEN.replace('smtp.example.org', 'smtp.example.org, password: s3cret')}",
        "line 3: outgoing.password: a literal password would lie in the store in clear",
    ),
    "password in broken YAML": ("password: 's3cret\n", "line 2, column 1: is not valid YAML"),
    "password as an alias": ("password: *s3cret\n", "line 1, column 11: anchors and aliases are not allowed"),
    "password as a tag": ("password: !s3cret\n", "line 1, column 11: tags are not allowed"),
    "password with a bell": ("password: s3cret\a\n", "line 1, column 17: holds the control character U+0007; remove it"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile(store, path, kind):
    put(store, "other")
    text, message = HOSTILE[kind]
    (path / "work.yml").write_text(text)
    before = files(path)
    uses = [
        store.read,
        lambda: store.read(["work"]),
        lambda: put(store),
        lambda: store.preview(replacing([{"name": "work"}])),
    ]
    for use in uses:
        said = refusal(use)
        assert f"store {path}: work.yml: {message}" in said and "s3cret" not in said
    assert files(path) == before


@pytest.mark.parametrize("loader", dict.fromkeys([yaml.BaseLoader, strict_yaml.LOADER]))
def test_a_file_that_is_nested_too_deeply(store, path, loader, monkeypatch):
    """libyaml reads ahead, and has a limit of its own."""
    monkeypatch.setattr(strict_yaml, "LOADER", loader)  # a controller has libyaml or has not
    put(store, "other")
    (path / "work.yml").write_text("a: " + "[" * 60_000)
    said = refusal(store.read)
    assert re.fullmatch(
        r"store .*: work\.yml: line 1, column (11|1003): is nested too deeply; at most 8 levels are allowed", said
    ), said


def test_a_profile_that_could_not_be_read_again(store, path):
    put(store)
    before = files(path)
    variables = {f"A{number}": "x" * 500 for number in range(130)}
    assert refusal(lambda: put_all(store, [{"name": "new"}, {"name": "big", "variables": variables}])) == (
        f"store {path}: big.yml: would have more than 65536 bytes; shorten its texts"
    )
    assert files(path) == before


@pytest.mark.parametrize("kind", ["pipe", "socket", "link", "device"])
def test_no_regular_file(store, path, kind):
    put(store)
    file = path / "x.yml"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(file))
    else:
        file.symlink_to("work.yml" if kind == "link" else "/dev/zero")
    assert refusal(store.read) == f"store {path}: x.yml: is not a regular file; replace or remove it"

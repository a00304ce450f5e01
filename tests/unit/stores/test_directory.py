# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import functools
import multiprocessing
import os
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Changes, Stored
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import _journal, _work_directory, directory, open_store
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import file_name, profile_name

from .edits import add, as_ordinary_user, files, in_a_child, put, put_all, replacing

HAND_WRITTEN = """\
# The mailbox that everybody has
incoming: {host: imap.example.org}
outgoing: {host: smtp.example.org}
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "profiles.d"


@pytest.fixture
def store(path):
    return opened(path)


def opened(path):
    return open_store(f"directory://{path}", {})


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def refusal(use):
    with pytest.raises(MailopsError) as refused:
        use()
    return str(refused.value)


def visible(path):
    return sorted(item.name for item in path.iterdir() if not item.name.startswith("."))


def work(path):
    return sorted(os.listdir(path / ".mailops"))


# --- files and their names ---

NAMES = {"work": "work.yml", "Work": ",work.yml", "a-B.c_D2": "a-,b.c_,d2.yml", "ABC": ",a,b,c.yml"}
FOREIGN = "Work.yml work.yaml work ,.yml ,1.yml ,,a.yml a..b.yml .work.yml work.yml.orig -a.yml ,-.yml ó.yml".split()


@pytest.mark.parametrize("name, file", NAMES.items())
def test_file_name(name, file):
    assert (file_name(name), profile_name(file)) == (file, name)


@pytest.mark.parametrize("file", FOREIGN)
def test_no_file_name(file):
    assert profile_name(file) is None


def test_names_that_differ_in_case_only(store, path):
    put_all(store, [{"name": name, "description": name} for name in ("work", "Work", "WORK")])
    assert visible(path) == [",w,o,r,k.yml", ",work.yml", "work.yml"]
    assert {name: record.data["description"] for name, record in store.read().items()} == {
        name: name for name in ("WORK", "Work", "work")
    }


def test_foreign_files(store, path):
    put(store)
    for name in ("README.md", "Home.yml", "old.yaml", ".gitattributes", "bad\n\udcff.txt", "x.yml~"):
        (path / os.fsencode(name).decode("utf-8", "surrogateescape")).touch()
    (path / "archive").mkdir()
    (path / ".git").mkdir()
    assert list(opened(path).read()) == ["work"]
    store.read(), put(store, default=True)
    assert store.warnings == [
        f"store {path}: ignored what is no profile: Home.yml (the profile 'Home' belongs in ,home.yml), README.md, "
        "archive, 'bad\\n\\udcff.txt', old.yaml (the profile 'old' belongs in old.yml), x.yml~"
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
    for use in (store.read, lambda: store.read(["work"]), lambda: put(store), lambda: store.preview(None, add)):
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
    for use in (lambda: put(store), lambda: store.preview(["new"], add)):
        assert refusal(use) == f"store {path}: site.yml: must be a mapping of profile fields, as mail_profile has them"
    assert files(path) == before


# --- files that people write ---


def test_a_file_written_by_hand(store, path):
    path.mkdir()
    (path / "work.yml").write_text(HAND_WRITTEN)
    found = store.read()["work"]
    assert (found.revision, found.data["email"], found.data["incoming"]["host"]) == (1, "{UserEmail}", "imap.example.org")
    assert opened(path).read() == {"work": found} and os.listdir(path) == ["work.yml"]
    assert not put(store).changed and os.listdir(path) == ["work.yml"]
    done = put(store, "office", renamed_from="work").after
    assert (done.id, done.revision) == (found.id, 2)
    assert (path / "office.yml").read_text() == f"id: {found.id}\nrevision: 2\n{HAND_WRITTEN}"


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


def test_copies_keep_their_id_until_somebody_mends_it(store, path):
    put(store)
    shutil.copy(path / "work.yml", path / "copy.yml")
    message = f"store {path}: copy.yml and work.yml have the same id; give one of them an id of its own (uuidgen makes one)"
    assert refusal(store.read) == message == refusal(lambda: put_all(store, [{"name": "x"}]))
    text = (path / "copy.yml").read_text()
    (path / "copy.yml").write_text(text.partition("\n")[2])
    ids = {record.id for record in store.read().values()}
    assert len(ids) == 2
    put_all(store, [{"name": "copy", "default": True}])
    assert ids == {record.id for record in store.read().values()}


def test_an_id_that_followed_from_a_name(store, path):
    """The profile was renamed and has taken it along; then somebody writes another one of the old name."""
    path.mkdir()
    (path / "work.yml").write_text(HAND_WRITTEN)
    put(store, "office", renamed_from="work")
    text = (path / "office.yml").read_text()
    (path / "office.yml").write_text(text.replace(text[4:40], text[4:40].upper()))
    (path / "work.yml").write_text(HAND_WRITTEN)
    before = files(path)
    for use in (store.read, lambda: store.update(["work"], replacing([{"name": "work", "default": True}]))):
        assert refusal(use) == (
            f"store {path}: office.yml and work.yml have the same id; give one of them an id of its own (uuidgen makes one)"
        )
    assert files(path) == before
    assert store.update(["work"], lambda snapshot: (Changes(remove=(snapshot["work"].id,)), True))
    assert list(store.read()) == ["office"]


def test_an_id_that_another_file_has(store, path):
    """The snapshot is of other names."""
    done = put(store).after
    (path / "hand.yml").write_text(HAND_WRITTEN)
    for record in (done, store.read()["hand"]):
        moved = Stored(record.id, f"{record.name}-2", 2, {**record.data, "name": f"{record.name}-2"})
        store.update([], lambda snapshot, moved=moved: (Changes(put=(moved,)), None))
    assert visible(path) == ["hand-2.yml", "work-2.yml"]
    store.update([], lambda snapshot: (Changes(remove=(done.id,)), None))
    assert visible(path) == ["hand-2.yml"]


def test_a_name_that_another_profile_has(store):
    put(store), put(store, "other")
    record = store.read()["work"]
    before = store.read()
    change = Changes(put=(record._replace(name="other", data={**record.data, "name": "other"}),))
    assert "other.yml: another profile has this name" in refusal(lambda: store.update(["work"], lambda snapshot: (change, None)))
    assert store.read() == before


def test_all_broken_files_are_named_at_once(store, path):
    put(store)
    (path / "broken.yml").write_text("incoming: {host: x\noutgoing: [")
    (path / "fields.yml").write_text("incoming:\n  host: x\n  port: 99999\nincomming: {}\nrevision: 0\nid: 5\nname: x\n")
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
    assert problems[:3] == [
        "8 problems:",
        f"- store {path}: broken.yml: line 2, column 9: is not valid YAML; look at the quotes, colons and indentation there and just above",
        f"- store {path}: fields.yml: line 7: name: follows from the name of the file; remove this line",
    ]
    assert [problem.partition("fields.yml: ")[2][:24] for problem in problems[3:-1]] == [
        "line 6: id: is not a UUI", "line 5: revision: 0 is n", "line 4: incomming: there", "line 3: incoming.port: 9", "outgoing.host: is requir",
    ]  # fmt: skip
    assert problems[-1] == f"- store {path}: latin.yml: is not UTF-8; save it as UTF-8 text"
    put(store)
    assert list(store.read(["work"])) == ["work"]


HOSTILE = {
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n", "line 1, column 4: anchors and aliases are not allowed; write the value out"),
    "object": ("a: !!python/object/apply:os.system [x]\n", "line 1, column 4: tags are not allowed; remove it"),
    "deep": ("a: " + "[" * 60_000, "line 1, column 11: is nested too deeply; no field of a profile is"),
    "twice": (f"{HAND_WRITTEN}incoming: {{host: y}}\n", "line 4, column 1: this key stands here for the second time; remove one"),
    "two documents": (f"{HAND_WRITTEN}---\n{HAND_WRITTEN}", "line 4, column 1: a second document begins; a file holds one profile"),
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
        lambda: store.preview(None, replacing([{"name": "work"}])),
    ]
    for use in uses:
        said = refusal(use)
        assert f"store {path}: work.yml: {message}" in said and "s3cret" not in said
    assert files(path) == before


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


# --- modes, rights, what is no directory ---


def test_modes(tmp_path):
    previous = os.umask(0)
    try:
        put(opened(tmp_path / "a" / "b"))
        (tmp_path / "shared").mkdir(0o770)
        (tmp_path / "shared").chmod(0o2770)
        put_all(opened(tmp_path / "shared"), [{"name": "work"}, {"name": "open"}])
        (tmp_path / "shared" / "open.yml").chmod(0o644)
        put_all(opened(tmp_path / "shared"), [{"name": "work", "default": True}, {"name": "open", "default": True}])
    finally:
        os.umask(previous)
    private, shared = tmp_path / "a" / "b", tmp_path / "shared"
    assert [mode(item) for item in (private, private.parent, private / ".mailops")] == [0o700] * 3
    assert [mode(item) for item in (private / "work.yml", private / ".mailops" / "lock")] == [0o600] * 2
    assert [mode(item) for item in (shared / ".mailops", shared / "work.yml", shared / "open.yml")] == [0o2770, 0o660, 0o644]
    assert {item.name: mode(item) for item in (shared / ".mailops").iterdir()} == {"lock": 0o660, ".gitignore": 0o660}


def test_a_group_that_the_writer_may_not_give(open_directory):
    if os.geteuid() != 0:
        pytest.skip("only root can give files to any group")
    path = open_directory / "p.d"
    put(opened(path))
    subprocess.run(["chmod", "-R", "a+rwX", path], check=True)
    os.chown(path / "work.yml", 0, 65533)
    assert as_ordinary_user(lambda: put(opened(path), default=True).action) == "updated"
    assert (os.stat(path / "work.yml").st_gid, mode(path / "work.yml")) == (65534, 0o606)


def test_a_parent_that_may_not_be_listed(open_directory):
    if os.geteuid() != 0:
        pytest.skip("only root can give directories away")
    os.chown(open_directory, 65534, 65534)
    open_directory.chmod(0o300)
    path = open_directory / "p.d"
    assert as_ordinary_user(lambda: put(opened(path)).action) == "created"


def test_a_store_is_given_to_a_team(open_directory):
    """With the commands of docs/stores.md."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files to any group")
    path = open_directory / "p.d"
    put(opened(path))
    commands = "chgrp -R 65534 p.d; chmod -R g+rwX p.d; find p.d -type d -exec chmod g+s {} +"
    subprocess.run(["sh", "-ec", commands], cwd=open_directory, check=True)
    assert as_ordinary_user(lambda: put(opened(path), default=True).action) == "updated"
    put(opened(path), "other")
    assert as_ordinary_user(lambda: sorted(opened(path).read())) == ["other", "work"]
    assert as_ordinary_user(lambda: put(opened(path), "other", default=True).action) == "updated"


def test_the_owner_stays(store, path):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    put(store)
    os.chown(path / "work.yml", 65534, 65533)
    put(store, default=True)
    status = os.stat(path / "work.yml")
    assert (status.st_uid, status.st_gid, store.read()["work"].revision) == (65534, 65533, 2)


def test_a_store_that_may_only_be_read(open_directory):
    path = open_directory / "p.d"
    path.mkdir(0o755)
    (path / "work.yml").write_text(HAND_WRITTEN)
    before = files(path)
    for change in (add, lambda snapshot: (Changes(), None)):
        for method in (opened(path).update, opened(path).preview):
            (problem,) = as_ordinary_user(functools.partial(method, None, change))
            assert (
                problem == f"store {path}: this user may not read or write it; mend owner and mode, or give another path in store"
            )
    assert as_ordinary_user(lambda: list(opened(path).read())) == ["work"]
    assert files(path) == before
    put(opened(path), default=True)
    (path / ".mailops" / "lock").chmod(0o600)
    path.chmod(0o777)
    for use in (lambda: opened(path).read(), lambda: put(opened(path))):
        (problem,) = as_ordinary_user(use)
        assert f"this user may not read or write {path}/.mailops" in problem
    (path / "work.yml").chmod(0)
    shutil.rmtree(path / ".mailops")
    (problem,) = as_ordinary_user(lambda: opened(path).read())
    assert f"this user may not read or write {path}/work.yml" in problem


def test_a_directory_that_cannot_be_created(open_directory):
    open_directory.chmod(0o555)
    store = opened(open_directory / "a" / "b")
    for use in (lambda: put(store), lambda: store.preview(None, add)):
        (problem,) = as_ordinary_user(use)
        assert f"this user may not read or write {open_directory}; mend owner and mode" in problem
    assert os.listdir(open_directory) == []


def test_no_directory(store, path):
    uses = [store.read, lambda: put(store), lambda: store.preview(None, add)]
    path.touch()
    assert {refusal(use) for use in uses} == {f"store {path}: is not a directory; give the path of one"}
    path.unlink()
    path.symlink_to("nothing")
    assert {refusal(use) for use in uses} == {f"store {path}: is a link to nothing; remove it or create what it points to"}
    below = opened(path.parent / "file" / "p.d")
    (path.parent / "file").touch()
    for use in (below.read, lambda: put(below), lambda: below.preview(None, add)):
        assert refusal(use) == f"store {below.path}: a part of this path is not a directory; give another path"


def test_a_link_to_a_store(store, path, tmp_path):
    put(opened(tmp_path / "real"))
    path.symlink_to("real")
    put(store, "other")
    assert visible(tmp_path / "real") == ["other.yml", "work.yml"] and path.is_symlink()


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_trap_in_place_of_the_work_directory(store, path, tmp_path, kind):
    """Root must not rename and remove files wherever a link points to."""
    path.mkdir()
    (tmp_path / "elsewhere").mkdir()
    for name in ("lock", "precious"):
        (tmp_path / "elsewhere" / name).touch()
    (path / ".mailops").symlink_to(tmp_path / "elsewhere") if kind == "link" else (path / ".mailops").touch()
    before = files(tmp_path)
    for use in (store.read, lambda: put(store), lambda: store.preview(None, add)):
        assert refusal(use) == f"store {path}: .mailops is not a directory; remove it"
    assert files(tmp_path) == before


@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "directory", "pipe"])
def test_a_trap_in_place_of_the_lock(store, path, tmp_path, kind):
    put(store)
    lock, victim = path / ".mailops" / "lock", tmp_path / "victim"
    lock.unlink()
    victim.write_text("of root")
    victim.chmod(0o600)
    path.chmod(0o777)
    if kind == "hard link":
        os.link(victim, lock)
    elif kind == "directory":
        lock.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(victim if kind == "link" else "nothing")
    before = files(tmp_path)
    for use in (store.read, lambda: put(store, default=True), lambda: store.preview(["work"], add)):
        assert refusal(use) == (
            f"store {path}: .mailops/lock is not a file of its own, but a link, a directory or a pipe; remove it"
        )
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["lock", ".gitignore"])
def test_what_lies_in_the_work_directory_keeps_mode_and_content(store, path, name):
    """The owner of the directory can move any file there that root has made in another directory of his."""
    path.mkdir()
    path.chmod(0o777)
    (path / ".mailops").mkdir(0o700)
    file = path / ".mailops" / name
    file.write_text("of root")
    file.chmod(0o600)
    put(store)
    assert (file.read_text(), mode(file), mode(path / ".mailops")) == ("of root", 0o600, 0o700)


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_no_file_tells_git_what_to_ignore(store, path, kind):
    """It is not needed to read and write profiles."""
    (path / ".mailops").mkdir(parents=True)
    ignore = path / ".mailops" / ".gitignore"
    ignore.mkdir() if kind == "directory" else os.mkfifo(ignore)
    put(store)
    assert work(path) == [".gitignore", "lock"]


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "disk", disk], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(small_disk):
    path = small_disk / "p.d"
    put_all(opened(path), [{"name": f"p{number}"} for number in range(4)])
    before = opened(path).read()
    refused = 0
    for pages in range(1, 100):
        with open(small_disk / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(small_disk).free)
            filler.truncate(max(0, os.fstat(filler.fileno()).st_size - 4096 * pages))
        try:
            put_all(opened(path), [{"name": f"p{number}", "signature": "x" * 5000} for number in range(8)], purge=True)
            break
        except MailopsError as exc:
            assert str(exc) == f"store {path}: the disk is full; make room, no profile was changed"
            refused += 1
        (small_disk / "filler").unlink()
        assert opened(path).read() == before and work(path) == [".gitignore", "lock"]
    assert refused > 2 and len(opened(path).read()) == 8


# --- one writer, many readers, a writer that dies ---


def test_locked_for_longer_than_the_timeout(store, path, monkeypatch):
    put(store)
    monkeypatch.setattr(directory, "TIMEOUT", 0.1)
    lock = path / ".mailops" / "lock"
    with open(lock, "r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        before = files(path)
        for use in (store.read, lambda: put(store, default=True), lambda: store.preview(["new"], add)):
            assert refusal(use) == (
                f"store {path}: another process has held it locked for 0.1 seconds; let it finish (fuser {lock} names it), then run again"
            )
        assert files(path) == before
        fcntl.flock(other, fcntl.LOCK_SH)
        assert list(store.read()) == ["work"]
        assert "held it locked" in refusal(lambda: put(store, default=True))
    assert put(store, default=True).changed


class Dying:
    """The module os, in a process that is killed right before its n-th change, or with the change half done if it is a write."""

    def __init__(self, n, changes):
        self.left = n
        self.changes = changes

    def __getattr__(self, name):
        function = getattr(os, name)
        return self._counted(name, function) if name in self.changes else function

    def _counted(self, name, function):
        def call(*args, **options):
            self.left -= 1
            if self.left == 0:
                if name in ("write", "pwrite"):
                    function(args[0], args[1][: len(args[1]) // 2], *args[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call


def killed(n, function, changes=("open", "write", "pwrite", "fsync", "rename", "unlink", "mkdir", "fchmod")):
    """Run the function in a process that is killed at its n-th change; whether it was."""
    pid = os.fork()
    if pid == 0:
        _journal.os = _work_directory.os = Dying(n, changes)
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.fixture
def bulk(tmp_path):
    """A store, a bulk change that creates, edits, renames, swaps and removes, and both states."""
    base = tmp_path / "base"
    put_all(opened(base), [{"name": name, "description": name} for name in "abcde"])
    ids = {name: record.id for name, record in opened(base).read().items()}
    wanted = [
        {"name": "a", "id": ids["b"]},
        {"name": "b", "id": ids["a"]},
        {"name": "c", "default": True},
        {"name": "f", "id": ids["e"]},
        {"name": "new"},
    ]

    def change(path):
        put_all(opened(path), wanted, purge=True)

    shutil.copytree(base, tmp_path / "done")
    change(tmp_path / "done")
    return base, change, told(base), told(tmp_path / "done")


def told(path):
    return {name: (record.revision, record.data) for name, record in opened(path).read().items()}


def test_killed_at_every_step(tmp_path, bulk):
    """Readers see old or new, and change nothing; the next writer finishes and leaves no litter."""
    base, change, old, new = bulk
    path, seen = tmp_path / "store", []
    for n in range(1, 1000):
        shutil.copytree(base, path)
        dead = killed(n, lambda: change(path))
        before = files(path)
        seen.append(found := told(path))
        assert found in (old, new) and opened(path).read(["c"])["c"].revision == found["c"][0]
        assert files(path) == before
        put(opened(path), "later")
        assert {name: record for name, record in told(path).items() if name != "later"} == found
        assert visible(path) == sorted(f"{name}.yml" for name in [*found, "later"]) and work(path) == [".gitignore", "lock"]
        shutil.rmtree(path)
        if not dead:
            break
    assert seen == [old] * seen.count(old) + [new] * seen.count(new)
    assert seen.count(old) > 20 and seen.count(new) > 10


def test_killed_while_the_store_is_created(tmp_path):
    path = tmp_path / "store"
    for n in range(1, 100):
        dead = killed(n, lambda: put(opened(path)))
        assert list(opened(path).read()) in ([], ["work"])
        put(opened(path), "later")
        assert "later" in opened(path).read() and work(path) == [".gitignore", "lock"]
        assert (path / ".mailops" / ".gitignore").read_text() == "*\n"
        shutil.rmtree(path)
        if not dead:
            return
    raise AssertionError


@pytest.fixture
def crashed(tmp_path, bulk):
    """A store whose bulk change was committed, and nothing else."""
    base, change, _old, new = bulk
    path = tmp_path / "crashed"
    shutil.copytree(base, path)
    # The first renaming is that of the journal.
    assert killed(2, lambda: change(path), changes=("rename",)) and (path / ".mailops" / "journal").exists()
    return path, new


def test_killed_again_while_it_is_finished(tmp_path, crashed):
    path, new = crashed
    for n in range(1, 100):
        shutil.copytree(path, tmp_path / "again")
        dead = killed(n, lambda: put(opened(tmp_path / "again"), "a"))
        assert told(tmp_path / "again") == new
        put(opened(tmp_path / "again"), "b")
        assert told(tmp_path / "again") == new and work(tmp_path / "again") == [".gitignore", "lock"]
        shutil.rmtree(tmp_path / "again")
        if not dead:
            return
    raise AssertionError


def test_check_mode_sees_what_a_dead_writer_committed(crashed):
    path, new = crashed
    before = files(path)
    assert opened(path).preview(None, lambda snapshot: (Changes(), list(snapshot))) == list(new)
    assert opened(path).preview(["c"], lambda snapshot: (Changes(), snapshot["c"].revision)) == 2
    assert files(path) == before


def test_what_git_changes_after_the_commit_stays(crashed):
    """It came later, and would have overwritten the finished change as well."""
    path, new = crashed
    text = (path / "c.yml").read_text().replace("description: c", "description: by hand")
    (path / "c.yml").write_text(text)
    (path / "d.yml").write_text((path / "d.yml").read_text().replace("description: d", "description: by hand"))
    (path / "new.yml").write_text(HAND_WRITTEN)
    for use in (lambda store: None, lambda store: put(store, "later")):
        store = opened(path)
        use(store)
        found = store.read()
        assert [found[name].data["description"] for name in "cd"] == ["by hand"] * 2
        assert (path / "c.yml").read_text() == text and (path / "new.yml").read_text() == HAND_WRITTEN
        assert {name: told(path)[name] for name in "abf"} == {name: new[name] for name in "abf"}
        assert sorted(warning.split(": ")[1] for warning in store.warnings) == ["c.yml", "d.yml", "new.yml"]
        assert all(warning.endswith("it stays as it is, so check it") for warning in store.warnings)
    store = opened(path)
    store.read()
    assert store.warnings == []


def test_git_puts_back_what_a_dead_writer_had_renamed(tmp_path, bulk):
    base, change, _old, _new = bulk
    path = tmp_path / "crashed"
    shutil.copytree(base, path)
    assert killed(3, lambda: change(path), changes=("rename",)) and not (path / ".mailops" / "a.yml").exists()
    shutil.copy(base / "a.yml", path)
    store = opened(path)
    found = store.read(["a", "c", "new"])
    assert {name: record.revision for name, record in found.items()} == {"a": 1, "c": 2, "new": 1}
    assert [warning.split(": ")[1] for warning in store.warnings] == ["a.yml"]


def test_git_changes_a_file_while_others_are_renamed(store, path, monkeypatch):
    put_all(store, [{"name": name} for name in "az"])

    class Slow:
        def __getattr__(self, name):
            return getattr(os, name)

        def rename(self, source, target, **options):
            if target == "a.yml":
                (path / "z.yml").write_text(HAND_WRITTEN)
            os.rename(source, target, **options)

    monkeypatch.setattr(_journal, "os", Slow())
    put_all(store, [{"name": name, "default": True} for name in "az"])
    assert (path / "z.yml").read_text() == HAND_WRITTEN and opened(path).read()["a"].data["default"]
    assert store.warnings == [
        f"store {path}: z.yml: was changed by somebody else after a change of it was recorded; it stays as it is, so check it"
    ]
    assert work(path) == [".gitignore", "lock"]


class Failing:
    """The module os, with calls that fail."""

    def __init__(self, *fails):
        self.fails = fails

    def __getattr__(self, name):
        function = getattr(os, name)

        def call(*args, **options):
            if any(failing(name, args) for failing in self.fails):
                raise OSError(errno.EIO, os.strerror(errno.EIO), args[0])
            return function(*args, **options)

        return call if name in ("rename", "fsync", "listdir", "unlink") else function


def test_what_fails_after_all_is_done(store, path, monkeypatch):
    """The task has done what it should, and must not say otherwise."""
    put(store)
    done = []

    def after_the_end(name, args):
        if done:
            return name in ("fsync", "listdir")
        done.extend([name] if (name, args[0]) == ("unlink", "journal") else [])
        return False

    monkeypatch.setattr(_journal, "os", Failing(after_the_end))
    assert put(store, default=True).changed and done
    monkeypatch.undo()
    assert opened(path).read()["work"].data["default"]


def test_a_change_that_cannot_be_finished(store, path, monkeypatch):
    """As with ``chattr +i`` or a file that is mounted."""
    put_all(store, [{"name": name} for name in "abc"])
    monkeypatch.setattr(_journal, "os", Failing(lambda name, args: name == "rename" and args[1] == "b.yml"))
    said = "is recorded, but not yet in all files (b.yml: Input/output error); mend that, and the next run that writes finishes it"
    assert (
        refusal(lambda: put_all(store, [{"name": name, "default": True} for name in "abc"])) == f"store {path}: the change {said}"
    )
    assert refusal(lambda: put(store, "d")) == f"store {path}: an earlier change {said}"
    assert [record.data["default"] for record in store.read().values()] == [True] * 3
    monkeypatch.undo()
    put(store, "d")
    assert "default: true" in (path / "c.yml").read_text() and work(path) == [".gitignore", "lock"]


def test_a_sticky_directory(open_directory):
    """There nobody may replace the files of others."""
    if os.geteuid() != 0:
        pytest.skip("needs a second user")
    path = open_directory / "p.d"
    put(opened(path))
    subprocess.run(["chmod", "-R", "a+rwX", path], check=True)
    path.chmod(0o1777)
    for use in (lambda: opened(path).preview(None, add), lambda: put(opened(path), default=True)):
        assert as_ordinary_user(use) == [
            f"store {path}: has the sticky bit, with which nobody may replace the files of others; "
            "take it away (chmod -t), or give another path in store"
        ]
    assert not opened(path).read()["work"].data["default"]
    put(opened(path), default=True)


@pytest.mark.parametrize("damage", ["cut off", "no list", "newer", "outside", "NUL", "deep", "staged file changed"])
def test_a_journal_that_cannot_be_worked_off(crashed, damage):
    path, _new = crashed
    journal = path / ".mailops" / "journal"
    text = journal.read_text()
    if damage == "cut off":
        journal.write_text(text[: len(text) // 2])
    elif damage == "no list":
        journal.write_text("5")
    elif damage == "newer":
        journal.write_text(text.replace('"format": 1', '"format": 2'))
    elif damage == "outside":
        journal.write_text(text.replace("c.yml", "../c.yml"))
    elif damage == "NUL":
        journal.write_text(text.replace("c.yml", "c\\u0000.yml"))
    elif damage == "deep":
        journal.write_text("[" * 300_000)
    else:
        (path / ".mailops" / "c.yml").write_text("x")
    before = files(path)
    for use in (opened(path).read, lambda: put(opened(path), "x"), lambda: opened(path).preview(None, add)):
        assert refusal(use) == (
            f"store {path}: an interrupted change cannot be finished: its record is damaged, or a newer release began it; "
            f"update mailops.profiles, or restore the files from Git or a backup and remove {journal}"
        )
    assert files(path) == before


def test_what_a_reader_without_a_lock_reads(store, path):
    """The first writer ever may come while a reader that found no lock is at work."""
    path.mkdir()
    (path / "a.yml").write_text(HAND_WRITTEN)
    seen = []

    def take(files):
        seen.append(files.read("a.yml") is not None)
        if len(seen) == 1:
            assert in_a_child(lambda: put(opened(path), "a", state="absent").action) == "removed"
        return seen[-1]

    descriptor = os.open(path, os.O_RDONLY)
    assert _journal.snapshot(descriptor, take, 1) is False and seen == [True, False]
    os.close(descriptor)


def test_the_lock_is_removed_while_a_writer_waits(store, path):
    """As ``git clean -fdx`` does it: the one that waited for the old lock takes the new one."""
    put(store)
    with open(path / ".mailops" / "lock", "r+b") as old:
        fcntl.flock(old, fcntl.LOCK_EX)

        def write():
            old.close()
            put(store, default=True)

        process = multiprocessing.get_context("fork").Process(target=write)
        process.start()
        time.sleep(0.3)
        shutil.rmtree(path / ".mailops")
    put(store, "other")
    process.join(30)
    assert {name: record.revision for name, record in store.read().items()} == {"other": 1, "work": 2}


# --- Git, which takes no lock ---


def git(path, *arguments):
    environment = {**os.environ, "HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", path, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(store, path):
    """A store in Git, with a branch in which work has another description."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    put(store), put(store, "other")
    git(path, "init", "-b", "main")
    for branch, description in (("main", "first"), ("review", "reviewed")):
        if branch != "main":
            git(path, "checkout", "-b", branch)
        put(store, description=description)
        git(path, "add", ".")
        git(path, "commit", "-m", description)
    git(path, "checkout", "main")
    return path


def test_git_sees_profiles_only(store, repository):
    assert git(repository, "ls-files").split() == ["other.yml", "work.yml"]
    put(store, default=True)
    assert git(repository, "status", "--short").split() == ["M", "work.yml"]
    assert git(repository, "diff", "--shortstat").split() == "1 file changed, 2 insertions(+), 2 deletions(-)".split()


def test_git_changes_a_file_between_reading_and_writing(store, repository):
    turns = []

    def change(snapshot):
        turns.append(snapshot["work"].data["description"])
        if len(turns) == 1:
            git(repository, "checkout", "review")
        record = snapshot["work"]
        return Changes(put=(record._replace(revision=record.revision + 1, data={**record.data, "default": True}),)), None

    store.update(["work"], change)
    record = store.read()["work"]
    assert turns == ["first", "reviewed"]
    assert (record.data["description"], record.data["default"], record.revision) == ("reviewed", True, 4)
    assert work(repository) == [".gitignore", "lock"]


def test_files_that_never_rest(store, path):
    put(store), put(store, "other")
    before = (path / "other.yml").read_bytes()

    def change(snapshot):
        with open(path / "work.yml", "a") as file:
            file.write("# again\n")
        return Changes(put=tuple(record._replace(revision=9) for record in snapshot.values())), None

    assert refusal(lambda: store.update(None, change)) == (
        f"store {path}: its files keep changing while they are written; let Git or whatever changes them finish, then run again"
    )
    assert (path / "other.yml").read_bytes() == before and work(path) == [".gitignore", "lock"]


@pytest.mark.parametrize("act", ["create", "remove"])
def test_a_file_comes_or_goes_between_reading_and_writing(store, path, act):
    put(store, "other"), put(store)
    turns = []

    def change(snapshot):
        turns.append(sorted(snapshot))
        if len(turns) == 1 and act == "remove":
            (path / "work.yml").unlink()
        elif len(turns) == 1:
            (path / "new.yml").write_text(HAND_WRITTEN)
        return replacing([{"name": "work", "default": True}, {"name": "new", "default": True}])(snapshot)

    edits = store.update(None, change)
    assert len(turns) == 2 and [edit.action for edit in edits] == {
        "create": ["updated", "updated"], "remove": ["created", "created"]
    }[act]  # fmt: skip
    assert all(record.data["default"] for name, record in store.read(["work", "new"]).items())

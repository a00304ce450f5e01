# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is written into a work tree, whose user may publish what lies there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import IN_WORK_TREE, Variant

from .home import OWN, Home, Host, block, owned
from .test_links import give

SIGNS = {
    **dict.fromkeys((".git", ".hg", ".svn", ".jj", ".bzr", "_darcs", ".pijul"), "directory"),
    **dict.fromkeys((".git ", ".fslckout", ".chezmoiroot", ".chezmoiversion"), "file"),
}


def sign(home: Home, directory: str, name: str = ".git ") -> None:
    path = f"{directory}/{name.strip()}".lstrip("/")
    home.mkdir(path) if SIGNS[name] == "directory" else home.write(path, "gitdir: elsewhere\n")


def secrets() -> tuple:
    return block("password s3cret\n", secret=True, redacted="password ********\n"), owned("s3cret\n", secret=True, redacted="********\n")


def refused(host: Host, *said: str, path: str = "", files=None) -> None:
    alice = host.home("alice")
    before = alice.tree()
    for check in (True, False):
        result = host.run(*(files or secrets()), check=check)["alice"]
        assert result.problem is not None and not result.changes
        for each in (*said, "which may be published: "):
            assert each in result.problem.message, result.problem
        assert not path or result.problem.path == f"{alice.path}/{path}"
    assert alice.tree() == before


@pytest.mark.parametrize("name", SIGNS)
def test_a_pattern_knows_of_a_work_tree(host: Host, alice: Home, name: str) -> None:
    """So a client can use another file, where it has one."""
    alice.write("dotfiles/rc", "# mine\n")
    alice.link(".blockrc", "dotfiles/rc")
    secret = {"secret": True, "redacted": "********\n"}
    usual = block("password s3cret\n", variants=(Variant(IN_WORK_TREE, None, ""),), **secret)
    other = Variant(IN_WORK_TREE, b"password s3cret\n", "********\n", "apart")
    apart = owned("", variants=(other,), reads=(".blockrc",), **secret)._replace(content=None)
    assert host.one(usual, apart).notes == () and not (alice.path / OWN).exists()
    assert b"s3cret" in alice.read("dotfiles/rc")
    sign(alice, "dotfiles", name)
    assert [note for _path, note in host.one(usual, apart).notes] == ["apart"]
    assert alice.read("dotfiles/rc") == b"# mine\n" and b"s3cret" in alice.read(OWN)


@pytest.mark.parametrize("name", SIGNS)
def test_no_pattern_knows_of_one_where_there_is_no_secret(host: Host, alice: Home, name: str) -> None:
    alice.write("dotfiles/rc", "# mine\n")
    alice.link(".blockrc", "dotfiles/rc")
    sign(alice, "dotfiles", name)
    assert host.one(block(variants=(Variant(IN_WORK_TREE, None, ""),))).problem is None
    assert b"block\n" in alice.read("dotfiles/rc")


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("where", ["dotfiles", "dotfiles/mail/deep", ""])
def test_a_link_into_a_work_tree(host: Host, alice: Home, name: str, where: str) -> None:
    alice.write("dotfiles/mail/deep/rc", "mine\n")
    sign(alice, where, name)
    alice.link(".blockrc", "dotfiles/mail/deep/rc")
    if where:
        place = f"lies in the work tree {alice.path}/{where} as {alice.path}/dotfiles/mail/deep/rc"
        refused(host, place, ": use password_command, or move it out of the work tree", path=".blockrc")
        assert alice.read("dotfiles/mail/deep/rc") == b"mine\n"
    else:  # the home is one, as with a bare repository whose work tree it is
        for check in (True, False):
            result = host.run(*secrets(), check=check)["alice"]
            assert result.problem is None
            assert result.warnings == (
                f"{alice.path} is a work tree itself ({name.strip()}): "
                "see that no file with a password is committed (password_command keeps passwords out of files)",
            )
        assert host.run(block(), owned())["alice"].warnings == ()


@pytest.mark.parametrize("place", [".cfg", ".dotfiles", ".local/share/yadm/repo.git"])
def test_a_home_whose_repository_is_a_bare_one(host: Host, alice: Home, place: str) -> None:
    alice.mkdir(place)
    assert host.one(*secrets()).warnings == ()
    alice.write(f"{place}/HEAD", "ref: refs/heads/main\n")
    (warning,) = host.one(*secrets()).warnings
    assert warning.startswith(f"{alice.path} is a work tree itself ({place}): ")


def test_what_only_looks_like_the_place_of_a_repository(host: Host, alice: Home) -> None:
    alice.link(".cfg", "/etc")
    alice.write(".dotfiles", "a file\n")
    assert host.one(*secrets()).warnings == () and alice.read(OWN) == b"s3cret\n"


def test_what_has_no_secret_is_written_as_ever(host: Host, alice: Home) -> None:
    sign(alice, "dotfiles")
    alice.mkdir("dotfiles/config")
    alice.link(".config", "dotfiles/config")
    assert host.one(block(), owned()).problem is None and alice.read("dotfiles/config/mailops/own/work") == b"own\n"
    refused(host, "dotfiles/config/mailops/own/work", path=OWN)
    assert host.one().problem is None, "what was written there can be removed"


def test_a_folded_directory_in_which_ours_does_not_exist_yet(host: Host, alice: Home) -> None:
    sign(alice, "dotfiles")
    alice.link(".config", "dotfiles/new/config")
    place = f"lies in the work tree {alice.path}/dotfiles as {alice.path}/dotfiles/new/config/mailops/own/work"
    refused(host, place, ": use password_command, or link files there and no directories (stow --no-folding), or move it out", path=OWN)


def test_a_directory_that_is_a_work_tree_without_any_link(host: Host, alice: Home) -> None:
    sign(alice, ".config")
    refused(host, f"lies in the work tree {alice.path}/.config, which", path=OWN)
    assert host.one(secrets()[0]).problem is None, "the others lie elsewhere"


@pytest.mark.parametrize("above", ["", "alice", "alice/dotfiles"])
def test_a_work_tree_outside_of_the_home(host: Host, alice: Home, disk: Path, above: str) -> None:
    give(disk / "alice/dotfiles/config", alice)
    os.chown(disk / "alice", alice.uid, alice.uid)
    os.chown(disk / "alice/dotfiles", alice.uid, alice.uid)
    (disk / above / ".git").mkdir()
    alice.link(".config", f"{disk}/alice/dotfiles/config")
    refused(host, f"the work tree {disk / above} as {disk}/alice/dotfiles/config/mailops/own/work", path=OWN)


@pytest.mark.parametrize("source", [".local/share/chezmoi", "code/dotfiles"])
def test_the_source_of_chezmoi(host: Host, alice: Home, source: str) -> None:
    """Its mode "symlink" links into it; it can be a directory without any sign."""
    alice.write(f"{source}/dot_blockrc", "mine\n")
    if source != ".local/share/chezmoi":
        alice.link(".local/share/chezmoi", f"../../{source}")
    alice.link(".blockrc", f"{source}/dot_blockrc")
    refused(host, f"the work tree {alice.path}/{source} as {alice.path}/{source}/dot_blockrc", path=".blockrc")


def test_a_copy_of_what_the_user_wrote_is_not_kept_in_a_work_tree(host: Host, alice: Home) -> None:
    """stow folds ~/.local, too."""
    sign(alice, "dotfiles")
    alice.mkdir("dotfiles/local")
    alice.link(".local", "dotfiles/local")
    assert host.one(*secrets()).problem is None
    alice.write(OWN, "the user's own password\n", 0o600)
    refused(host, "would hold a copy of what the user wrote", f"{alice.path}/dotfiles/local/state/mailops/backups/")
    assert alice.read(OWN) == b"the user's own password\n"


@pytest.mark.parametrize(("options", "works"), [([], False), (["--no-folding"], True)])
def test_dotfiles_as_stow_links_them(host: Host, alice: Home, options: list[str], works: bool) -> None:
    if not shutil.which("stow"):
        pytest.skip("no stow here")
    alice.write("dotfiles/mail/.config/other/rc", "mine\n")
    sign(alice, "dotfiles")
    subprocess.run(["stow", *options, "mail"], cwd=alice.path / "dotfiles", check=True)
    for path in (alice.path, *alice.path.rglob("*")):
        os.chown(path, alice.uid, alice.uid, follow_symlinks=False)
    if works:
        assert host.one(*secrets()).problem is None and alice.read(OWN) == b"s3cret\n"
        assert not list((alice.path / "dotfiles").rglob("mailops"))
    else:
        refused(host, f"the work tree {alice.path}/dotfiles as {alice.path}/dotfiles/mail/.config/mailops/own/work", path=OWN)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the task reports of homes in which the user's own text decides."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import resolved
from .home import materialise

OWN_AERC = "[own]\nsource = maildir://~\n"


@pytest.mark.parametrize(("client", "own", "default", "note"), [
    ("aerc", {}, True, None),
    ("aerc", {".config/aerc/accounts.conf": "# none\n"}, True, None),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC}, False, None),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC}, True, "own-first"),
    ("aerc", {".config/aerc/accounts.conf": "[mine]\nfrom = own@example.net\n"}, True, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC + "  [mine] # own\n"}, False, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": OWN_AERC + "[mine.second]\n"}, False, "same-name"),
    ("aerc", {".config/aerc/accounts.conf": "# [mine]\n[mine2]\n[my.mine]\n[Mine]\nfrom = [mine]\n"}, False, None),
    ("fetchmail", {".fetchmailrc": "# none\n\n"}, True, None),
    ("fetchmail", {".fetchmailrc": "set daemon 300\n"}, False, "own-file"),
    ("offlineimap", {".offlineimaprc": "\n"}, True, None),
    ("offlineimap", {".offlineimaprc": "[DEFAULT]\nremotepass = mine\n"}, False, "own-file"),
    ("offlineimap", {".config/offlineimap/config": "[general]\n"}, False, "own-file"),
    ("neomutt", {".neomuttrc": "set sort=threads\nfinish\n"}, False, "ends-before"),
    ("neomutt", {".muttrc": "  finish # here\n\n# more\n"}, False, "ends-before"),
    ("neomutt", {".neomuttrc": "set from=own@example.net\nfinish"}, True, "ends-before"),
    ("neomutt", {".neomuttrc": "# finish\nmacro index x finish\nifdef color finish\nset status_format=finish\n"}, False, None),
    ("neomutt", {".neomuttrc": "source ~/.own\n", ".own": "finish\n"}, False, None),
    *(("neomutt", {".neomuttrc": f"set from=own@example.net\n{line}\n"}, False, "own-keys") for line in (
        r'macro index \e1 "<change-folder>=private<enter>"', r"bind index,pager <Esc>1 exit", r"macro pager '\e0' q", r"  macro index \0330 q",
        r'bind index "\E1" noop', r"macro generic,index <esc>1 'q'",
    )),
    *(("neomutt", {".neomuttrc": f"set from=own@example.net\n{line}\n"}, False, None) for line in (
        r"# macro index \e1 q", r"macro index \e2 q", r"macro index \e10 q", r"macro index x \e1", r"macro compose \e1 q",
    )),
    ("neomutt", {".neomuttrc": "macro index \\e1 q\n"}, False, None),  # without an account of the user's, ours has no key
])  # fmt: skip
def test_note(client: str, own: dict[str, str], default: bool, note: str | None, tmp_path: Path) -> None:
    for path, text in own.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    accounts, context = resolved([profile(key="mine", default=default, signature="x")])
    found = materialise(clients.get(client).files(accounts, context), tmp_path)
    assert found == ({f"{client}/{note}"} if note else set())
    if note and clients.get(client).variant_notes[note].skips:
        # No file at all, and no secret.
        written = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
        assert written == own


@pytest.mark.parametrize("password", ["{UserPassword}", None])
def test_fetchmail_where_the_users_file_lies_in_a_work_tree(password: str | None, tmp_path: Path) -> None:
    """It has no command for passwords, so ours is in a file of its own."""
    (tmp_path / "dotfiles/.git").mkdir(parents=True)
    (tmp_path / "dotfiles/.fetchmailrc").write_text("")
    (tmp_path / ".fetchmailrc").symlink_to("dotfiles/.fetchmailrc")
    accounts, context = resolved([profile(incoming__password=password)])
    found = materialise(clients.get("fetchmail").files(accounts, context), tmp_path)
    usual, apart = tmp_path / ".fetchmailrc", tmp_path / ".config/mailops/fetchmail/fetchmailrc"
    if password:
        assert found == {"fetchmail/own-file"} and not usual.read_text() and "poll" in apart.read_text()
    else:
        assert not found and "poll" in usual.read_text() and not apart.exists()


def test_what_ends_the_file_below_our_lines_stays_there(tmp_path: Path) -> None:
    accounts, context = resolved([profile()])
    files = clients.get("neomutt").files(accounts, context)
    materialise(files, tmp_path)
    muttrc = tmp_path / ".muttrc"
    text = f"{muttrc.read_text()}finish\n"
    muttrc.write_text(text)
    assert materialise(files, tmp_path) == set() and muttrc.read_text() == text
    # These are below it, but Mutt reads them.
    muttrc.write_text(f"{text}set from=own@example.net\n")
    assert materialise(files, tmp_path) == {"neomutt/ends-before"} == materialise(files, tmp_path)


FLATPAKS = {
    "geary": ("org.gnome.Geary",), "evolution": ("org.gnome.Evolution",), "thunderbird": ("org.mozilla.Thunderbird", "org.mozilla.thunderbird"),
}  # fmt: skip


@pytest.mark.parametrize(("client", "application"), [(client, each) for client, names in FLATPAKS.items() for each in names])
def test_a_flatpak_of_the_users(client: str, application: str, tmp_path: Path) -> None:
    """As flatpak(1) puts it there; what is left after its removal is no sign."""
    accounts, context = resolved([profile(), profile("second")])
    files = clients.get(client).files(accounts, context)
    (tmp_path / f".var/app/{application}/config").mkdir(parents=True)
    assert materialise(files, tmp_path) == set()
    directory = tmp_path / f".local/share/flatpak/app/{application}"
    (directory / "x86_64/stable/0123abc").mkdir(parents=True)
    (directory / "current").symlink_to("x86_64/stable")
    (directory / "x86_64/stable/active").symlink_to("0123abc")
    (directory / "x86_64/stable/0123abc/metadata").write_text(f"[Application]\nname={application}\nruntime=org.gnome.Platform/x86_64/47\n")
    for _again in range(2):
        assert materialise(files, tmp_path) == {f"{client}/flatpak"}


@pytest.mark.parametrize(("client", "application"), [(client, names[0]) for client, names in FLATPAKS.items()])
def test_a_flatpak_of_the_host(client: str, application: str) -> None:
    (probe,) = [each for each in clients.get(client).host_probes if fnmatch.fnmatchcase(f"/var/lib/flatpak/app/{application}", each.pattern)]
    assert "Flatpak" in probe.reason and not probe.blocks

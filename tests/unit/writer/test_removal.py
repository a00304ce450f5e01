# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every client's accounts come and go, by the real writer, in a home where the user has files of his own at every place."""

from __future__ import annotations

import re

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client

from ...profiles import profile
from ...short import one_in
from ..clients.accounts import files_of, resolved
from .home import Home, Host

every_client = pytest.mark.parametrize("client", clients.all_clients(), ids=lambda client: client.name)
# The directory of an account's mail.
MAIL = re.compile(r"\.local/share/mailops/mail/[^/]+/[^/]+(?:/cur)?$")
OWN = (b"", b"# mine\n", b"# without an end of line", b"\xff\x00 not text\r\n")


def wanted(client: Client, *profiles: dict) -> list[File]:
    return files_of(client, *resolved([{**each, "account_type": client.account_types[0]} for each in profiles]))


def run(host: Host, client: Client, files: list[File]) -> tuple[list[str], list[str]]:
    outcome = host.run(*files, patterns={client.name: client.paths})["alice"]
    assert outcome.problem is None, outcome.problem
    return [change.action for change in outcome.changes], list(outcome.drifted)


@every_client
@pytest.mark.parametrize("own", one_in(2, [None, *OWN]))
def test_removal_restores_the_home_byte_for_byte(client: Client, own: bytes | None, host: Host) -> None:
    home = host.home("alice")
    first, second = wanted(client, profile("work", signature="x")), wanted(client, profile("work", signature="y"), profile("Work"))
    if own is not None:
        _write_own(home, first, own)
    before = home.tree()
    run(host, client, first)
    assert run(host, client, first) == ([], [])
    assert run(host, client, second)[0]
    assert run(host, client, second) == ([], [])
    renamed = {file.path for file in first} - {file.path for file in second}  # 1-of-1, which is 1-of-2 by now
    assert set(run(host, client, first)[0]) <= {"updated", "removed", *(["created"] if renamed else [])}
    assert set(run(host, client, [])[0]) <= {"updated", "removed"}
    after = home.tree()
    # A mode that was narrowed for a password stays: its user may have written more secrets there since.
    assert {path: (uid, content) for path, (uid, _mode, content) in after.items()} == {
        path: (uid, content) for path, (uid, _mode, content) in before.items()
    }


def _write_own(home: Home, files: list[File], own: bytes) -> None:
    for file in files:
        if file.strategy == BLOCK and not (home.path / file.path).exists():
            home.write(file.path, own)


# Where earlier versions kept an account's mail, with the places of our files there.
FORMER = {
    "getmail": ("Mail/getmail/{}", ("cur/.mailops", "new/.mailops", "tmp/.mailops")),
    "mbsync": ("Mail/{}", (".mailops",)),
    "mpop": ("Mail/mpop/{}", ("cur/.mailops", "new/.mailops", "tmp/.mailops")),
    "offlineimap": ("Mail/offlineimap/{}", ()),
}


@pytest.mark.parametrize("name", FORMER)
def test_mail_outlives_its_account(name: str, host: Host) -> None:
    client, home = clients.get(name), host.home("alice")
    files = wanted(client, profile("work"))
    run(host, client, files)
    (place,) = {path.removesuffix("/cur") for path in home.tree() if MAIL.match(path)}
    assert all((home.path / path).stat().st_mode & 0o777 == 0o700 for path in (place, ".local/share/mailops", ".local/share"))
    mail = f"{place}/INBOX/cur/1.x:2,S"
    home.write(mail, "Subject: x\n\nx\n")
    for each in ([], files, []):
        run(host, client, each)
        assert home.read(mail) == b"Subject: x\n\nx\n"
    assert not (home.path / place / ".mailops").exists()


@pytest.mark.parametrize("name", FORMER)
def test_mail_where_earlier_versions_kept_it_stays(name: str, host: Host) -> None:
    """And our files there go."""
    client, home = clients.get(name), host.home("alice")
    place, ours = FORMER[name][0].format("work-1"), FORMER[name][1]
    run(host, client, [File(f"{place}/{path}", b"It keeps its directory.\n", producer=name) for path in ours])
    mail = f"{place}/INBOX/cur/1.x:2,S"
    home.write(mail, "Subject: x\n\nx\n")
    run(host, client, wanted(client, profile("work", key="work-1")))
    assert {path for path in home.tree() if path.startswith("Mail/") and (home.path / path).is_file()} == {mail}

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S-nail where the user has settings of their own, in any of the files that it reads: none decides in our accounts, and theirs stay."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import s_nail

from ...profiles import profile
from .accounts import JOANNA, resolved
from .programs import needs
from .test_parsers_git_and_s_nail import variables

pytestmark = pytest.mark.programs

OWN = "set v15-compat from=own@example.net mta=smtp://smtp.own.example:587 smtp-auth=none\n"
# Without a value, or with one that S-nail checks.
VALUES = {"tls-verify": "ignore", "smtp-auth": "none", "tls-fingerprint": "00", "imap-delim": "/", "hostname": "own.example", "sender": "own@example.net",
          "reply-to": "own@example.net", "autobcc": "own@example.net", "autocc": "own@example.net"}  # fmt: skip


@pytest.mark.parametrize("names", [s_nail._UNDONE, s_nail._OBSOLETE], ids=["settings", "old names"])
def test_no_setting_of_theirs_decides_in_our_account(names: tuple[str, ...], homes: Any) -> None:
    needs("s-nail")
    accounts, context = resolved([profile()])
    own = "".join(f"set {name}={VALUES.get(name, '/own')}\n" for name in (*names, "tls-verify", "smtp-auth", "imap-use-starttls", "smtp-use-starttls"))
    home = homes("s_nail", accounts, context, {".mailrc": own})
    values = variables(home, *names, "tls-verify", "smtp-auth", "imap-use-starttls", "smtp-use-starttls", "mta", account=accounts[0].key, warns=True)
    # "folder" cannot be without a value.
    assert {name: value for name, value in values.items() if value and name != "folder"} == {
        "tls-verify": "strict", "smtp-auth": "plain", "mta": f"smtps://{JOANNA['email'].replace('@', '%40')}@smtp.example.org:465",
    }  # fmt: skip
    theirs = variables(home, *names, account="null", warns=True)
    assert sum(value is not None for value in theirs.values()) > len(names) * 0.6


ELSEWHERE = {
    "source": {".mailrc": "source ~/.mailrc.own\n", ".mailrc.own": OWN},
    "abbreviated": {".mailrc": "  \\so ~/.mailrc.own\n", ".mailrc.own": OWN},
    "in two steps": {".mailrc": "source ~/.one\n", ".one": "source ~/.two\n", ".two": OWN},
    "another file": {".mailrc": "set mailx-extra-rc=~/.mailrc.own\n", ".mailrc.own": OWN},
}


@pytest.mark.parametrize("files", ELSEWHERE.values(), ids=ELSEWHERE)
def test_an_own_default_in_another_file(files: dict[str, str], homes: Any) -> None:
    needs("s-nail")
    accounts, context = resolved([profile()])
    home = homes("s_nail", accounts, context, files)
    assert f"account {accounts[0].key}\n" not in (home.path / ".mailrc").read_text()
    assert variables(home, "from", "mta")["from"] == "own@example.net"
    marked, context = resolved([profile(default=True)])
    home = homes("s_nail", marked, context, files)
    if "mailx-extra-rc" not in files[".mailrc"]:
        assert marked[0].email in variables(home, "from")["from"]
    assert marked[0].email in variables(home, "from", account=marked[0].key)["from"]
    assert variables(home, "from", account="null")["from"] == "own@example.net"


@pytest.mark.parametrize("line", ["source 'cmd|'", "source $OWN/rc", "source `cmd`", "source ~jan/rc"])
def test_what_a_command_prints_may_be_a_default(line: str, homes: Any) -> None:
    accounts, context = resolved([profile()])
    text = (homes("s_nail", accounts, context, {".mailrc": f"{line}\n"}).path / ".mailrc").read_text()
    assert f"account {accounts[0].key} {{\n" in text and not re.search("^account \\S+$", text, re.MULTILINE)


def test_no_password_is_in_their_file(homes: Any) -> None:
    accounts, context = resolved([profile()])
    home = homes("s_nail", accounts, context, {".mailrc": "set toplines=7\n"})
    assert "tr0ub4dor" not in (home.path / ".mailrc").read_text()
    secret = home.path / f".config/mailops/s_nail/{accounts[0].key}.passwords"
    assert "tr0ub4dor" in secret.read_text() and secret.stat().st_mode & 0o777 == 0o600


def test_an_own_account_with_the_name_of_ours(homes: Any) -> None:
    accounts, context = resolved([profile(key="mine")])
    own = "account mine {\n  set from=own@example.net\n}\n"
    assert (homes("s_nail", accounts, context, {".mailrc": own}).path / ".mailrc").read_text() == own

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S-nail where the user has settings of their own, in any of the files that it reads: none decides in our accounts, and theirs stay."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import s_nail

from ...profiles import profile
from .accounts import JOANNA, resolved
from .home import materialise
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


@pytest.mark.parametrize("own", ["", "set toplines=7\n", "set ssl-verify=strict\n", OWN], ids=["none", "taste", "old names", "default"])
@pytest.mark.parametrize("names", [("project", "staff"), ("staff", "project")], ids="-".join)
def test_two_instances_agree_on_one_default(names: tuple[str, str], own: str, homes: Any) -> None:
    """The first one's, or the user's own."""
    needs("s-nail")
    accounts, context = zip(*(resolved([profile(name, key=name, incoming__host=f"{name}.example")]) for name in names))
    home = homes("s_nail", accounts[0], context[0], {".mailrc": own})
    both = [(clients.get("s_nail").files(accounts[at], context[at]), instance) for at, instance in enumerate(("default", "other"))]
    texts = []
    for files, instance in (*both, *both, *both[::-1]):
        assert materialise(files, home.path, instance) == set()
        texts.append((home.path / ".mailrc").read_text())
    assert texts[1:] == texts[1:2] * 5
    account = variables(home, "account", warns=True)["account"]
    assert account == (None if own == OWN else names[0])


def test_what_the_user_takes_out_is_forgotten_by_both_instances(homes: Any) -> None:
    accounts, context = zip(*(resolved([profile(name, key=name)]) for name in ("project", "staff")))
    home = homes("s_nail", accounts[0], context[0], {".mailrc": "set ssl-verify=strict\n"})
    files = [clients.get("s_nail").files(*each) for each in zip(accounts, context)]
    materialise(files[1], home.path, "other")
    (home.path / ".mailrc").write_text((home.path / ".mailrc").read_text().replace("set ssl-verify=strict\n", ""))
    for each, instance in zip(files, ("default", "other")):
        materialise(each, home.path, instance)
    assert "ssl-verify" not in (home.path / ".mailrc").read_text()


def test_an_own_account_with_the_name_of_ours(homes: Any) -> None:
    accounts, context = resolved([profile(key="mine")])
    own = "account mine {\n  set from=own@example.net\n}\n"
    assert (homes("s_nail", accounts, context, {".mailrc": own}).path / ".mailrc").read_text() == own

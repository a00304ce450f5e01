# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Alpine reads back. It cannot print its configuration. The reader below follows pith/conf.c and mail.c of 2.26, and
tests/lab/test_alpine.py asks the program itself.
"""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from .accounts import JOANNA, resolved
from .drawn import Drawn, ascii_text, examples, profiles_and_user, taken
from .home import materialise

pytestmark = pytest.mark.programs

# Alpine supports names of up to 64 characters of ASCII without quotes.
LOGIN = st.text("".join(map(chr, range(33, 127))).replace('"', ""), min_size=1, max_size=20)
TLS = {"ssl": "tls", "tls": "starttls", "notls": "none"}


def read(text: str) -> dict[str, str]:
    """The variables as Alpine reads them. No environment variable is expected, so an unescaped dollar sign is an error."""
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")).replace(",\n\t", ",")
    return {name: expanded(value) for name, value in (line.split("=", 1) for line in lines.splitlines())}


def expanded(value: str) -> str:
    assert "$$" not in value and not re.search(r"(?<!\\)\$", value)
    return value.replace("\\$", "$")


def server(text: str) -> tuple[str, int, str, str]:
    host, port, security, username = re.fullmatch(r'(\[[^\]]*\]|[^:]*):(\d+)/(\w+)/user="((?:[^"\\]|\\.)*)"', text).groups()
    return host.strip("[]"), int(port), TLS[security], re.sub(r"\\(.)", r"\1", username)


def folder(name: str) -> str:
    return re.sub(r"&([^-]*)-", lambda found: f"+{found[1].replace(',', '/')}-".encode().decode("utf-7") if found[1] else "&", name)


@examples(150)
@given(profiles_and_user(types=("imap",), username=LOGIN) | profiles_and_user(text=ascii_text, types=("imap",), username=LOGIN))
def test_alpine_reads_what_was_written(drawn: Drawn) -> None:
    accounts, context = taken("alpine", drawn)
    files = {file.path: file.content.decode() for file in clients.get("alpine").files(accounts, context)}
    assert files[".pinercex"] == files[f".config/mailops/alpine/{accounts[0].key}/.pinercex"]
    for account in accounts:
        check(account, read(files[f".config/mailops/alpine/{account.key}/.pinercex"]))


def check(account: Account, values: dict[str, str]) -> None:
    remote, inbox = re.fullmatch(r"\{([^}]*)\}(.*)", values["inbox-path"]).groups()
    assert inbox == "INBOX" and values["folder-collections"] == f"{{{remote}}}[]"
    for text, each in ((remote, account.incoming), (values["smtp-server"], account.outgoing)):
        assert server(text) == (each.host, each.port, each.security, each.username)
    for variable, name, usual in (("default-fcc", "sent", "sent-mail"), ("postponed-folder", "drafts", "postponed-msgs")):
        wanted = account.folders.get(name)
        assert values[variable].startswith(f"{{{remote}}}") == bool(wanted)
        assert folder(values[variable].removeprefix(f"{{{remote}}}")) == (wanted or usual)
    headers = dict(re.findall(r"(?:^|,)(From|Reply-To): ([^,]*)", values["customized-hdrs"]))
    name, address = re.fullmatch(r"(\S+) <(\S+)>", headers["From"]).groups()
    assert address == account.email and headers.get("Reply-To") == account.reply_to
    # Alpine decodes before it parses the address.
    assert parseaddr(f"{make_header(decode_header(name))} <x@example.org>")[0] == account.sender_name
    assert values["system-certs-file"] == (account.ca_file or "")


def test_a_block_always_has_the_same_variables() -> None:
    """After our block Alpine adds missing variables, unset. There they would override what a later run writes into the block."""
    everything = profile(
        reply_to="x@example.org", signature="x", folders={"sent": "S", "drafts": "D"}, check_interval=5, ca_file="/ca.pem"
    )
    names = [read(clients.get("alpine").files(*resolved([data]))[0].content.decode()).keys() for data in (profile(), everything)]
    assert list(names[0]) == list(names[1])


@pytest.mark.parametrize(("own", "ours"), [
    ("inbox-path={imap.example.net}INBOX\n", False), ("Smtp-Server = x\n", False),
    ("# BEGIN mailops.profiles other\nuser-domain=x\n# END mailops.profiles other\n", False),
    ("", True), ("inbox-path=\nsmtp-server= \n", True), ("#inbox-path=x\neditor=vim\n", True),
])  # fmt: skip
def test_only_one_block_in_a_file_sets_the_variables(own: str, ours: bool, tmp_path: Path) -> None:
    (tmp_path / ".pinercex").write_text(own)
    accounts, context = resolved([profile()])
    materialise(clients.get("alpine").files(accounts, context), tmp_path)
    block = (tmp_path / ".pinercex").read_text().removeprefix(own)
    assert ("inbox-path=" in block) == ours
    assert ours or f"alpine -p ~/.config/mailops/alpine/{accounts[0].key}/.pinerc" in block


@pytest.mark.parametrize(("own", "stays"), [
    ({".pinerc": "inbox-path={imap.own.example/user=own}INBOX\n"}, True), ({".pinerc": "smtp-server=smtp.own.example\n"}, True),
    ({".pinerc": "customized-hdrs=From: own@own.example\n", ".pinercex": "# mine\n"}, True), ({".pinercex": "Inbox-Path = x\n"}, True),
    ({".pinerc": "sendmail-path=/usr/bin/msmtp -t\n"}, True), ({".pinerc": "inbox-path=\nsignature-file=~/mine\nsort-key=date\n"}, False),
])  # fmt: skip
@pytest.mark.parametrize("default", [False, True])
def test_an_own_account_stays_the_default(own: dict[str, str], stays: bool, default: bool, tmp_path: Path) -> None:
    for name, text in own.items():
        (tmp_path / name).write_text(text)
    accounts, context = resolved([profile(default=default)])
    notes = materialise(clients.get("alpine").files(accounts, context), tmp_path)
    text = (tmp_path / ".pinercex").read_text().removeprefix(own.get(".pinercex", ""))
    reason = "own-program" if "sendmail-path" in own.get(".pinerc", "") else "own-pinercex" if "=" in own.get(".pinercex", "") else ""
    can_win = not reason
    assert ("\ninbox-path=" in text) == (can_win if default else not stays)
    assert notes == ({f"alpine/{reason}"} if default and not can_win else set())
    assert f"alpine -p ~/.config/mailops/alpine/{accounts[0].key}/.pinerc" in text or "\ninbox-path=" in text
    assert ("alpine -x ~/.config/mailops/alpine/own-account.pinercex" in text) == (default and can_win)


@pytest.mark.parametrize(("own", "wins"), [
    ({".pinerc": "sendmail-path=/usr/bin/msmtp -t\n"}, True), ({".pinercex": "Sendmail-Path = x\n"}, True),
    ({".pinerc": "sendmail-path=x\n", ".pinercex": 'sendmail-path=""\n'}, True),
    ({".pinerc": 'sendmail-path=\nsmtp-server=x\ninbox-path=x\n', ".pinercex": 'sendmail-path= ""\n#sendmail-path=x\n'}, False),
])  # fmt: skip
def test_a_program_of_the_user_s_wins_over_a_marked_default(own: dict[str, str], wins: bool, tmp_path: Path) -> None:
    for name, text in own.items():
        (tmp_path / name).write_text(text)
    accounts, context = resolved([profile(default=True)])
    notes = materialise(clients.get("alpine").files(accounts, context), tmp_path)
    text = (tmp_path / ".pinercex").read_text().removeprefix(own.get(".pinercex", ""))
    assert ("smtp-server=" not in text) == wins and notes == ({"alpine/own-program"} if wins else set())
    assert not wins or f"alpine -p ~/.config/mailops/alpine/{accounts[0].key}/.pinerc" in text
    assert "smtp-server=" in (tmp_path / f".config/mailops/alpine/{accounts[0].key}/.pinercex").read_text()


def test_nothing_of_the_user_s_decides_in_ours(tmp_path: Path) -> None:
    judged = re.findall(r"^([\w-]+) +(\w+)", (Path(__file__).parent / "settings" / "alpine.txt").read_text(), re.MULTILINE)
    accounts, context = resolved([profile(default=True, signature="Joanna", ca_file="/ca.pem", check_interval=5)])
    values = read(clients.get("alpine").files(accounts, context)[-1].content.decode())
    assert {name for name, verdict in judged if verdict in ("stated", "undone")} <= {name for name, value in values.items() if value}
    assert {name for name, verdict in judged if verdict == "reaches"} == set()


UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"incoming__username": "\u0142"}, "incoming.username"),
    ({"outgoing__username": "x" * 65}, "outgoing.username"),
    ({"incoming__username": 'x"'}, "incoming.username"),
    ({"ca_file": "/a,b"}, "ca_file"),
    ({"signature": "On _DATE_"}, "signature"),
    ({"folders": {"sent": "\u0142" * 100}}, "folders.sent"),
]


@pytest.mark.parametrize(("changes", "field"), UNSUPPORTED)
def test_an_unsupported_account_has_a_reason(changes: dict[str, Any], field: str) -> None:
    (account,), _context = resolved([profile(**changes)], JOANNA)
    assert field in clients.get("alpine").skip_reason(account)

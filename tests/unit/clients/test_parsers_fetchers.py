# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As test_parsers_mail_tools.py, for mpop and getmail, which fetch mail into a Maildir as OfflineIMAP does (test_parsers_offlineimap.py).

mpop and getmail mask the password. The log-ins in tests/lab prove it.
"""

from __future__ import annotations

import ast
import re
import shlex
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import JOANNA, resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .programs import needs

pytestmark = pytest.mark.programs

POP = {"account_type": "pop"}


@pytest.mark.parametrize(("client", "changes", "part"), [
    ("mpop", {**POP, "incoming__username": "u" * 500}, "'user'"),
    ("mpop", {**POP, "incoming__password": None, "incoming__password_command": ["pass", "x" * 480]}, "'passwordeval'"),
    ("mpop", {**POP, "incoming__authentication": "oauth2"}, "incoming.password_command"),
    ("getmail", {"incoming__security": "starttls"}, "incoming.security"),
    ("getmail", {**POP, "incoming__security": "starttls"}, "incoming.security"),
    ("getmail", {**POP, "incoming__authentication": "encrypted"}, "incoming.authentication"),
    ("getmail", {"incoming__authentication": "oauth2"}, "incoming.password_command"),
    ("getmail", {"incoming__username": "with space"}, "incoming.username"),
    ("getmail", {"incoming__username": "Zo\u00eb"}, "incoming.username"),
    ("getmail", {**POP, "incoming__username": "with space"}, None),
    ("getmail", {"ca_file": "/etc/$HOME.pem"}, "ca_file"),
    ("offlineimap", {"incoming__security": "starttls"}, "incoming.security"),
    ("offlineimap", {"incoming__host": "2001:db8::1"}, "incoming.host"),
    ("offlineimap", {"incoming__authentication": "oauth2"}, "incoming.password_command"),
    ("offlineimap", {"ca_file": "/etc/ca.pem "}, "ca_file"),
])  # fmt: skip
def test_an_unsupported_account_has_a_reason(client: str, changes: dict[str, Any], part: str | None) -> None:
    accounts, _context = resolved([profile(**changes)])
    reason = clients.get(client).skip_reason(accounts[0])
    assert reason is None if part is None else part in (reason or "")


@pytest.mark.parametrize(("password", "changes", "part"), [
    (" with spaces ", POP, "white space"), ("with\u00a0space\u00a0", POP, "white space"), ("\u0142", {}, "is ASCII"), ("\u0142", POP, None),
    ("\u0142", {"incoming__authentication": "encrypted"}, None),
])  # fmt: skip
def test_passwords_that_getmail_does_not_send(password: str, changes: dict[str, Any], part: str | None) -> None:
    accounts, _context = resolved([profile(**changes)], {**JOANNA, "password": password})
    reason = clients.get("getmail").skip_reason(accounts[0])
    assert reason is None if part is None else part in (reason or "") and password not in reason


# --- mpop


def test_mpop_reads_what_was_written(homes: Any) -> None:
    needs("mpop")

    @examples(25)
    @given(profiles_and_user(types=("pop",)))
    def check(drawn: Drawn) -> None:
        accounts, context = taken("mpop", drawn)
        own = "defaults\ntls off\ntls_certcheck off\nuser x\npasswordeval false\nkillsize 0\nfilter false\ndelivery mbox ~/mbox\n"
        home = homes("mpop", accounts, context, {".mpoprc": own})
        for name, account in (("default", accounts[0]), *((account.key, account) for account in accounts)):
            result = home.run("mpop", "-P", name)
            assert (result.returncode, result.stderr) == (0, "")
            values = dict(line.split(" = ", 1) for line in result.stdout.splitlines() if " = " in line)
            server = account.incoming
            mailbox = home.path / ".local/share/mailops/mail/mpop" / account.key
            expected = {
                "host": server.host,
                "port": str(server.port),
                "user": server.username,
                "password": "*",
                "passwordeval": shlex.join(server.password_command) if server.password_command else as_read(server.password, account.key),
                "auth": "USER" if server.security == "none" else "choose",
                "tls": "off" if server.security == "none" else "on",
                "tls_starttls": "on" if server.security == "starttls" else "off",
                "tls_trust_file": account.ca_file or "system",
                "tls_fingerprint": "(not set)",
                "tls_host_override": "(not set)",
                "tls_certcheck": "on",
                "keep": "on",
                "killsize": "off",
                "filter": "(not set)",
                "delivery": f"maildir {mailbox}",
                "uidls file": f"{home.path}/.mpop_uidls/{account.key}",
            }
            assert {key: values[key] for key in expected} == expected
            assert all((mailbox / part).is_dir() for part in ("cur", "new", "tmp"))

    def as_read(password: str | None, key: str) -> str:
        return "(not set)" if password is None else f"cat ~/.config/mailops/mpop/{key}.incoming.password && echo"

    check()


def test_the_users_own_default_of_mpop_stays(homes: Any) -> None:
    needs("mpop")
    accounts, context = resolved([profile(**POP)])
    own = 'account mine\nhost own.example.net\ndelivery mbox ~/mbox\naccount\t"default" :mine\n'
    for path in (".mpoprc", ".config/mpop/config"):
        home = homes("mpop", accounts, context, {path: own})
        assert "host = imap.example.org" in home.run("mpop", "-P", accounts[0].key).stdout
        assert "host = own.example.net" in home.run("mpop", "-P").stdout


def test_mpop_prefers_the_file_in_the_home(homes: Any) -> None:
    needs("mpop")
    home = homes("mpop", *resolved([profile(**POP)]), {".config/mpop/config": "", ".mpoprc": ""})
    assert "host = imap.example.org" in home.run("mpop", "-P").stdout


@pytest.mark.parametrize("length", [499, 500])
def test_the_longest_line_that_mpop_reads(length: int, homes: Any) -> None:
    needs("mpop")
    accounts, context = resolved([profile(**POP, incoming__username="u" * (length - len('user ""')))])
    reason = clients.get("mpop").skip_reason(accounts[0])
    if length == 500:
        assert reason is not None and "'user'" in reason
    else:
        assert homes("mpop", accounts, context).run("mpop", "-P").returncode == 0


# --- getmail


def test_getmail_reads_what_was_written(homes: Any) -> None:
    needs("getmail")

    @examples(8)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, context = taken("getmail", drawn)
        home = homes("getmail", accounts, context)
        for account in accounts:
            result = home.run(
                "getmail", "-g", str(home.path / ".config/mailops/getmail"), "-r", f"{account.key}.getmailrc", "--dump"
            )
            assert (result.returncode, result.stderr) == (0, "")
            server = account.incoming
            kind = {"imap": "IMAP", "pop": "POP3"}[account.account_type] + ("SSL" if server.security == "tls" else "")
            assert f"Simple{kind}Retriever(" in result.stdout
            expected = {
                "server": server.host,
                "port": server.port,
                "username": server.username,
                "password": "*",
                "path": f"{home.path}/.local/share/mailops/mail/getmail/{account.key}/",
            }
            if server.security == "tls":
                expected["ca_certs"] = account.ca_file or "/etc/ssl/certs/ca-certificates.crt"
            assert [name for name, value in expected.items() if f'{name}="{value}"' not in result.stdout] == []
            (command,) = re.findall(r'password_command="(.*)", port=', result.stdout)
            assert ast.literal_eval(command) == (server.password_command or ())
            for line in ("read_all : False", "delete : False", "delete_after : 0"):
                assert line in result.stdout

    check()


def test_getmail_needs_cas(homes: Any) -> None:
    needs("getmail")
    home = homes("getmail", *resolved([profile(ca_file="/etc/no/such.pem")]))
    result = home.run("getmail", "-g", str(home.path / ".config/mailops/getmail"), "--dump")
    assert result.returncode == 2 and '"/etc/no/such.pem" does not exist' in result.stderr

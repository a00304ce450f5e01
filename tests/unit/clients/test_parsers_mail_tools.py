# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp, mbsync and fetchmail read back what was written for any valid profile and user, and run none of it.

Where a program does not print a value (msmtp masks the password, mbsync prints nothing, fetchmail garbles non-ASCII text), a log-in
in tests/lab proves it.
"""

from __future__ import annotations

import ast
import re
import shlex
from typing import Any

import pytest
from hypothesis import assume, given

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from .accounts import resolved
from .drawn import ATEXT, Drawn, addresses, ascii_text, examples, profiles_and_user, taken
from .programs import Home, needs

pytestmark = pytest.mark.programs


def test_msmtp_reads_what_was_written(homes: Any) -> None:
    needs("msmtp")

    @examples(30)
    # In msmtp's file "*" and "%" in the sender's address begin a pattern.
    @given(profiles_and_user(email=addresses(ATEXT.translate({ord("*"): None, ord("%"): None}))))
    def check(drawn: Drawn) -> None:
        accounts, context = taken("msmtp", drawn)
        own = "defaults\ntls off\ntls_certcheck off\nuser x\npasswordeval false\nauth off\n"
        home = homes("msmtp", accounts, context, {".msmtprc": own})
        for name, account in (("default", accounts[0]), *((account.key, account) for account in accounts)):
            result = home.run("msmtp", "-P", "-a", name)
            assert (result.returncode, result.stderr) == (0, "")
            values = dict(line.split(" = ", 1) for line in result.stdout.splitlines() if " = " in line)
            server = account.outgoing
            expected = {
                "host": server.host,
                "port": str(server.port),
                "from": account.email,
                "user": server.username,
                "password": "*",
                "passwordeval": shlex.join(server.password_command) if server.password_command else as_read(server.password, account.key),
                "auth": "PLAIN" if server.security == "none" else "choose",
                "tls": "off" if server.security == "none" else "on",
                "tls_starttls": "on" if server.security == "starttls" else "off",
                "tls_trust_file": account.ca_file or "system",
                "tls_certcheck": "on",
            }
            assert {key: values[key] for key in expected} == expected

    def as_read(password: str | None, key: str) -> str:
        return "(not set)" if password is None else f"cat ~/.config/mailops/msmtp/{key}.outgoing.password && echo"

    check()


@pytest.mark.parametrize("own", [
    "account default\nhost own.example.net\n", "account mine\nhost own.example.net\naccount default : mine\n",
    'account mine\nhost own.example.net\n account\t"default" :mine\n',
])  # fmt: skip
def test_the_users_own_default_of_msmtp_stays(own: str, homes: Any) -> None:
    needs("msmtp")
    accounts, context = resolved([profile()])
    home = homes("msmtp", accounts, context, {".msmtprc": own})
    result = home.run("msmtp", "-P", "-a", accounts[0].key)
    assert "host = smtp.example.org" in result.stdout
    assert "host = own.example.net" in home.run("msmtp", "-P").stdout


def test_a_default_of_msmtp_that_is_none(homes: Any) -> None:
    """msmtp reads no account from this line of the user's, so the default is ours."""
    needs("msmtp")
    home = homes("msmtp", *resolved([profile()]), {".msmtprc": "account default\thost\nhost own.example.net\n"})
    assert "host = smtp.example.org" in printed(home)


def printed(home: Home) -> str:
    result = home.run("msmtp", "-P")
    assert result.returncode == 0, result
    return result.stdout


def test_msmtp_prefers_the_file_in_the_home(homes: Any) -> None:
    needs("msmtp")
    for existing in ({".config/msmtp/config": ""}, {".config/msmtp/config": "", ".msmtprc": ""}, {".msmtprc": ""}):
        home = homes("msmtp", *resolved([profile()]), existing)
        assert "host = smtp.example.org" in home.run("msmtp", "-P").stdout


@pytest.mark.parametrize(("changes", "part"), [
    ({"outgoing__username": "u" * 500}, "'user'"),
    ({"outgoing__password": None, "outgoing__password_command": ["pass", "x" * 480]}, "'passwordeval'"),
    ({"email": "a*b@example.org"}, "pattern"),
    ({"email": "a%Hb@example.org"}, "pattern"),
])  # fmt: skip
def test_an_account_that_msmtp_does_not_support_has_a_reason(changes: dict[str, Any], part: str) -> None:
    accounts, _context = resolved([profile(**changes)])
    assert part in (clients.get("msmtp").skip_reason(accounts[0]) or "")


@pytest.mark.parametrize("length", [499, 500])
def test_the_longest_line_that_msmtp_reads(length: int, homes: Any) -> None:
    needs("msmtp")
    accounts, context = resolved([profile(outgoing__username="u" * (length - len('user ""')))])
    reason = clients.get("msmtp").skip_reason(accounts[0])
    if length == 500:
        assert reason is not None and "'user'" in reason
    else:
        assert homes("msmtp", accounts, context).run("msmtp", "-P").returncode == 0


# --- mbsync

def said_by_mbsync(home: Home) -> str:
    """It reads the whole file before it looks for the channel. It resolves no address."""
    stderr = home.run("mbsync", "no-such-channel").stderr
    # isync 1.5 would rather have a word that 1.4 does not know.
    return re.sub(r"^\S+: notice: SSLType is deprecated\. Use TLSType instead\.\n", "", stderr, flags=re.MULTILINE)


def test_mbsync_accepts_the_file(homes: Any) -> None:
    needs("mbsync")

    @examples(30)
    @given(profiles_and_user(types=("imap",)))
    def check(drawn: Drawn) -> None:
        accounts, context = taken("mbsync", drawn)
        home = homes("mbsync", accounts, context, {".mbsyncrc": "MaildirStore own\nPath ~/\nSubFolders Verbatim"})
        assert said_by_mbsync(home).splitlines()[0] == "No channel or group named 'no-such-channel' defined."
        for account in accounts:
            assert (home.path / ".local/share/mailops/mail/mbsync" / account.key).is_dir()

    check()


@pytest.mark.parametrize("length", [1021, 1022])
def test_the_longest_line_that_mbsync_reads(length: int, homes: Any) -> None:
    needs("mbsync")
    command = ["pass", "p" * 400, "p" * 400]
    command.append('"' * 8 + "p" * (length - len("PassCmd \"+   ''\"") - 16 - sum(map(len, command))))
    accounts, context = resolved([profile(incoming__password=None, incoming__password_command=command)])
    reason = clients.get("mbsync").skip_reason(accounts[0])
    if length == 1022:
        assert reason is not None and "'PassCmd'" in reason
    else:
        assert said_by_mbsync(homes("mbsync", accounts, context)).startswith("No channel")


# --- fetchmail

# It warns of root, and where the machine's own name has no address.
FETCHMAIL_SAYS = re.compile(
    "(fetchmail: WARNING: .*\n)*(getaddrinfo failed for .*\nCannot find my own host .*\nTrying to continue .*\nDO NOT report .*\nDO repair .*\n+)?"
)


def test_fetchmail_reads_what_was_written(homes: Any) -> None:
    needs("fetchmail")

    @examples(25)
    # fetchmail garbles non-ASCII text in its dump: it uses signed characters as indices.
    @given(profiles_and_user(text=ascii_text))
    def check(drawn: Drawn) -> None:
        assume(drawn[1]["name"].isascii())
        accounts, context = taken("fetchmail", drawn)
        home = homes("fetchmail", accounts, context, {".fetchmailrc": "# my mail\n"})
        result = home.run("fetchmail", "--configdump")
        assert result.returncode == 0, result.stderr
        assert FETCHMAIL_SAYS.fullmatch(result.stderr), result.stderr
        entries = {entry["pollname"]: entry for entry in configuration(result.stdout)["servers"]}
        assert set(entries) == {account.key for account in accounts}
        for account in accounts:
            check_entry(account, context.user.name, entries[account.key])

    def check_entry(account: Account, local_user: str, entry: dict[str, Any]) -> None:
        server = account.incoming
        (login,) = entry.pop("users")
        secure = server.security != "none"
        expected = {
            "via": server.host,
            "protocol": {"imap": "IMAP", "pop": "POP3"}[account.account_type],
            "service": str(server.port),
            "auth": "password",
            "uidl": account.account_type == "pop",
        }
        assert {name: entry[name] for name in expected} == expected
        expected = {
            "remote": server.username,
            "password": server.password,
            "localnames": [local_user],
            "keep": True,
            "ssl": server.security == "tls",
            "sslproto": "TLS1.2+" if secure else "",
            **({"sslcertck": True, "sslcertfile": account.ca_file} if secure else {}),
        }
        assert {name: login[name] for name in expected} == expected

    check()


def test_the_users_own_file_of_fetchmail_stays(homes: Any) -> None:
    """What it says for all entries reaches none of ours."""
    needs("fetchmail")
    accounts, context = resolved([profile()])
    own = "set tracepolls\nset idfile ~/ids\ndefaults no sslcertck fetchall nokeep mda false\npoll own.example.net user me password mine idle\n"
    home = homes("fetchmail", accounts, context, {".fetchmailrc": own})
    assert (home.path / ".fetchmailrc").read_text() == own
    result = home.run("fetchmail", "-f", str(home.path / ".config/mailops/fetchmail/fetchmailrc"), "--configdump")
    found = configuration(result.stdout)
    (entry,) = found["servers"]
    (login,) = entry["users"]
    assert (entry["pollname"], entry["tracepolls"]) == (accounts[0].key, False)
    assert (login["fetchall"], login["keep"], login["mda"], login["idle"]) == (False, True, None, False)


def configuration(dump: str) -> dict[str, Any]:
    """--configdump prints Python source."""
    assigned = {node.targets[0].id: node.value for node in ast.parse(dump).body if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)}  # fmt: skip

    class Booleans(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant({"TRUE": True, "FALSE": False, "None": None}[node.id])

    return ast.literal_eval(Booleans().visit(assigned["fetchmailrc"]))

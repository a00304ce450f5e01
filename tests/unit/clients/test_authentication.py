# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each value of ``authentication``, as the programs name it themselves. Those that do not print their settings are asked by a server
that offers every mechanism and accepts none.
"""

from __future__ import annotations

import contextlib
import re
import socketserver
import threading
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from .accounts import resolved
from .programs import Home, needs
from .test_parsers_fetchers import POP
from .test_parsers_git_and_s_nail import configured, variables
from .test_parsers_mail_tools import configuration
from .test_parsers_mutt import dumped

pytestmark = pytest.mark.programs


def authenticated(value: str, *sides: str, **changes: Any) -> dict[str, Any]:
    """A profile in which these sides have this ``authentication``."""
    for side in sides:
        changes[f"{side}__authentication"] = value
        if value in ("oauth2", "none"):
            changes[f"{side}__password"] = None
        if value == "oauth2":
            changes[f"{side}__password_command"] = ["echo", "token"]
    return profile(**changes)


def printed(home: Home, *argv: str) -> str:
    result = home.run(*argv)
    assert result.returncode == 0, result
    return result.stdout


def msmtp(home: Home, account: Account) -> str:
    return re.search("^auth = (.*)$", printed(home, "msmtp", "-P", "-a", account.key), re.MULTILINE)[1]


def mpop(home: Home, account: Account) -> str:
    return re.search("^auth = (.*)$", printed(home, "mpop", "-P", account.key), re.MULTILINE)[1]


def fetchmail(home: Home, account: Account) -> str:
    (server,) = configuration(printed(home, "fetchmail", "--configdump"))["servers"]
    return server["auth"]


def getmail(home: Home, account: Account) -> str:
    dump = printed(home, "getmail", "-g", str(home.path / ".config/mailops/getmail"), "-r", f"{account.key}.getmailrc", "--dump")
    return " ".join(name for name in ("use_cram_md5", "use_xoauth2", "use_kerberos") if f'{name}="True"' in dump)


def git(home: Home, account: Account) -> str:
    return configured(home)[f"sendemail.{account.key}.smtpauth"][-1]


EVERY = {"gssapi": "GSSAPI", "ntlm": "NTLM", "oauth2": "XOAUTH2", "encrypted": "CRAM-MD5", "none": "none"}
FETCHMAIL = {"password": "password", "encrypted": "cram-md5", "gssapi": "gssapi", "ntlm": "ntlm"}
PRINTED = [
    *((msmtp, {}, "outgoing", name, word) for name, word in {"password": "choose", **EVERY}.items()),
    *((mpop, POP, "incoming", name, word) for name, word in {"password": "choose", **EVERY}.items() if name != "none"),
    *((fetchmail, {}, "incoming", name, word) for name, word in FETCHMAIL.items()),
    *((getmail, {}, "incoming", name, word) for name, word in {"password": "", "encrypted": "use_cram_md5", "oauth2": "use_xoauth2"}.items()),
    *((git, {}, "outgoing", name, word) for name, word in {"password": "PLAIN LOGIN", "encrypted": "CRAM-MD5", "none": "none"}.items()),
]
CLIENT = {git: "git_send_email"}


@pytest.mark.parametrize(("program", "changes", "side", "value", "word"), PRINTED, ids=lambda each: getattr(each, "__name__", None) or str(each))
def test_the_program_knows_it_by_its_word(program: Any, changes: dict[str, Any], side: str, value: str, word: str, homes: Any) -> None:
    needs(program.__name__)
    accounts, context = resolved([authenticated(value, side, **changes)])
    assert program(homes(CLIENT.get(program, program.__name__), accounts, context), accounts[0]) == word


MUTT = {
    ("imap", "password"): "plain:login", ("imap", "gssapi"): "gssapi", ("imap", "oauth2"): "oauthbearer:xoauth2",
    ("smtp", "password"): "plain:login", ("smtp", "oauth2"): "oauthbearer:xoauth2",
    ("pop", "password"): "user", ("pop", "oauth2"): "oauthbearer",
}  # fmt: skip
S_NAIL = {
    ("imap", "password"): "login", ("imap", "encrypted"): "cram-md5", ("imap", "gssapi"): "gssapi", ("imap", "oauth2"): "oauthbearer",
    ("pop3", "password"): "plain", ("pop3", "gssapi"): "gssapi", ("pop3", "oauth2"): "oauthbearer",
    ("smtp", "password"): "plain", ("smtp", "encrypted"): "cram-md5", ("smtp", "gssapi"): "gssapi", ("smtp", "oauth2"): "oauthbearer",
    ("smtp", "none"): "none",
}  # fmt: skip


def side_of(kind: str) -> tuple[str, dict[str, Any]]:
    return ("outgoing" if kind == "smtp" else "incoming"), (POP if kind.startswith("pop") else {})


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
@pytest.mark.parametrize(("kind", "value"), MUTT)
def test_mutt_knows_it_by_its_word(program: str, kind: str, value: str, homes: Any) -> None:
    needs(program)
    side, changes = side_of(kind)
    home = homes("neomutt", *resolved([authenticated(value, side, **changes)]))
    assert dumped(home, program)[f"{kind}_authenticators"] == MUTT[kind, value]


@pytest.mark.parametrize(("kind", "value"), S_NAIL)
def test_s_nail_knows_it_by_its_word(kind: str, value: str, homes: Any) -> None:
    needs("s-nail")
    side, changes = side_of(kind)
    home = homes("s_nail", *resolved([authenticated(value, side, **changes)]))
    assert variables(home, f"{kind}-auth") == {f"{kind}-auth": S_NAIL[kind, value]}


# --- programs that print nothing

MECHANISMS = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 GSSAPI NTLM XOAUTH2 OAUTHBEARER"


class Imap(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        offered = "CAPABILITY IMAP4rev1 " + " ".join(f"AUTH={name}" for name in self.server.mechanisms)
        self.wfile.write(f"* OK [{offered}]\r\n".encode())
        while line := self.rfile.readline().decode():
            tag, command, *rest = line.split()
            if command.upper() == "CAPABILITY":
                self.wfile.write(f"* {offered}\r\n{tag} OK done\r\n".encode())
            elif command.upper() in ("AUTHENTICATE", "LOGIN"):
                self.server.asked.append(rest[0] if command.upper() == "AUTHENTICATE" else command.upper())
                self.wfile.write(f"{tag} NO failed\r\n".encode())
            else:
                self.wfile.write(f"{tag} OK done\r\n".encode())


@contextlib.contextmanager
def offering(*mechanisms: str) -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Imap) as server:
        server.mechanisms, server.asked, server.daemon_threads = mechanisms, [], True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def at(server: Any) -> dict[str, Any]:
    return {"incoming__host": "127.0.0.1", "incoming__port": server.server_address[1], "incoming__security": "none", "incoming__allow_cleartext": True}


@pytest.mark.parametrize(("value", "asked"), [("password", "PLAIN"), ("encrypted", "CRAM-MD5"), ("oauth2", "XOAUTH2")])
def test_offlineimap_asks_for_it(value: str, asked: str, homes: Any) -> None:
    needs("offlineimap")
    with offering(*MECHANISMS.split()) as server:
        accounts, context = resolved([authenticated(value, "incoming", **at(server))])
        homes("offlineimap", accounts, context).run("offlineimap", "-o", "-u", "basic")
    assert server.asked[0] == asked


@pytest.mark.parametrize(("value", "accepted"), [
    ("encrypted", {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}), ("gssapi", {"GSSAPI"}), ("ntlm", {"NTLM"}),
])  # fmt: skip
def test_mbsync_accepts_it(value: str, accepted: set[str], homes: Any) -> None:
    """From a server that offers nothing else."""
    needs("mbsync")
    found = set()
    for mechanism in MECHANISMS.split():
        with offering(mechanism) as server:
            accounts, context = resolved([authenticated(value, "incoming", **at(server))])
            said = homes("mbsync", accounts, context).run("mbsync", "--all").stderr
        assert said
        if "server supports no acceptable authentication mechanism" not in said:
            found.add(mechanism)
    assert found == accepted


@pytest.mark.parametrize(("offered", "asked"), [("PLAIN", "PLAIN"), ("ANONYMOUS", "LOGIN")])
def test_mbsync_sends_a_password(offered: str, asked: str, homes: Any) -> None:
    needs("mbsync")
    with offering(offered) as server:
        homes("mbsync", *resolved([profile(**at(server))])).run("mbsync", "--all")
    assert server.asked == [asked]


def test_every_value_of_these_clients_is_here() -> None:
    judged = {(CLIENT.get(program, program.__name__), value) for program, _changes, _side, value, _word in PRINTED}
    judged |= {("neomutt", value) for _kind, value in MUTT} | {("s_nail", value) for _kind, value in S_NAIL}
    judged |= {("offlineimap", value) for value in ("password", "encrypted", "oauth2")}
    judged |= {("mbsync", value) for value in ("password", "encrypted", "gssapi", "ntlm")}
    names = {name for name, _value in judged}
    # NeoMutt's "none" is a log-in that is not tried: its URL has no user then.
    assert {(name, value) for name in names for value in clients.get(name).authentications} - judged == {("neomutt", "none")}

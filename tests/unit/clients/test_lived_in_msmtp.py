# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp and mpop where the user has a file already: theirs works as before, and nothing of it reaches our accounts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import NEXT_FILE, OTHER_INSTANCES, OUR_BLOCK
from ansible_collections.mailops.profiles.plugins.module_utils._writer.planner import _matching
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import JOANNA, resolved
from .home import materialise
from .programs import Home, needs

pytestmark = pytest.mark.programs

# A value for every directive that both programs, or one of them, have in "defaults"; none is what our accounts say.
COMMON = {
    "port": "1", "timeout": "7", "proxy_host": "proxy.own.example", "proxy_port": "9", "source_ip": "192.0.2.1", "auth": "off", "user": "own",
    "password": "own-password", "passwordeval": "echo own-password", "ntlmdomain": "OWN", "tls": "off", "tls_starttls": "off",
    "tls_trust_file": "/own.pem", "tls_crl_file": "/own.crl", "tls_fingerprint": ":".join(["00"] * 32), "tls_key_file": "/own.key",
    "tls_cert_file": "/own.crt", "tls_certcheck": "off", "tls_min_dh_prime_bits": "512", "tls_priorities": "NORMAL",
    "tls_host_override": "own.example", "socket": "/own.sock", "host": "own.example",
}  # fmt: skip
HOSTILE = {
    "msmtp": {
        **COMMON, "protocol": "lmtp", "domain": "own.example", "from": "own@example.net", "auto_from": "on", "maildomain": "own.example",
        "allow_from_override": "off", "from_full_name": "Own", "set_from_header": "on",
        "set_date_header": "off", "set_msgid_header": "off", "add_missing_from_header": "off",
        "add_missing_date_header": "off", "remove_bcc_headers": "off", "undisclosed_recipients": "on", "dsn_notify": "failure",
        "dsn_return": "full", "logfile": "/own.log", "logfile_time_format": "own", "syslog": "on", "aliases": "/own.aliases",
    },
    "mpop": {
        **COMMON, "auth": "plain", "pipelining": "on", "received_header": "off", "delivery": "mbox /own", "uidls_file": "/own.uidls", "only_new": "off",
        "keep": "off", "killsize": "0", "skipsize": "1", "filter": "false",
    },
}  # fmt: skip
NEEDED = {"msmtp": "from own@example.net", "mpop": "user own\ndelivery mbox ~/own"}
BEFORE_ACCOUNTS = ("host own.example\n", "# mine\n\n  host own.example\ntls on\n", "host own.example\naccount second\nhost x\n", "eval echo host own.example\n")
RC = {"msmtp": ".msmtprc", "mpop": ".mpoprc"}
PROGRAMS = pytest.mark.parametrize("program", ["msmtp", "mpop"])


def account_of(program: str, **changes: Any) -> Any:
    return resolved([profile(**({"account_type": "pop"} if program == "mpop" else {}), **changes)])


def printed(home: Home, program: str, *arguments: str) -> dict[str, str]:
    # "-a" chooses an account for msmtp, and all of them for mpop.
    names = arguments if program == "mpop" else tuple(word for name in arguments for word in ("-a", name))
    result = home.run(program, "-P", *names)
    assert (result.returncode, result.stderr) == (0, ""), result
    return dict(re.findall(r"^(\w+)\s+= (.*)$", result.stdout.replace(str(home.path), "~"), re.MULTILINE))


@pytest.mark.parametrize(("program", "directive"), [(program, name) for program, values in HOSTILE.items() for name in values])
def test_no_default_of_the_users_reaches_our_account(program: str, directive: str, homes: Any) -> None:
    needs(program)
    accounts, context = account_of(program)
    alone = printed(homes(program, accounts, context), program, accounts[0].key)
    own = f"defaults\n{directive} {HOSTILE[program][directive]}\n"
    home = homes(program, accounts, context, {RC[program]: own})
    if directive == "from_full_name":  # since 1.8.24
        (home.path / "own").write_text(own)
        (home.path / "own").chmod(0o600)
        if "unknown command" in home.run("msmtp", "-P", "-C", "own", "a@example.net").stderr:
            # This version rejects the user's own file, so there is nothing to print; ours undoes what the user's text has.
            assert "\nfrom_full_name\n" in (home.path / RC[program]).read_text().replace(own, "")
            assert "from_full_name" not in (homes(program, accounts, context).path / RC[program]).read_text()
            return
        alone["from_full_name"] = ""
    assert printed(home, program, accounts[0].key) == alone
    assert printed(home, program) == alone


@PROGRAMS
def test_nor_do_all_of_them(program: str, homes: Any) -> None:
    needs(program)
    accounts, context = account_of(program)
    alone = printed(homes(program, accounts, context), program, accounts[0].key)
    own = "defaults\n" + "".join(f"{name} {value}\n" for name, value in HOSTILE[program].items() if name != "from_full_name")
    home = homes(program, accounts, context, {RC[program]: own})
    assert printed(home, program, accounts[0].key) == printed(home, program) == alone
    # The same as what the program would say of an account for which nothing was stated.
    assert {alone.get(name) for name in ("proxy_host", "tls_priorities", "source_ip", "logfile", "aliases")} <= {"(not set)", None}


@pytest.mark.parametrize(("program", "own"), [(program, own) for program in ("msmtp", "mpop") for own in [
    "account default\nhost own.example\n", "account mine\nhost own.example\naccount default : mine\n",
    "defaults\ntls on\naccount \"default\"\nhost own.example\n", "account mine\nhost own.example\neval echo account default : mine\n",
    "eval echo account default\nhost own.example\n", *(BEFORE_ACCOUNTS if program == "msmtp" else ()),  # mpop has no accounts without a name
]])  # fmt: skip
@pytest.mark.parametrize("marked", [False, True])
def test_the_users_own_default_stays(program: str, own: str, marked: bool, homes: Any) -> None:
    needs(program)
    own = own.replace("host own.example\n", f"host own.example\n{NEEDED[program]}\n")
    accounts, context = account_of(program, default=marked)
    home = homes(program, accounts, context, {RC[program]: own})
    assert printed(home, program)["host"] == "own.example"
    assert printed(home, program, accounts[0].key)["host"].endswith(".example.org")
    assert JOANNA["password"] not in (home.path / RC[program]).read_text()


@PROGRAMS
def test_ours_is_the_default_where_there_is_none(program: str, homes: Any) -> None:
    needs(program)
    for own in ("", "# host x\n", "defaults\ntls on\n", "defaults\nset_msgid_header off\n" if program == "msmtp" else "account mine\nhost own.example\n"):
        accounts, context = account_of(program)
        assert printed(homes(program, accounts, context, {RC[program]: own}), program)["host"].endswith(".example.org")


@PROGRAMS
def test_a_file_that_others_can_read(program: str, homes: Any) -> None:
    """Without a password of the user's it may be; the programs reject it when the word is in it, as it is in ours."""
    needs(program)
    accounts, context = account_of(program)
    home = homes(program, accounts, context, {RC[program]: "defaults\ntls on\n"})
    (home.path / RC[program]).write_text("defaults\ntls on\n")
    (home.path / RC[program]).chmod(0o644)
    materialise(clients.get(program).files(accounts, context), home.path)
    assert printed(home, program)["host"].endswith(".example.org")


@PROGRAMS
def test_an_own_account_with_the_name_of_ours(program: str, homes: Any) -> None:
    """The program would reject the file, the user's accounts included: nothing is written."""
    needs(program)
    accounts, context = account_of(program, key="mine")
    own = f"account mine\nhost own.example\n{NEEDED[program]}\n"
    home = homes(program, accounts, context, {RC[program]: own})
    assert (home.path / RC[program]).read_text() == own
    assert printed(home, program, "mine")["host"] == "own.example"


@PROGRAMS
@pytest.mark.parametrize("line", ["timeout 77\n", "\n# mine\ntls_min_dh_prime_bits 1024\n"])
def test_a_line_below_our_accounts_is_none_before_all_accounts(program: str, line: str, homes: Any) -> None:
    """It is part of the last account for the program, and no account of the user's. Ours stays the default one, without which nothing is sent."""
    needs(program)
    accounts, context = account_of(program)
    home = homes(program, accounts, context)
    text = (home.path / RC[program]).read_text()
    (home.path / RC[program]).write_text(text + line)
    for _again in range(2):
        materialise(clients.get(program).files(accounts, context), home.path)
        assert (home.path / RC[program]).read_text() == text + line
    assert printed(home, program)["host"].endswith(".example.org")
    (home.path / RC[program]).write_text(f"account mine\nhost own.example\n{NEEDED[program]}\naccount default : mine\n{text}{line}")
    materialise(clients.get(program).files(accounts, context), home.path)
    assert printed(home, program)["host"] == "own.example"


@pytest.mark.parametrize("host", [
    "account default\nhost own.example\n", "# all\nhost own.example\n", "defaults\ntls_host_override x\naccount default\nhost own.example\n",
])  # fmt: skip
@pytest.mark.parametrize("file", ["", "defaults\ntls on\n"])
def test_a_default_of_the_host_that_comes_later_is_not_the_users(host: str, file: str) -> None:
    """The user's own file wins over /etc/msmtprc in msmtp. (Not one of the machine's: the text is what the writer makes of the two.)"""
    accounts, context = account_of("msmtp")
    (ours,) = [each for each in clients.get("msmtp").files(accounts, context) if each.variants]

    def chosen(host: str, previous: bytes, own: str = "") -> bytes:
        text = f"{file}{own}#{OUR_BLOCK}\n\n{NEXT_FILE}\n{host}\n{OTHER_INSTANCES}".encode()
        return (_matching(ours, text, previous) or ours).content or b""

    def has_default(content: bytes) -> bool:
        return b"\naccount default : " in content

    first, without = chosen("", b""), chosen(host, b"")
    assert has_default(first) and not has_default(without) and not has_default(chosen(host, without))
    assert has_default(chosen(host, first)) and has_default(chosen("", without))
    assert not has_default(chosen(host, first, "account default\nhost own.example\n"))
    (marked,) = [each for each in clients.get("msmtp").files(*account_of("msmtp", default=True)) if each.variants]
    assert has_default(marked.content or b"") and not has_default(chosen(host, marked.content or b""))

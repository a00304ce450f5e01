# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any profile and user that validation lets through: the real program reads back what went in, and runs nothing.

Where a program cannot show a value (msmtp masks the password, mbsync shows nothing, fetchmail garbles what is not ASCII), a
log-in in tests/lab proves it. MAILOPS_EXAMPLES=1000 looks longer.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

from .accounts import JOANNA, profile, resolved
from .home import materialise

CANARY = "canary"
FRAGMENTS = (
    f"`touch {CANARY}`", f"$(touch {CANARY})", f"|touch {CANARY}", f"; touch {CANARY};",
    f"'`touch {CANARY}`'", f'"`touch {CANARY}`"',
    "'", '"', "\\", "`", "$", "$HOME", "${HOME}", "#", "%", "%s", "%41", "%U", "|", ";", "{", "}", "&", "<", ">", "~", "!", "=",
    "+", ".", "/", " ", "  ", "\\n", "\\x41", "\\101", "\\\"", "\u0142", "\u00df", "\u65e5\u672c", "\U0001f511", "a", "B", "0", "f",
)  # fmt: skip
ATEXT = "abcXYZ0123456789!#$%&'*+/=?^_`{|}~-"

any_text = st.lists(st.sampled_from(FRAGMENTS) | st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12).map("".join)
ascii_text = st.lists(st.sampled_from([each for each in FRAGMENTS if each.isascii()]), min_size=1, max_size=12).map("".join)
word = any_text.map(str.strip).filter(bool)
local_part = st.lists(st.text(ATEXT, min_size=1, max_size=12), min_size=1, max_size=3).map(".".join)
address = st.builds("{}@{}".format, local_part, st.sampled_from(["example.org", "b\u00fccher.example", "mail.example.com"]))
host = st.sampled_from(["imap.example.org", "b\u00fccher.example", "192.0.2.7", "2001:db8::7"])
security = st.sampled_from(["tls", "starttls", "none"])
# msmtp -P runs it.
command = st.none() | st.lists(any_text, max_size=3).map(lambda words: ["printf", "%s\\n", *words])
login = st.text("abcxyz0189._-'$\\`\"#{}|;&\u0142", min_size=1, max_size=12)

Drawn = tuple[list[dict[str, Any]], dict[str, Any]]


@st.composite
def profiles_and_user(draw: st.DrawFn, text: st.SearchStrategy[str] = any_text, types: tuple[str, ...] = ("imap", "pop")) -> Drawn:
    words = text.map(str.strip).filter(bool)
    own = {"Sender": words, "Login": words, "Signature": text, "Folder": words, "Pin": text, "Reply": address}
    user = {
        "name": draw(login),
        "email": draw(address),
        "display_name": draw(words),
        "password": draw(text),
        "variables": {name: draw(value) for name, value in own.items()},
    }
    names = draw(st.sampled_from([["work"], ["work", "Work"]]))
    return [_profile(draw, name, draw(st.sampled_from(types)), list(own)) for name in names], user


def _profile(draw: st.DrawFn, name: str, account_type: str, variables: list[str]) -> dict[str, Any]:
    data = profile(
        name,
        variables=dict.fromkeys(variables),
        account_type=account_type,
        sender_name=draw(st.sampled_from(["{Sender}", "{UserDisplayName}"])),
        reply_to=draw(st.sampled_from([None, "{Reply}"])),
        signature=draw(st.sampled_from([None, "{Signature}\n--\n{UserEmail}"])),
        check_interval=draw(st.none() | st.integers(1, 10_080)),
        ca_file=draw(st.sampled_from([None, "/etc/ssl/certs/ca-certificates.crt"])),
    )
    if account_type == "imap":
        data["folders"] = draw(st.sampled_from([None, {"sent": "{Folder}", "drafts": "Entw\u00fcrfe"}, {"trash": "{Folder}"}]))
    for side in ("incoming", "outgoing"):
        words = draw(command)
        data[side] = {
            "host": draw(host),
            "port": draw(st.sampled_from([None, 4711])),
            "security": draw(security),
            "allow_cleartext": True,
            "username": draw(st.sampled_from(["{Login}", "{UserEmail}"])),
            "password": None if words else draw(st.sampled_from(["{UserPassword}", "{Pin}"])),
            "password_command": [_literal(each) for each in words] if words else None,
        }
    return data


def _literal(text: str) -> str:
    # No variable, and no backslash that would be taken for the escape of one.
    return text.replace("{", "(").replace("<", "(")


def examples(usual: int) -> settings:
    return settings(
        max_examples=int(os.environ.get("MAILOPS_EXAMPLES", usual)), deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )  # fmt: skip


def taken(client: str, drawn: Drawn) -> tuple[list[Account], User]:
    """The accounts that validation lets through and the client does not refuse."""
    try:
        accounts, user = resolved(*drawn)
    except MailopsError:
        assume(False)
    accounts = [account for account in accounts if clients.get(client).skip_reason(account) is None]
    assume(accounts)
    return accounts, user


class Home:
    """A home with the files of one client, in which its program runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        # HOME and a locale, and nothing that helps.
        environment = {"HOME": str(self.path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", "USER": "somebody"}
        result = subprocess.run(
            argv, cwd=self.path, env=environment, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
        assert not list(self.path.rglob(CANARY)), "a command ran"
        return subprocess.CompletedProcess(argv, result.returncode, result.stdout.decode(), result.stderr.decode())


@pytest.fixture
def homes() -> Iterator[Any]:
    """A function that gives a home with the files of a client."""
    with tempfile.TemporaryDirectory() as directory:

        def make(client: str, accounts: list[Account], user: User, existing: dict[str, str] | None = None) -> Home:
            path = Path(tempfile.mkdtemp(dir=directory))
            for name, text in (existing or {}).items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_text(text, encoding="utf-8")
                (path / name).chmod(0o600)
            materialise(clients.get(client).files(accounts, user), path)
            return Home(path)

        yield make


def needs(program: str) -> None:
    if not shutil.which(program):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{program} is not installed")


# --- mutt, neomutt

_DUMPED = {
    "mutt": re.compile(r'^(\w+)(?:="((?:[^"\\]|\\.)*)"|=(\S+)| is ((?:un)?set))$', re.MULTILINE),
    "neomutt": re.compile(r'^set (\w+) = (?:"((?:[^"\\]|\\.)*)"|(yes|no|\S+)())$', re.MULTILINE),
}
_SPELLED = {"real_name": "realname", "spool_file": "spoolfile"}


def dumped(home: Home, program: str) -> dict[str, str]:
    """The variables as the program started without any other argument knows them."""
    result = home.run(program, "-D")
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    values = {}
    for name, text, bare, switch in _DUMPED[program].findall(result.stdout):
        value = re.sub(r"\\(.)", r"\1", text) or bare or {"set": "yes", "unset": "no"}.get(switch, "")
        values[_SPELLED.get(name, name)] = value
    return values


def as_mutt_has_it(account: Account, home: Path) -> dict[str, str]:
    incoming, outgoing = account.incoming, account.outgoing
    kind = account.account_type
    host = f"[{incoming.host}]" if ":" in incoming.host else incoming.host
    url = f"{kind}{'s' if incoming.security == 'tls' else ''}://{host}:{incoming.port}/"
    forced = "no" if "none" in (incoming.security, outgoing.security) else "yes"
    expected = {
        "realname": account.sender_name,
        f"{kind}_user": incoming.username,
        "ssl_force_tls": forced,
        "ssl_starttls": forced,
        "ssl_verify_host": "yes",
    }
    expected |= {"folder": url} if kind == "imap" else {"pop_host": url, "pop_delete": "no"}
    expected |= {} if incoming.password is None else {f"{kind}_pass": incoming.password}
    expected |= {} if outgoing.password is None else {"smtp_pass": outgoing.password}
    expected |= {"certificate_file": account.ca_file} if account.ca_file else {}
    expected |= {"timeout": str(min(account.check_interval * 60, 32767))} if account.check_interval else {}
    return expected


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt_reads_what_went_in(program: str, homes: Any) -> None:
    needs(program)

    @examples(80)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, user = taken("neomutt", drawn)
        # The output of the command is what a password is, and no more.
        home = homes("neomutt", accounts, user)
        account = accounts[0]
        for script in home.path.rglob("*.password-command"):
            side = script.name.split(".")[-2]
            owner = next(each for each in accounts if each.key == script.name.split(".")[0])
            assert shlex.split(script.read_text()) == list(getattr(owner, side).password_command)
            script.write_text(f"printf '%s\\n' {shlex.quote(_output(user))}\nprintf 'second line\\n'\n")
        values = dumped(home, program)
        expected = as_mutt_has_it(account, home.path)
        for name, side in ((f"{account.account_type}_pass", "incoming"), ("smtp_pass", "outgoing")):
            if getattr(account, side).password_command:
                expected[name] = _output(user)
        assert {name: values.get(name) for name in expected} == expected
        assert idn(values["from"]) == account.email
        smtp = re.fullmatch(r"(smtps?)://([^@]*)@(.*):(\d+)/", values["smtp_url"])
        assert smtp and urllib.parse.unquote(smtp[2]) == account.outgoing.username
        assert (smtp[3].strip("[]"), int(smtp[4])) == (account.outgoing.host, account.outgoing.port)
        for name, variable in (("sent", "record"), ("drafts", "postponed"), ("trash", "trash")):
            if name in account.folders:
                assert values[variable] in (f"={account.folders[name]}", f"{expected['folder']}{account.folders[name]}")
        if account.signature:
            path = values["signature"].replace("~", str(home.path), 1)
            assert Path(path).read_text(encoding="utf-8").rstrip("\n") == account.signature.rstrip("\n")

    check()


def _output(user: User) -> str:
    return user.password or ""


def idn(address: str) -> str:
    """Mutt shows the domain as people read it."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
@pytest.mark.parametrize(("existing", "read_by"), [
    ({}, {"mutt", "neomutt"}),
    ({".muttrc": ""}, {"mutt", "neomutt"}),
    ({".muttrc": "", ".mutt/muttrc": "", ".config/mutt/muttrc": "", ".config/neomutt/neomuttrc": ""}, {"mutt", "neomutt"}),
    ({".mutt/muttrc": "", ".config/mutt/muttrc": "", ".neomuttrc": ""}, {"mutt", "neomutt"}),
    ({".config/mutt/muttrc": ""}, {"mutt", "neomutt"}),
    ({".config/neomutt/muttrc": "", ".neomutt/neomuttrc": ""}, {"mutt", "neomutt"}),
    ({".config/mutt/neomuttrc": "", ".mutt/neomuttrc": "", ".muttrc": ""}, {"mutt", "neomutt"}),
    ({".neomutt/muttrc": "", ".mutt/muttrc": ""}, {"mutt", "neomutt"}),
])  # fmt: skip
def test_the_block_is_where_the_program_looks(program: str, existing: dict[str, str], read_by: set[str], homes: Any) -> None:
    needs(program)
    accounts, user = resolved([profile()])
    home = homes("neomutt", accounts, user, {name: f"set attribution='{name}'\n" for name in existing})
    values = dumped(home, program)
    assert (values["from"] == accounts[0].email) == (program in read_by)
    assert (values["attribution"] in existing) == bool(existing) or program == "mutt"


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_nothing_of_one_account_is_left_in_the_other(program: str, homes: Any) -> None:
    needs(program)
    rich = profile("rich", default=True, signature="Rich", reply_to="r@example.org", folders={"sent": "Sent", "trash": "Trash"},
                   check_interval=7, ca_file="/etc/ssl/certs/ca-certificates.crt")
    poor = profile("poor", account_type="pop", incoming__password=None, outgoing__password=None, outgoing__authentication="none")
    accounts, user = resolved([rich, poor])
    home = homes("neomutt", accounts, user)
    plain = dumped(homes("neomutt", *resolved([poor])), program)
    rc = home.path / ".muttrc"
    rc.write_text(f"{rc.read_text()}source ~/.config/mailops/neomutt/{accounts[1].key}.muttrc\n")
    switched = dumped(home, program)
    assert {name: (value, plain.get(name)) for name, value in switched.items() if value != plain.get(name)} == {}
    assert "unmy_hdr Reply-To" in (home.path / f".config/mailops/neomutt/{accounts[1].key}.muttrc").read_text()


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_one_account_leaves_what_is_not_its_business(program: str, homes: Any) -> None:
    needs(program)
    own = "set signature='~/own' record='~/sent' config_charset='iso-8859-1' mail_check=77\n"
    home = homes("neomutt", *resolved([profile(sender_name="Zo\u00eb")]), {".muttrc": own})
    values = dumped(home, program)
    assert [values[name] for name in ("record", "config_charset", "mail_check")] == ["~/sent", "iso-8859-1", "77"]
    assert values["signature"].endswith("own")
    assert values["realname"] == "Zo\u00eb"


# --- msmtp

def test_msmtp_reads_what_went_in(homes: Any) -> None:
    needs("msmtp")

    @examples(80)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, user = taken("msmtp", drawn)
        own = "defaults\ntls off\ntls_certcheck off\nuser x\npasswordeval false\nauth off\n"
        home = homes("msmtp", accounts, user, {".msmtprc": own})
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
                "passwordeval": shlex.join(server.password_command) if server.password_command else "(not set)",
                "auth": "PLAIN" if server.security == "none" else "choose",
                "tls": "off" if server.security == "none" else "on",
                "tls_starttls": "on" if server.security == "starttls" else "off",
                "tls_trust_file": account.ca_file or "system",
                "tls_certcheck": "on",
            }
            assert {key: values[key] for key in expected} == expected

    check()


@pytest.mark.parametrize("own", [
    "account default\nhost own.example.net\n", "account mine\nhost own.example.net\naccount default : mine\n",
    'account mine\nhost own.example.net\n account\t"default" :mine\n', "account default\thost\nhost own.example.net\n",
])  # fmt: skip
def test_the_users_own_default_of_msmtp_stays(own: str, homes: Any) -> None:
    needs("msmtp")
    accounts, user = resolved([profile()])
    home = homes("msmtp", accounts, user, {".msmtprc": own})
    result = home.run("msmtp", "-P", "-a", accounts[0].key)
    if "\thost" in own:  # no default account, but an error of the user's own
        return
    assert "host = smtp.example.org" in result.stdout
    assert "host = own.example.net" in home.run("msmtp", "-P").stdout


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
def test_what_msmtp_cannot_take_is_said(changes: dict[str, Any], part: str) -> None:
    accounts, _user = resolved([profile(**changes)])
    assert part in (clients.get("msmtp").skip_reason(accounts[0]) or "")


@pytest.mark.parametrize("length", [499, 500])
def test_the_longest_line_that_msmtp_takes(length: int, homes: Any) -> None:
    needs("msmtp")
    accounts, user = resolved([profile()], {**JOANNA, "password": "p" * (length - len('password ""'))})
    reason = clients.get("msmtp").skip_reason(accounts[0])
    if length == 500:
        assert reason is not None and "'password'" in reason
    else:
        assert homes("msmtp", accounts, user).run("msmtp", "-P").returncode == 0


# --- mbsync

def test_mbsync_takes_the_file(homes: Any) -> None:
    needs("mbsync")

    @examples(80)
    @given(profiles_and_user(types=("imap",)))
    def check(drawn: Drawn) -> None:
        accounts, user = taken("mbsync", drawn)
        home = homes("mbsync", accounts, user, {".mbsyncrc": "MaildirStore own\nPath ~/\nSubFolders Verbatim"})
        # It reads the whole file before it looks for the channel. No address is looked up.
        result = home.run("mbsync", "no-such-channel")
        assert result.stderr.splitlines()[0] == "No channel or group named 'no-such-channel' defined."
        for account in accounts:
            assert (home.path / "Mail" / account.key).is_dir()

    check()


@pytest.mark.parametrize("length", [1021, 1022])
def test_the_longest_line_that_mbsync_takes(length: int, homes: Any) -> None:
    needs("mbsync")
    accounts, user = resolved([profile()], {**JOANNA, "password": '"' * 8 + "p" * (length - len('Pass ""') - 16)})
    reason = clients.get("mbsync").skip_reason(accounts[0])
    if length == 1022:
        assert reason is not None and "'Pass'" in reason
    else:
        assert homes("mbsync", accounts, user).run("mbsync", "x").stderr.startswith("No channel")


# --- fetchmail

def test_fetchmail_reads_what_went_in(homes: Any) -> None:
    needs("fetchmail")

    @examples(60)
    # What is not ASCII is dumped as rubbish: with signed characters for indices.
    @given(profiles_and_user(text=ascii_text))
    def check(drawn: Drawn) -> None:
        assume(drawn[1]["name"].isascii())
        accounts, user = taken("fetchmail", drawn)
        own = "defaults ssl sslproto '' no sslcertck fetchall\npoll own.example.net\n"
        home = homes("fetchmail", accounts, user, {".fetchmailrc": own})
        result = home.run("fetchmail", "--configdump")
        assert result.returncode == 0, result.stderr
        assert all(line.startswith("fetchmail: WARNING: ") for line in result.stderr.splitlines()), result.stderr
        entries = {entry["pollname"]: entry for entry in configuration(result.stdout)["servers"]}
        assert set(entries) == {"own.example.net", *(account.key for account in accounts)}
        for account in accounts:
            check_entry(account, user, entries[account.key])

    def check_entry(account: Account, user: User, entry: dict[str, Any]) -> None:
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
            "localnames": [user.name],
            "keep": True,
            "ssl": server.security == "tls",
            "sslproto": "TLS1.2+" if secure else "",
            **({"sslcertck": True, "sslcertfile": account.ca_file} if secure else {}),
        }
        assert {name: login[name] for name in expected} == expected

    check()


def configuration(dump: str) -> dict[str, Any]:
    """What --configdump prints is Python source."""
    assigned = {node.targets[0].id: node.value for node in ast.parse(dump).body if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)}  # fmt: skip

    class Booleans(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant({"TRUE": True, "FALSE": False}[node.id])

    return ast.literal_eval(Booleans().visit(assigned["fetchmailrc"]))

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As test_parsers_mail_tools.py, for S-nail and git send-email; and which accounts these two and aerc do not support.

aerc needs a terminal: see tests/lab/test_aerc.py.
"""

from __future__ import annotations

import os
import re
from email.header import decode_header, make_header
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, given

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server

from ...profiles import profile
from .accounts import JOANNA, resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .programs import Home, needs

pytestmark = pytest.mark.programs

COMMAND = ["pass", "show", "mail"]
ADDRESS = {"incoming__host": "2001:db8::1"}
NO_PASSWORD = {"incoming__password": None}
TOKEN = {**NO_PASSWORD, "incoming__password_command": COMMAND, "incoming__authentication": "oauth2"}


@pytest.mark.parametrize(("client", "changes", "part"), [
    ("aerc", {"account_type": "pop"}, "POP"),
    ("aerc", NO_PASSWORD, "incoming.password_command"),
    ("aerc", {"outgoing__password": None}, "outgoing.password_command"),
    ("aerc", {"outgoing__password": None, "outgoing__authentication": "none"}, None),
    ("aerc", {**NO_PASSWORD, "incoming__authentication": "none"}, "incoming.authentication"),
    ("aerc", {"incoming__authentication": "oauth2"}, "incoming.password_command"),
    ("aerc", {"folders": {"sent": "%(outgoing)s"}}, "folders.sent"),
    ("aerc", {"folders": {"sent": "100 % (all)"}}, None),
    ("aerc", ADDRESS, None),
    ("s_nail", ADDRESS, "incoming.host"),
    ("s_nail", {"incoming__authentication": "ntlm"}, "incoming.authentication"),
    ("s_nail", {"account_type": "pop", "incoming__authentication": "encrypted"}, "incoming.authentication"),
    ("s_nail", {"incoming__authentication": "oauth2"}, "incoming.password_command"),
    ("s_nail", TOKEN, None),
    ("s_nail", {"email": "|touch@example.org"}, "email"),
    ("s_nail", {"reply_to": "/etc/passwd@example.org"}, "reply_to"),
    ("s_nail", {"reply_to": "a/b|c@example.org"}, None),
    ("s_nail", {**TOKEN, "incoming__security": "none", "incoming__allow_cleartext": True}, "incoming.security"),
    ("s_nail", {"signature": "C:\\new"}, "signature"),
    ("s_nail", {"signature": "C:\\new", "signature_format": "html"}, None),
    ("s_nail", {"signature": "C:\\old"}, None),
    ("git_send_email", {"outgoing__authentication": "oauth2"}, "outgoing.authentication"),
    ("git_send_email", {"outgoing__host": "2001:db8::1"}, None),
])  # fmt: skip
def test_an_unsupported_account_has_a_reason(client: str, changes: dict[str, Any], part: str | None) -> None:
    accounts, _context = resolved([profile(**changes)])
    reason = clients.get(client).skip_reason(accounts[0])
    assert reason is None if part is None else part in (reason or "")


def output_of(home: Home, script: str, *arguments: str) -> str:
    """The output of a password command of ours. drawn.py has only commands that print their words, one a line."""
    result = home.run("sh", str(home.path / script), *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def first_line(server: Server) -> str:
    words = server.password_command[2:]
    return words[0] if words else ""


# --- S-nail


NOBODY = 65534
_VARSHOW = re.compile(r"^#?(?:wysh )?set ([^=\n]+)(?:=(.*))?$|^#.*variable not set: (\S+)$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:u([0-9A-F]{4})|U([0-9A-F]{8})|x([0-9A-F]{2})|(.))")


def variables(home: Home, *names: str, account: str | None = None, warns: bool = False) -> dict[str, str | None]:
    """The variables as S-nail knows them, started without any other argument or switched to an account. ``warns``: of old names."""
    switch = ["-A", account] if account else []
    # For root, S-nail uses the home in the password database.
    home.path.parent.chmod(0o711)
    for path in (home.path, *home.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    program = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "--unset=USER", "s-nail", "-:u", "-N", *switch]
    result = home.run(*program, "-X", f"varshow {' '.join(names)}", "-X", "xit")
    assert warns or result.stderr == ""
    values: dict[str, str | None] = {}
    for name, text, unset in _VARSHOW.findall(result.stdout):
        values[name or unset] = None if unset else _plain(text)
    return values


def _plain(text: str) -> str:
    if not text.startswith("$'"):
        return text.removeprefix("'").removesuffix("'")
    return _ESCAPE.sub(
        lambda found: chr(int(found[1] or found[2] or found[3], 16)) if not found[4] else {"n": "\n"}.get(found[4], found[4]),
        text[2:-1],
    )


def as_s_nail_has_it(account: Account) -> dict[str, str | None]:
    incoming, outgoing = account.incoming, account.outgoing
    kind = {"imap": "imap", "pop": "pop3"}[account.account_type]
    values = {
        "reply-to": account.reply_to,
        "message-inject-tail": account.signature and account.signature.rstrip("\n"),
        "tls-ca-file": account.ca_file,
        "tls-ca-no-defaults": "" if account.ca_file else None,
        "tls-verify": "strict",
        "record": f"+{account.folders['sent']}" if "sent" in account.folders else None,
    }
    for server, name in ((incoming, kind), (outgoing, "smtp")):
        values[f"{name}-use-starttls"] = "" if server.security == "starttls" else None
        if server.password is not None:
            values[f"password-{server.host}:{server.port}"] = server.password
    return values


def test_s_nail_reads_what_was_written(homes: Any) -> None:
    needs("s-nail")
    own = (
        "set tls-verify=ignore tls-fingerprint=00 password=own tls-ca-dir=/own\n"
        "set smtp-use-starttls imap-use-starttls pop3-use-starttls\n"
    )

    @examples(40)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, context = taken("s_nail", drawn)
        # A port serves one protocol only.
        assume(all((each.incoming.host, each.incoming.port) != (each.outgoing.host, each.outgoing.port) for each in accounts))
        home = homes("s_nail", accounts, context, {".mailrc": own})
        for key, account in ((None, accounts[0]), *((account.key, account) for account in accounts)):
            expected = as_s_nail_has_it(account)
            values = variables(home, "from", "inbox", "mta", "password", "tls-fingerprint", "tls-ca-dir", *expected, account=key)
            assert {name: values[name] for name in expected} == expected
            assert values["password"] is values["tls-fingerprint"] is values["tls-ca-dir"] is None
            assert values["from"].endswith(f"{account.email}>" if account.sender_name else account.email)
            for variable, server in (("inbox", account.incoming), ("mta", account.outgoing)):
                url = urlsplit(values[variable])
                assert (unquote(url.username), url.hostname, url.port) == (server.username, server.host, server.port)
                assert url.scheme.endswith("s") == (server.security == "tls")
            for side in ("incoming", "outgoing"):
                if getattr(account, side).password_command:
                    script = f".config/mailops/s_nail/{account.key}.{side}.password-command"
                    assert output_of(home, script) == first_line(getattr(account, side))

    check()


@pytest.mark.parametrize("own", [
    "account mine {\n  set from=own@example.net\n}\naccount mine\n", "set from=own@example.net\nset mta=smtp://own.example.net\n",
    "  wysh set from=own@example.net inbox=~/own\n", "set from='Own <own@example.net>'\n", "set toplines=7 sender=own@example.net\n",
    "account mine {\n  set from=x@example.net\n}\nset from=own@example.net\n", "set from=own@example.net folder=imaps://own@imap.example.net\n",
    "set v15-compat \\\n  folder=$'imaps://own@imap.example.net'\n", "account mine {\n  set from=own@example.net\n}\n  \\acc mine",
])  # fmt: skip
def test_the_users_own_mail_of_s_nail_stays(own: str, homes: Any) -> None:
    needs("s-nail")
    accounts, context = resolved([profile()])
    home = homes("s_nail", accounts, context, {".mailrc": own})
    found = variables(home, "from", "sender", "folder", "account")
    assert found["account"] in (None, "mine") and any("own@" in text for text in found.values() if text)
    assert accounts[0].email in variables(home, "from", account=accounts[0].key)["from"]


def test_unrelated_settings_of_s_nail_do_not_change_the_default(homes: Any) -> None:
    needs("s-nail")
    accounts, context = resolved([profile()])
    own = "# set mta=smtp://x from=x\naccount mine {\n  set sender=own@example.net from=own@example.net\n}\nset toplines=7 folder=~/mail"
    home = homes("s_nail", accounts, context, {".mailrc": own})
    values = variables(home, "from", "toplines", "account")
    assert accounts[0].email in values["from"]
    assert (values["toplines"], values["account"]) == ("7", accounts[0].key)
    assert variables(home, "from", "mta", "tls-verify", account="mine") == {
        "from": "own@example.net", "mta": "/usr/sbin/sendmail", "tls-verify": None,
    }  # fmt: skip


# --- git send-email


def configured(home: Home) -> dict[str, list[str]]:
    """The configuration of git in this home, with included files."""
    result = home.run("git", "config", "--global", "--includes", "--list", "-z")
    assert (result.returncode, result.stderr) == (0, "")
    values: dict[str, list[str]] = {}
    for entry in result.stdout.split("\0")[:-1]:
        name, _newline, value = entry.partition("\n")
        values.setdefault(name, []).append(value)
    return values


def as_git_has_it(account: Account) -> dict[str, str | None]:
    server = account.outgoing
    return {
        "smtpserver": server.host,
        "smtpserverport": str(server.port),
        "smtpencryption": {"tls": "ssl", "starttls": "tls", "none": "none"}[server.security],
        "smtpauth": "PLAIN LOGIN",
        "smtpuser": server.username,
        "smtppass": server.password,
        "envelopesender": account.email,
        "smtpsslcertpath": account.ca_file,
    }


def test_git_reads_what_was_written(homes: Any) -> None:
    needs("git")
    own = "[user]\n\tname = Own Name\n\temail = own@example.net\n[credential]\n\thelper = store\n[sendemail]\n\tconfirm = auto"

    @examples(30)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, context = taken("git_send_email", drawn)
        home = homes("git_send_email", accounts, context, {".gitconfig": own})
        values = configured(home)
        assert values["sendemail.identity"] == [accounts[0].key]
        assert (values["user.name"], values["user.email"], values["sendemail.confirm"]) == (
            ["Own Name"],
            ["own@example.net"],
            ["auto"],
        )
        for account in accounts:
            expected = {f"sendemail.{account.key}.{name}": value for name, value in as_git_has_it(account).items()}
            assert {name: values.get(name, [None])[-1] for name in expected} == expected
            name, _space, address = values[f"sendemail.{account.key}.from"][0].rpartition(" ")
            assert address == f"<{account.email}>"
            assert str(make_header(decode_header(name))) == account.sender_name
        # Two accounts with the same log-in have one password, from the command that git reads last.
        by_login = {
            (server.host, server.port, server.username): server
            for server in (account.outgoing for account in accounts)
            if server.password_command
        }
        for server in by_login.values():
            assert helped(home, server) == first_line(server)

    check()


def helped(home: Home, server: Server) -> str:
    """The password that git gets for git send-email."""
    asked = f"protocol=smtp\nhost={server.host}:{server.port}\nusername={server.username}\n\n"
    (home.path / "asked").write_text(asked, encoding="utf-8")
    result = home.run("sh", "-c", "git credential fill < asked")
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return result.stdout.splitlines()[-1].removeprefix("password=")


def test_passwords_do_not_go_to_the_users_own_helpers(homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile()], {**JOANNA, "email": "o'b`{x}+%@example.org"})
    home = homes("git_send_email", accounts, context, {".gitconfig": "[credential]\n\thelper = store\n"})
    known = f"protocol=smtp\nhost=smtp.example.org:465\nusername={accounts[0].email}\npassword=x\n\n"
    (home.path / "known").write_text(known)
    assert home.run("sh", "-c", "git credential approve < known").returncode == 0
    assert not (home.path / ".git-credentials").exists()


@pytest.mark.parametrize(("own", "identity"), [
    ("[SendEmail] identity = own\n", ["own"]),
    ("[user]\n\tname = x\n[sendemail]\n\tconfirm = auto\n\tsmtpserver=own.example.net\n[core]\n", None),
    ("[sendemail]\n\tsmtpserver = msmtp\n", None),
    ("[include]\n\tpath = ~/.config/mailops/git_send_email/other-01234567.default.gitconfig\n", None),
    ("[sendemail]\n\tconfirm = auto\n[other]\n\tfrom = x\n", ["work-fe4292b5"]),
    ('[sendemail "own"]\n\tsmtpServer = own.example.net\n', ["work-fe4292b5"]),
])  # fmt: skip
def test_the_users_own_default_of_git_stays(own: str, identity: list[str] | None, homes: Any) -> None:
    needs("git")
    accounts, context = resolved([profile()])
    values = configured(homes("git_send_email", accounts, context, {".gitconfig": own}))
    assert values.get("sendemail.identity") == identity
    assert values[f"sendemail.{accounts[0].key}.smtpserver"] == ["smtp.example.org"]


@pytest.mark.parametrize(
    "existing", [{}, {".gitconfig": ""}, {".config/git/config": ""}, {".gitconfig": "", ".config/git/config": ""}]
)
def test_the_file_is_the_one_that_git_writes(existing: dict[str, str], homes: Any) -> None:
    needs("git")
    home = homes("git_send_email", *resolved([profile()]), existing)
    assert home.run("git", "config", "--global", "sendemail.confirm", "auto").returncode == 0
    (path,) = [path for path in (home.path / ".gitconfig", home.path / ".config/git/config") if path.exists() and path.read_text()]
    text = path.read_text()
    # What the user sets later is after our block, which is unchanged.
    assert "confirm" in text.partition("# END mailops.profiles default\n")[2]
    assert configured(home)["sendemail.confirm"] == ["auto"]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutt and NeoMutt read back what was written for any valid profile and user, and run none of it."""

from __future__ import annotations

import re
import shlex
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from .accounts import resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .mutt_dumps import dump, dumped
from .programs import needs

pytestmark = pytest.mark.programs


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
def test_mutt_reads_what_was_written(program: str, homes: Any) -> None:
    needs(program)

    @examples(30)
    @given(profiles_and_user())
    def check(drawn: Drawn) -> None:
        accounts, context = taken("neomutt", drawn)
        # The password is the first line of the command's output.
        home = homes("neomutt", accounts, context)
        account = accounts[0]
        for script in home.path.rglob("*.password-command"):
            side = script.name.split(".")[-2]
            owner = next(each for each in accounts if each.key == script.name.split(".")[0])
            assert shlex.split(script.read_text()) == list(getattr(owner, side).password_command)
            script.write_text(f"printf '%s\\n' {shlex.quote(context.user.password)}\nprintf 'second line\\n'\n")
        values = dumped(home, program)
        expected = as_mutt_has_it(account, home.path)
        for name, side in ((f"{account.account_type}_pass", "incoming"), ("smtp_pass", "outgoing")):
            if getattr(account, side).password_command:
                expected[name] = context.user.password
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


def idn(address: str) -> str:
    """Mutt prints the domain in Unicode."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


# Of the user's own files a program reads the first that exists.
ORDER = {
    "mutt": [".muttrc", ".mutt/muttrc", ".config/mutt/muttrc"],
    "neomutt": [
        ".config/neomutt/neomuttrc", ".config/neomutt/muttrc", ".config/mutt/neomuttrc", ".config/mutt/muttrc",
        ".neomutt/neomuttrc", ".neomutt/muttrc", ".mutt/neomuttrc", ".mutt/muttrc", ".neomuttrc", ".muttrc",
    ],
}  # fmt: skip


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
@pytest.mark.parametrize("existing", [
    [], [".muttrc"], [".muttrc", ".mutt/muttrc", ".config/mutt/muttrc", ".config/neomutt/neomuttrc"],
    [".mutt/muttrc", ".config/mutt/muttrc", ".neomuttrc"], [".config/mutt/muttrc"], [".config/neomutt/muttrc", ".neomutt/neomuttrc"],
    [".config/mutt/neomuttrc", ".mutt/neomuttrc", ".muttrc"], [".neomutt/muttrc", ".mutt/muttrc"],
])  # fmt: skip
def test_the_block_is_where_the_program_looks(program: str, existing: list[str], homes: Any) -> None:
    needs(program)
    accounts, context = resolved([profile()])
    home = homes("neomutt", accounts, context, {name: f"set attribution='{name}'\n" for name in existing})
    values = dumped(home, program)
    assert values["from"] == accounts[0].email
    own = next((name for name in ORDER[program] if name in existing), None)
    if own is None:
        assert values["attribution"] not in existing
    else:
        assert values["attribution"] == own


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_a_switch_to_another_account_leaves_no_settings_behind(program: str, homes: Any) -> None:
    needs(program)
    rich = profile("rich", default=True, signature="Rich", reply_to="r@example.org", folders={"sent": "Sent", "trash": "Trash"},
                   check_interval=7, ca_file="/etc/ssl/certs/ca-certificates.crt")
    poor = profile("poor", account_type="pop", incoming__password=None, outgoing__password=None, outgoing__authentication="none")
    accounts, context = resolved([rich, poor])
    home = homes("neomutt", accounts, context)
    plain = dumped(homes("neomutt", *resolved([poor])), program)
    rc = home.path / ".muttrc"
    rc.write_text(f"{rc.read_text()}source ~/.config/mailops/neomutt/{accounts[1].key}.muttrc\n")
    switched = dumped(home, program)
    assert {name: (value, plain.get(name)) for name, value in switched.items() if value != plain.get(name)} == {}
    assert "unmy_hdr *" in (home.path / f".config/mailops/neomutt/{accounts[0].key}.undo").read_text()


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_unrelated_settings_of_the_user_stay(program: str, homes: Any) -> None:
    needs(program)
    own = "set signature='~/own' record='~/sent' config_charset='iso-8859-1' mail_check=77\n"
    home = homes("neomutt", *resolved([profile(sender_name="Zo\u00eb")]), {".muttrc": own})
    values = dumped(home, program)
    assert [values[name] for name in ("record", "config_charset", "mail_check")] == ["~/sent", "iso-8859-1", "77"]
    assert values["signature"].endswith("own")
    assert values["realname"] == "Zo\u00eb"


def wide(text: str) -> str:
    """In full-width forms, of which iconv makes ASCII."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("charset", ["us-ascii//TRANSLIT", "iso-8859-1//TRANSLIT", "//TRANSLIT", "iso-8859-1", "shift_jis", "utf-8"])
def test_no_conversion_makes_code_of_a_text(program: str, locale: str, charset: str, homes: Any) -> None:
    """Both programs can convert each line to the user's character set before they parse it."""
    needs(program)
    command = "; set my_x=`touch ~/pwned`; set my_y="
    texts = [f"O\u2019Brien{command}\u2019", wide(f"O'{command}'"), wide(f'O"{command}"'), f"\u201c{command}\u201d", f"\u2018\u201b{command}\uff40"]
    for text in texts:
        folder = text.translate({ord(sign): None for sign in "`\uff40"})
        rich = profile(sender_name=text, reply_to="r@example.org", folders={"sent": folder}, ca_file=f"/etc/{text}", signature=text)
        accounts, context = resolved([rich])
        own = f"set charset='{charset}'\nset config_charset='utf-8'\n"
        home = homes("neomutt", accounts, context, {".muttrc": own, ".config/neomutt/neomuttrc": own})
        dump(home, program, before=("env", f"LC_ALL={locale}"))
        assert not (home.path / "pwned").exists()
        if (locale, charset) == ("C.UTF-8", "utf-8"):
            assert dumped(home, program)["realname"] == accounts[0].sender_name

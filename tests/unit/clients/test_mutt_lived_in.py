# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutt and NeoMutt in homes with own accounts and own settings: which account opens, and that neither has anything of the other's.

What the programs do not print (hooks, headers, mailboxes) is in tests/lab/test_mutt_lived_in.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _mutt_general as general

from ...profiles import profile
from .accounts import resolved
from .home import materialise
from .mutt_dumps import SPELLED, dump, dumped
from .programs import Home, needs

pytestmark = pytest.mark.programs

mutts = pytest.mark.parametrize("program", ["mutt", "neomutt"])
OWN = """\
set from=own@example.net realname="Own Name" imap_user=own imap_pass=own-imap smtp_pass=own-smtp pop_pass=own-pop
set folder=imaps://imap.own.example/
set spoolfile=+INBOX record=+Sent postponed=+Drafts trash=+Trash mbox=+Read
set smtp_url=smtps://own@smtp.own.example
"""
# Something else for each setting that decides.
HOSTILE = {
    **dict.fromkeys(general.RESET, "own.example"),
    "folder": "imaps://imap.own.example/", "spoolfile": "imaps://imap.own.example/INBOX", "smtp_url": "smtp://own@smtp.own.example",
    "record": "imaps://imap.own.example/Sent", "postponed": "imaps://imap.own.example/Drafts", "trash": "imaps://imap.own.example/Trash",
    "mbox": "imaps://imap.own.example/Read", "pop_host": "pop.own.example", "from": "own@own.example",
    "imap_authenticators": "gssapi", "pop_authenticators": "apop", "smtp_authenticators": "login",
    "envelope_from_address": "own@own.example", "score_threshold_delete": "5", "ssl_client_cert": "/own.example.pem", "certificate_file": "/own.example.pem",
    **dict.fromkeys(("use_from", "ssl_use_tlsv1_2", "ssl_use_tlsv1_3", "copy", "tunnel_is_secure", "pop_auth_try_all", "reverse_realname"),
                    "no"),
    **dict.fromkeys(("ssl_use_sslv3", "ssl_use_tlsv1", "ssl_use_tlsv1_1", "reverse_name", "use_envelope_from", "write_bcc", "save_name",
                    "force_name", "move", "pop_delete", "pop_last"), "yes"),
}  # fmt: skip
OF_ONE_PROGRAM = {
    "mutt": ["ssl_verify_host_override=own.example", "fcc_delimiter=,"],
    "neomutt": ["smtp_user=own.example", "virtual_spool_file=yes"],
}
OF_NEW_ONES = {"mutt": [], "neomutt": ["account_command"]}
OF_NEOMUTT_2025 = 'ifdef account_command "set account_command=own.example"\n'


def hostile(program: str, **other: str) -> str:
    lines = [f"set {name}='{value}'\n" for name, value in {**HOSTILE, **other}.items()]
    lines += [f"set {each}\n" for each in OF_ONE_PROGRAM[program]]
    return "".join(lines) + (OF_NEOMUTT_2025 if program == "neomutt" else "")


def place(program: str) -> str:
    """A file that only this program reads."""
    return {"mutt": ".mutt/muttrc", "neomutt": ".config/neomutt/neomuttrc"}[program]


def with_commands(home: Home, program: str, text: str) -> dict[str, str]:
    """The variables after these commands, given as a person types them."""
    (home.path / "typed").write_text(text)
    return {name: value for name, value in dumped(home, program, "-e", f"source {home.path}/typed").items() if name != "alias_file"}


@mutts
@pytest.mark.parametrize("account_type", ["imap", "pop"])
@pytest.mark.parametrize("references", ["no", "yes"])
def test_own_settings_do_not_reach_our_account(program: str, account_type: str, references: str, homes: Any) -> None:
    needs(program)
    accounts, context = resolved([profile(account_type=account_type, default=True, incoming__password=None, outgoing__password=None)])
    own = hostile(program, **({"forward_references": references} if program == "neomutt" else {}))
    values = dumped(homes("neomutt", accounts, context, {place(program): own}), program)
    empty = dumped(homes("neomutt", accounts, context, {place(program): ""}), program)
    values.pop("forward_references", None), empty.pop("forward_references", None)
    values.pop("alias_file"), empty.pop("alias_file")
    assert {name: (value, empty[name]) for name, value in values.items() if value != empty[name]} == {}


def test_every_setting_has_a_hostile_value() -> None:
    assert set(general.RESET) == set(HOSTILE)


@mutts
def test_what_is_undone_is_what_was_judged_to_decide(program: str) -> None:
    judged = re.findall(r"^(\w+) +(\w+)", (Path(__file__).parent / "settings" / f"{program}.txt").read_text(), re.MULTILINE)
    assert {verdict for _name, verdict in judged} == {"stated", "undone", "taste", "impossible"}
    decide = {SPELLED.get(name, name) for name, verdict in judged if verdict in ("stated", "undone")}
    always = {"config_charset", "ssl_force_tls", "ssl_starttls", "ssl_verify_dates", "ssl_verify_host"}
    assert decide == {*general.RESET, *always, *(each.partition("=")[0] for each in OF_ONE_PROGRAM[program]), *OF_NEW_ONES[program]}


@mutts
def test_an_own_account_stays_the_default_and_ours_has_a_key(program: str, homes: Any) -> None:
    needs(program)
    accounts, context = resolved([profile(), profile("second", incoming__host="mail.example.com")])
    home = homes("neomutt", accounts, context, {place(program): OWN})
    plain = homes("neomutt", [], context, {place(program): OWN})
    assert dumped(home, program) == dumped(plain, program)
    assert "imap.own.example" in dumped(home, program)["folder"]
    text = (home.path / place(program)).read_text()
    assert text.startswith(OWN) and f"# Alt-0 opens your own account, Alt-1 {accounts[0].key}, Alt-2 {accounts[1].key}." in text
    for number, file in ((0, f"{accounts[0].key}.own-account"), (1, accounts[0].key), (2, accounts[1].key)):
        keys = re.escape(f"source ~/.config/mailops/neomutt/{file}.muttrc<enter><change-folder>!<enter>'")
        assert re.search(rf"^macro index,pager \\e{number} '.*{keys}$", text, re.MULTILINE)


@mutts
@pytest.mark.parametrize("default", [False, True])
def test_there_and_back(program: str, default: bool, homes: Any) -> None:
    """Each is as it is alone, also the second time."""
    needs(program)
    rich = profile("rich", default=default, signature="Rich", reply_to="r@example.org", folders={"sent": "Sent", "trash": "Trash"},
                   check_interval=7, ca_file="/etc/ssl/certs/ca-certificates.crt")  # fmt: skip
    poor = profile("poor", account_type="pop", incoming__password=None, outgoing__password=None, outgoing__authentication="none")
    accounts, context = resolved([rich, poor])
    own = f"{OWN}set signature=~/mine mail_check=77 certificate_file=~/own.pem config_charset=utf-8\nset realname='\u0141ukasz'\n"
    home = homes("neomutt", accounts, context, {place(program): own})
    alone = dumped(homes("neomutt", [], context, {place(program): own}), program)
    alone.pop("alias_file")
    there = [f"source ~/.config/mailops/neomutt/{account.key}.muttrc\n" for account in accounts]
    back = f"source ~/.config/mailops/neomutt/{accounts[0].key}.own-account.muttrc\n"
    typed = with_commands(home, program, there[0] + back)
    assert {name: (value, alone[name]) for name, value in typed.items() if value != alone[name]} == {}
    assert with_commands(home, program, there[0] + there[1] + back + there[1] + back) == alone
    ours = with_commands(home, program, there[0])
    assert with_commands(home, program, there[1] + back + there[0]) == ours
    assert not [value for value in ours.values() if "own" in value and "known" not in value and not value.startswith("~")]
    if default:
        assert {**dumped(home, program), "alias_file": ""} == {**ours, "alias_file": ""}


@mutts
@pytest.mark.parametrize(("line", "files"), [
    ("source ~/.mutt/own", {}), ("source .mutt/own", {}), ("source $HOME/.mutt/own", {}), ("source '~/.mutt/own'", {}),
    ("set sort=date; source \"~/.mutt/own\"", {}), ("source ~/.mutt/a", {".mutt/a": "# source x|\nsource ~/.mutt/own\n"}),
    ("folder-hook . 'source ~/.mutt/own'", {}), ("set  folder = ~/x  \\\n  spoolfile= ~/y", {}), ("mailboxes ~/Maildir", {}),
    ("my_hdr from: own@example.net", {}), ("set sendmail='/usr/bin/msmtp -a own'", {}), ("source 'gpg -d ~/.mutt/own.gpg |'", {}),
    ("source `echo ~/.mutt/own`", {}), ("account-hook . 'set imap_user=own'", {}),
])  # fmt: skip
def test_an_own_default_is_found(program: str, line: str, files: dict[str, str], homes: Any) -> None:
    accounts, context = resolved([profile()])
    home = homes("neomutt", accounts, context, {place(program): f"{line}\n", ".mutt/own": OWN, **files})
    text = (home.path / place(program)).read_text()
    assert "Alt-1" in text and "echo" not in text.partition("BEGIN")[2]


@mutts
@pytest.mark.parametrize("own", [
    "", "# set from=own@example.net\n", "set sort=date pgp_sign_as=from\n  # source 'gpg -d x|'\nmacro index a 'x'\n",
    "source /usr/lib/mutt/source-muttrc.d|\n", "alias from Jan <jan@example.net>\n", "set index_format='%s' my_from=x\nsource ~/.mutt/colours\n",
])  # fmt: skip
def test_tastes_are_no_account(program: str, own: str, homes: Any) -> None:
    accounts, context = resolved([profile()])
    home = homes("neomutt", accounts, context, {place(program): own})
    assert "Alt" not in (home.path / place(program)).read_text()


@mutts
def test_parts_of_an_account_are_no_default_and_do_not_reach_ours(program: str, homes: Any) -> None:
    needs(program)
    own = "set imap_user=own\nset imap_pass=own-imap\nset smtp_pass=own-smtp\nset folder=imaps://imap.own.example/\n"
    accounts, context = resolved([profile(incoming__password=None, outgoing__password=None)])
    home = homes("neomutt", accounts, context, {place(program): own})
    assert "own" not in "".join(value for name, value in dumped(home, program).items() if name in general.RESET)
    assert "Alt-0" in (home.path / place(program)).read_text()
    back = with_commands(home, program, f"source ~/.config/mailops/neomutt/{accounts[0].key}.own-account.muttrc\n")
    assert (back["imap_pass"], back["smtp_pass"], back["smtp_url"]) == ("own-imap", "own-smtp", "")
    assert dump(home, program)


@mutts
@pytest.mark.parametrize("default", [False, True])
def test_lines_below_ours_do_not_change_our_account(program: str, default: bool, homes: Any) -> None:
    needs(program)
    accounts, context = resolved([profile(default=default)])
    home = homes("neomutt", accounts, context, {place(program): "set sort=date\n"})
    alone = dumped(home, program)
    rc = home.path / place(program)
    rc.write_text(f"{rc.read_text()}set record=imaps://imap.own.example/Sent imap_user=own\n")
    materialise(clients.get("neomutt").files(accounts, context), home.path)
    assert dumped(home, program) == alone

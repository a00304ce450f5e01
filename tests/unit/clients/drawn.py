# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any profile and user that are valid, drawn by Hypothesis. MAILOPS_EXAMPLES=1000 looks longer."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import assume, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Context
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ...profiles import profile
from ..names import any_name
from .accounts import options_of, resolved

# A command that creates this file has run.
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


def addresses(atext: str) -> st.SearchStrategy[str]:
    local_part = st.lists(st.text(atext, min_size=1, max_size=12), min_size=1, max_size=3).map(".".join)
    return st.builds("{}@{}".format, local_part, st.sampled_from(["example.org", "b\u00fccher.example", "mail.example.com"]))


address = addresses(ATEXT)
host = st.sampled_from(["imap.example.org", "b\u00fccher.example", "192.0.2.7", "2001:db8::7"])
security = st.sampled_from(["tls", "starttls", "none"])
# msmtp -P runs the command.
command = st.none() | st.lists(any_text, max_size=3).map(lambda words: ["printf", "%s\\n", *words])
login = st.text("abcxyz0189._-'$\\`\"#{}|;&\u0142", min_size=1, max_size=12)

Drawn = tuple[list[dict[str, Any]], dict[str, Any]]


@st.composite
def profiles_and_user(
    draw: st.DrawFn, text: st.SearchStrategy[str] = any_text, types: tuple[str, ...] = ("imap", "pop"),
    email: st.SearchStrategy[str] = address, username: st.SearchStrategy[str] | None = None, commands: st.SearchStrategy[list[str] | None] | None = None,
) -> Drawn:
    """``email``, ``username`` and ``commands``: those that the client supports, where these are few of all."""
    words = text.map(str.strip).filter(bool)
    own = {
        "Sender": words, "Login": words if username is None else username, "Signature": text, "Folder": words.map(_path).filter(bool), "Pin": text,
        "Reply": address,
    }  # fmt: skip
    user = {
        "name": draw(login),
        "email": draw(email),
        "display_name": draw(words),
        "password": draw(text),
        "variables": {name: draw(value) for name, value in own.items()},
    }
    names = draw(st.sampled_from([["work"], ["work", "Work"]]) | st.lists(any_name, min_size=1, max_size=2, unique=True))
    return [_profile(draw, name, draw(st.sampled_from(types)), list(own), command if commands is None else commands) for name in names], user


def _profile(
    draw: st.DrawFn, name: str, account_type: str, variables: list[str], commands: st.SearchStrategy[list[str] | None]
) -> dict[str, Any]:
    data = profile(
        name,
        variables=dict.fromkeys(variables),
        account_type=account_type,
        account_name=draw(st.sampled_from(["{UserEmail}", "{Sender}", name])),
        sender_name=draw(st.sampled_from(["{Sender}", "{UserDisplayName}"])),
        reply_to=draw(st.sampled_from([None, "{Reply}"])),
        signature=draw(st.sampled_from([None, "{Signature}\n--\n{UserEmail}"])),
        check_interval=draw(st.none() | st.integers(1, 10_080)),
        ca_file=draw(st.sampled_from([None, "/etc/ssl/certs/ca-certificates.crt"])),
    )
    if account_type == "imap":
        data["folders"] = draw(st.sampled_from([None, {"sent": "{Folder}", "drafts": "Entw\u00fcrfe"}, {"trash": "{Folder}"}]))
    for side in ("incoming", "outgoing"):
        words = draw(commands)
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


def _path(text: str) -> str:
    """The path of a folder: slashes between two names only, and no "&" in IMAP's encoding."""
    return "/".join(filter(None, text.replace("&-", "&").split("/"))).strip()


def _literal(text: str) -> str:
    # Neither a variable, nor a backslash that would escape one.
    return text.replace("{", "(").replace("<", "(")


def examples(usual: int) -> settings:
    return settings(max_examples=int(os.environ.get("MAILOPS_EXAMPLES", usual)), deadline=None)


def taken(client: str, drawn: Drawn) -> tuple[list[Account], Context]:
    """The accounts that are valid and that the client supports."""
    try:
        accounts, context = resolved(*drawn)
    except MailopsError:
        assume(False)
    wanted = clients.get(client)
    accounts = [account for account in accounts if wanted.skip_reason(account, options_of(wanted)) is None]
    assume(accounts)
    return accounts, context

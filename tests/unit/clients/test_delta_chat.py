# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes for Delta Chat: read from the image by two readers of codes, and then as the app's core does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from .accounts import JOANNA, files_of, options_of, resolved
from .drawn import ATEXT, Drawn, addresses, examples, profiles_and_user, taken
from .qr_readers import by_zbar, by_zxing

CLIENT = clients.get("delta_chat")
SECURITIES = {"ssl": "tls", "starttls": "starttls", "plain": "none"}
address = st.one_of(addresses(ATEXT), addresses("".join(set(ATEXT) - set("/?#%"))))


def login(payload: bytes) -> tuple[str, dict[str, str]]:
    """The address, and the parameters, as ``decode_login`` in src/qr/dclogin_scheme.rs of the app's core takes them."""
    text = payload.decode("ascii")
    assert text.startswith("dclogin://")
    url = urlsplit(text)
    assert not url.fragment
    parameters = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=True))
    email = text.removeprefix("dclogin://").replace("/", "?").split("?")[0]
    assert email.count("@") >= 1 and parameters["v"] == "1" and "p" in parameters
    assert parameters["is"] in SECURITIES and parameters["ss"] in SECURITIES and parameters["ic"] == parameters["sc"] == "1"
    return email, parameters


@examples(10)
@given(profiles_and_user(types=("imap",), email=address, commands=st.none()))
def test_the_app_gets_every_value_as_it_was(drawn: Drawn) -> None:
    accounts, context = taken("delta_chat", drawn)
    for account, file in zip(accounts, files_of(CLIENT, accounts, context), strict=True):
        assert file.path == f"delta-chat-{account.key}.png"
        payload = by_zbar(file.content)
        assert by_zxing(file.content) == payload
        email, found = login(payload)
        assert email == account.email
        assert (found["p"], found.get("spw", found["p"])) == (account.incoming.password, account.outgoing.password)
        for letter, server in (("i", account.incoming), ("s", account.outgoing)):
            words = [found[letter + name] for name in ("h", "p", "u")]
            assert words == [server.host, str(server.port), server.username] and SECURITIES[found[letter + "s"]] == server.security


@pytest.mark.parametrize(
    ("changes", "include", "reason"),
    [
        ({}, False, "takes an account only with its password: set include_passwords"),
        ({"incoming__password": None}, True, "the profile has no incoming.password"),
        ({"outgoing__password": None}, True, "the profile has no outgoing.password"),
        ({"outgoing__password": None, "outgoing__authentication": "none"}, True, "does not support outgoing.authentication: none"),
        ({"account_type": "pop"}, True, "does not support POP"),
        ({"email": "a/b@example.org"}, True, "would read the e-mail address in its code up to the '/'"),
        ({"email": "a#b@example.org"}, True, "up to the '#'"),
        ({"incoming__username": "ł" * 150}, True, "codes of 858 bytes at most"),
        ({}, True, None),
    ],
)
def test_why_an_account_is_skipped(changes: dict[str, Any], include: bool, reason: str | None) -> None:
    accounts, context = resolved([profile(**changes)])
    options = {**options_of(CLIENT), "include_passwords": include}
    found = CLIENT.skip_reason(accounts[0], options)
    assert found is None if reason is None else reason in found
    assert len(CLIENT.files(accounts, context._replace(options=options))) == (reason is None)


def test_a_diff_has_masks() -> None:
    (file,) = files_of(CLIENT, *resolved([profile()]))
    assert file.secret and file.redacted == by_zbar(file.content).decode().replace("tr0ub4dor%263", "********") + "\n"
    assert JOANNA["password"] not in file.redacted and "tr0ub" not in file.redacted

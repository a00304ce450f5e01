# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of servers as they are displayed."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._login_check.text import Passwords, clean, said

PASSWORD = "zażółć gęślą"
WITHHELD = "(not shown: it repeats the password)"


@pytest.mark.parametrize(("text", "expected"), [
    (b"Authentication failed.", "Authentication failed."),
    (b"  two\r\n lines\t", "two lines"),
    (b"\x1b[2J\x07red\x9b", "[2J red\ufffd"),
    ("za dużo prób".encode(), "za dużo prób"),
    (b"x" * 300, "x" * 197 + "..."),
    (b"", ""),
])  # fmt: skip
def test_clean(text: bytes, expected: str) -> None:
    assert clean(text, [PASSWORD]) == expected


@pytest.mark.parametrize("text", [
    PASSWORD, f"no {PASSWORD} here", PASSWORD.upper().lower(), PASSWORD[:5], PASSWORD[3:], PASSWORD.replace(" ", ""), "".join(f"{sign} " for sign in PASSWORD),
    base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(f"\0anna\0{PASSWORD}".encode()).decode(),
    base64.urlsafe_b64encode(f"ab{PASSWORD}".encode()).decode(), PASSWORD.encode().hex(), "a" + PASSWORD.encode().hex().upper(),
    "x" * 5000 + PASSWORD,
])  # fmt: skip
def test_what_repeats_the_password_is_withheld(text: str) -> None:
    assert clean(text.encode(), [PASSWORD]) == WITHHELD


@pytest.mark.parametrize("secret", ["x", "  ", "abc"])
def test_short_passwords(secret: str) -> None:
    assert clean(f"<{secret}>".encode(), [secret]) == (WITHHELD if secret.strip() else "< >")
    assert clean(b"nothing", [secret]) == "nothing"


def test_said() -> None:
    assert said(b"no") == " (the server says: no)" and said(b" \r\n") == ""


@pytest.mark.parametrize(("text", "shown"), [
    ("no such password", True), ("your neighbour has zażółć gęślą", False), ("dcba4321", False), ("1234ab", True),
    (base64.b64encode(b"x1234abcd").decode(), False),
])  # fmt: skip
def test_passwords_of_others(text: str, shown: bool) -> None:
    """Only whole ones, or every "password" in a text would be withheld because somebody's password begins like that."""
    sentence = f"the server refuses it{said(text.encode())}"
    found = Passwords([PASSWORD, "1234abcd", "password1", "abc"]).without(sentence)
    assert found == (sentence if shown else f"the server refuses it (the server says: {WITHHELD})")
    assert Passwords(["refuses"]).without(sentence) == sentence  # our own words

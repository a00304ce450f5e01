# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of links: what they depend on, and that they appear nowhere. OpenSSL computes them, too."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets import links

SECRET = "the secret of links in these tests"
JAN = User("jan", email="Jan.Kowalski@example.org")


def token(user: User = JAN, instance: str = "default", secret: str = SECRET) -> str | None:
    return links.LinkSecret(secret).token(instance, user)


def test_the_token_is_what_openssl_makes_of_the_same_fields() -> None:
    message = b"mailops-link-1\0default\0jan\0jan.kowalski@example.org\x001"
    argv = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"key:{SECRET}", "-binary"]
    digest = subprocess.run(argv, input=message, capture_output=True, check=True).stdout
    assert token() == base64.b32encode(digest).decode().lower()[:26]


def test_whatever_changes_gives_another_token() -> None:
    users = [JAN, replace(JAN, name="jan2"), replace(JAN, email="j@example.org"), replace(JAN, link_version=2)]
    found = {token(user) for user in users} | {token(instance="other"), token(secret=f"{SECRET}!")}
    # The fields are told apart: what is moved from one to the next is something else.
    found |= {token(User("ja", email="nJan.Kowalski@example.org")), token(instance="defaultj", user=replace(JAN, name="an"))}
    assert len(found) == 8 and all(text and len(text) == links.TOKEN_LENGTH and set(text) <= set("abcdefghijklmnopqrstuvwxyz234567") for text in found)


def test_what_is_no_other_mailbox_keeps_the_token() -> None:
    others = [replace(JAN, email="jan.kowalski@example.org"), replace(JAN, display_name="J", password="x", profiles=("work",), state="absent")]
    assert {token(user) for user in others} == {token()}
    assert token(User("jan")) is None


def test_sources(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET} in a file\n")
    path.chmod(0o600)
    environ = {"MAILOPS_LINK_SECRET": f"{SECRET} of the environment"}
    by_option = {"link_secret": SECRET, "link_secret_file": str(path)}
    found = [links.link_secret(options, environ) for options in (by_option, {"link_secret": " ", "link_secret_file": str(path)}, {})]
    expected = [token(secret=f"{SECRET}{end}") for end in ("", " in a file", " of the environment")]
    assert [each and each.token("default", JAN) for each in found] == expected
    assert links.link_secret({}, {}) is None


@pytest.mark.parametrize(("options", "message"), [
    ({"link_secret": "only 31 characters, one too few."[:31]}, "link_secret: must have at least 32 characters; make one with: openssl rand"),
    ({"link_secret": 12345678901234567890123456789012}, "link_secret: must be text, not a number"),
    ({"link_secret_file": "relative"}, "link_secret_file: must be an absolute path"),
    ({"link_secret_file": "/nowhere/hush-hush"}, "link_secret_file: No such file or directory"),
])  # fmt: skip
def test_bad_secrets(options: dict[str, object], message: str) -> None:
    with pytest.raises(MailopsError, match=message) as caught:
        links.link_secret(options, {})
    assert "hush" not in str(caught.value) and "only 31" not in str(caught.value)


def test_a_secret_and_a_token_appear_nowhere() -> None:
    user = replace(JAN, link_token=token())
    assert SECRET not in repr(links.LinkSecret(SECRET)) and str(token()) not in repr(user)
    assert user.redacted().variable_values(None)["LinkToken"] == "{LinkToken of jan}"
    assert JAN.redacted() == JAN and "LinkToken" not in JAN.variable_values(None)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings for K-9 Mail have all that the app demands, and every value as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Context
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users

from ...profiles import profile
from .accounts import JOANNA, files_of, resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .k9_reader import Rejected, read

CLIENT = clients.get("k9_settings")
SECURITIES = {"NONE": "none", "STARTTLS_REQUIRED": "starttls", "SSL_TLS_REQUIRED": "tls"}


def imported(**changes: Any) -> dict[str, Any]:
    (file,) = files_of(CLIENT, *resolved([profile(**changes)]))
    (found,) = read(file.content)
    return found


@examples(40)
@given(profiles_and_user())
def test_the_app_gets_every_value_as_it_was(drawn: Drawn) -> None:
    accounts, context = taken("k9_settings", drawn)
    (file,) = files_of(CLIENT, accounts, context)
    for account, found in zip(accounts, read(file.content), strict=True):
        assert found["name"] == account.account_name
        assert found["identity"] == (account.email, account.sender_name)
        assert found["incoming"]["type"] == {"imap": "IMAP", "pop": "POP3"}[account.account_type]
        for side in ("incoming", "outgoing"):
            server = getattr(account, side)
            words = [found[side][name] for name in ("host", "port", "username", "authentication-type")]
            assert words == [server.host, str(server.port), server.username, "PLAIN"]
            assert SECURITIES[found[side]["connection-security"]] == server.security and found[side].get("password") == server.password
        settings = found["identity_settings"]
        assert (settings.get("signature"), settings.get("replyTo")) == (account.signature, account.reply_to)
        assert settings["signatureUse"] == ("true" if account.signature is not None else "false")


def test_the_reader_rejects_what_the_app_skips() -> None:
    (file,) = files_of(CLIENT, *resolved([profile(signature="x")]))
    text = file.content.decode()
    assert read(text.encode())
    wrong = [
        ('format="1"', ""), ('version="111"', 'version="0"'), ('uuid="', 'uuid="x'), ('type="IMAP"', ""), ('type="SMTP"', 'type="smtp"'),
        ("<port>993</port>", ""), ("<port>993</port>", "<port>0</port>"), ("SSL_TLS_REQUIRED", "SSL_TLS_OPTIONAL"), ("PLAIN", "AUTOMATIC"),
        ("<host>imap.example.org</host>", "<host />"), ("<email>", "<email>Joanna "), (">true<", ">True<"), ("<name>", "<name><b />"),
        ("signatureUse", "signature_use"), ("INBOX", "inbox"), ("</accounts>", "</accounts><accounts />"),
    ]  # fmt: skip
    for old, new in wrong:
        assert old in text
        with pytest.raises(Rejected):
            read(text.replace(old, new, 1).encode())


@pytest.mark.parametrize("notifies", [True, False])
def test_notifications_are_said_at_both_places(notifies: bool) -> None:
    found = imported(notifications=notifies)
    assert found["settings"] == {"notifyNewMail": str(notifies).lower()} and found["inbox"] == {"notificationsEnabled": str(notifies).lower()}


def test_a_signature_comes_with_its_switch() -> None:
    assert imported()["identity_settings"] == {"signatureUse": "false"}
    assert imported(signature="<b>J</b>", signature_format="html")["identity_settings"] == {
        "signature": "<b>J</b>", "signatureIsHtml": "true", "signatureUse": "true",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("authentication", "word"), [("password", "PLAIN"), ("encrypted", "CRAM_MD5"), ("client_certificate", "EXTERNAL"), ("oauth2", "XOAUTH2")]
)
def test_authentications(authentication: str, word: str) -> None:
    changes = {f"{side}__{key}": value for side in ("incoming", "outgoing") for key, value in (("authentication", authentication), ("password", None))}
    if authentication == "oauth2":
        changes |= {f"{side}__password_command": ["token"] for side in ("incoming", "outgoing")}
    assert imported(**changes)["incoming"]["authentication-type"] == word
    warned = {"client_certificate": "installed on the phone", "oauth2": "providers that the app knows"}.get(authentication)
    accounts, _context = resolved([profile(**changes)])
    for client in (CLIENT, clients.get("thunderbird_android")):
        assert [warned in caution for caution in client.cautions(accounts[0])] == ([True] if warned else [])


def test_no_log_in_to_send_has_no_user() -> None:
    found = imported(outgoing__authentication="none", outgoing__password=None)["outgoing"]
    assert (found["authentication-type"], found["username"], "password" in found) == ("NONE", "", False)


def test_no_password_unless_asked() -> None:
    accounts, context = resolved([profile()])
    (file,) = CLIENT.files(accounts, context)
    assert JOANNA["password"].replace("&", "&amp;").encode() not in file.content and not file.secret
    assert "password" not in read(file.content)[0]["incoming"]


def test_identifiers_are_those_of_the_account_and_nobody_elses() -> None:
    profiles = {name: read_profile(profile(name)) for name in ("work", "Work")}
    found = []
    for name in ("jan", "anna"):
        for instance in ("default", "other"):
            (reader,) = read_users([{**JOANNA, "name": name}])
            accounts = resolve_users([reader], profiles, None, "laptop-17", instance)[name]
            (file,) = CLIENT.files(accounts, Context(reader, {}, instance))
            found += [each["uuid"] for each in read(file.content)]
    assert len(set(found)) == 8
    assert imported(sender_name="x")["uuid"] == imported()["uuid"]

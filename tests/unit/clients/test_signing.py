# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed profiles: openssl verifies them, they are the same each time, and what is wrong with a key is found before anything is written."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _signing
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import OptionCheck
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._options import read_options
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.option_files import read_option_file
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ...profiles import profile
from .accounts import resolved
from .certificates import Authority, openssl

CLIENT = clients.get("mobileconfig")
DAY = datetime.timedelta(days=1)
# The certificates of this run are valid by then.
NOW = datetime.datetime.now(datetime.timezone.utc) + DAY / 24


def options(given: dict[str, Any]) -> dict[str, Any]:
    return read_options(CLIENT, given, read_option_file)


def check(given: dict[str, Any], now: datetime.datetime = NOW) -> OptionCheck:
    return CLIENT.check_options(options(given), now)


def file(given: dict[str, Any], **changes: Any) -> Any:
    accounts, context = resolved([profile(**changes)])
    (found,) = CLIENT.files(accounts, context._replace(options=options(given)))
    return found


@pytest.mark.parametrize("kind", ["rsa", "ec", "p384"])
def test_openssl_verifies_the_profile_up_to_the_root_and_it_is_the_same_each_time(kind: str, authority: Authority) -> None:
    given = authority.options(kind)
    assert check(given) == OptionCheck()
    found = file(given)
    assert authority.verified(found.content) == file({}).content
    _signing._signer.cache_clear()
    assert file(given) == found
    assert file(given, sender_name="Another").content != found.content


def test_openssl_verifies_it_without_a_chain_that_the_device_has_by_itself(authority: Authority) -> None:
    given = {**authority.options(), "signing_chain_file": None}
    found = file(given).content
    with pytest.raises(AssertionError, match="unable to get local issuer certificate"):
        authority.verified(found)
    device = authority.path / "device.pem"
    device.write_bytes(authority.root.read_bytes() + authority.chain.read_bytes())
    assert openssl("cms", "-verify", "-inform", "DER", "-CAfile", device, "-purpose", "any", data=found) == file({}).content


def test_the_chain_may_be_in_the_certificates_file(authority: Authority) -> None:
    given = authority.options()
    both = authority.path / "fullchain.pem"
    both.write_bytes(Path(given["signing_certificate_file"]).read_bytes() + authority.chain.read_bytes())
    alone = {**given, "signing_certificate_file": str(both), "signing_chain_file": None}
    assert file(alone).content == file(given).content


def test_nothing_but_type_and_digest_is_signed_with_it(authority: Authority) -> None:
    printed = openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", data=file(authority.options()).content).decode()
    attributes = printed.partition("signedAttrs:")[2].partition("signatureAlgorithm:")[0]
    assert [line.split()[1] for line in attributes.splitlines() if "object:" in line] == ["contentType", "messageDigest"]


def test_openssl_rejects_a_changed_profile(authority: Authority) -> None:
    content = file(authority.options()).content
    with pytest.raises(AssertionError, match="digest failure|verification failure"):
        authority.verified(content.replace(b"imap.example.org", b"imap.example.com"))


def test_the_tag_is_that_of_the_key(authority: Authority) -> None:
    given = authority.options()
    before = file(given)
    renewed = {**given, "signing_certificate_file": str(authority.certificate("renewed", 700, of="signer-rsa"))}
    after = file(renewed)
    assert (before.tag, len(before.tag)) == (after.tag, 64) and before.content != after.content
    assert before.redacted != after.redacted  # a diff says that there is another certificate
    assert file(authority.options("ec")).tag != before.tag and file({}).tag == ""


def test_a_passphrase_opens_the_key_and_is_in_no_text(authority: Authority) -> None:
    given = {**authority.options(), "signing_key_passphrase": "Pa55-phrase"}
    given["signing_key_file"] = str(authority.key("locked", passphrase="Pa55-phrase"))
    given["signing_certificate_file"] = str(authority.certificate("locked"))
    assert check(given) == OptionCheck()
    found = file(given)
    key = Path(given["signing_key_file"]).read_text()
    for text in (repr(found), repr(options(given)), repr(_signing.signer(options(given)))):
        assert "Pa55-phrase" not in text and key.splitlines()[1] not in text


def wrong(authority: Authority, **changes: Any) -> dict[str, Any]:
    return {**authority.options(), **changes}


def test_what_is_wrong_with_keys_and_certificates(authority: Authority) -> None:
    locked = str(authority.key("wrong-locked", passphrase="right"))
    other, ed25519 = str(authority.key("other")), str(authority.key("ed", "ed25519"))
    text = authority.path / "text"
    text.write_text("-----BEGIN NONSENSE-----\n")
    text.chmod(0o600)
    table: list[tuple[dict[str, Any], str]] = [
        ({"signing_key_file": locked}, f"signing_key_file: {locked} is encrypted: give signing_key_passphrase"),
        ({"signing_key_file": locked, "signing_key_passphrase": "w"},
         f"signing_key_file: {locked} is not a private key in PEM, or signing_key_passphrase is another one's"),
        ({"signing_key_passphrase": "w"}, "signing_key_file: {key} is not encrypted: leave signing_key_passphrase out"),
        ({"signing_key_file": str(text)}, f"signing_key_file: {text} is not a private key in PEM"),
        ({"signing_key_file": ed25519}, f"signing_key_file: {ed25519} is neither an RSA nor an EC key"),
        ({"signing_key_file": other}, "signing_certificate_file: {certificate} is the certificate of another key than signing_key_file"),
        ({"signing_certificate_file": str(text)}, f"signing_certificate_file: {text} has no certificate in PEM"),
        ({"signing_chain_file": str(text)}, f"signing_chain_file: {text} has no certificate in PEM"),
        ({"signing_key_file": None}, "signing_key_file: is needed with signing_certificate_file"),
        ({"signing_certificate_file": None}, "signing_certificate_file: is needed with signing_key_file"),
    ]  # fmt: skip
    for changes, reason in table:
        given = wrong(authority, **changes)
        expected = reason.format(key=given["signing_key_file"], certificate=given["signing_certificate_file"])
        assert check(given).problems == (expected,)


def test_a_key_that_others_can_read_is_an_error(authority: Authority) -> None:
    given = authority.options(signing_key_file=str(authority.key("readable", "ec")))
    Path(given["signing_key_file"]).chmod(0o604)
    with pytest.raises(MailopsError, match="signing_key_file: others on this machine may read .*: chmod o= it"):
        options(given)


@pytest.mark.parametrize(
    ("days", "problem", "warning"),
    [
        (-1, "is not valid before", None), (10, None, None), (334, None, None), (336, None, "expires on"), (364.9, None, "expires on"),
        (366, "has expired on", None),
    ],
)  # fmt: skip
def test_certificates_expire(days: float, problem: str | None, warning: str | None, authority: Authority) -> None:
    found = check({**authority.options(), "signing_chain_file": None}, NOW + days * DAY)
    assert [each.startswith(f"signing_certificate_file: {problem}") for each in found.problems] == [True] * bool(problem)
    assert [each.startswith(f"signing_certificate_file: {warning}") for each in found.warnings] == [True] * bool(warning)


def test_the_days_of_the_warning_are_an_option_and_count_for_the_chain(authority: Authority) -> None:
    given = authority.options()
    assert check({**given, "warn_before_days": 0}, NOW + 290 * DAY) == OptionCheck()
    assert check({**given, "warn_before_days": 301}).warnings[0].startswith("signing_chain_file: the certificate of CN=middle Łódź,O=Example")


def test_an_ec_key_is_refused_where_it_would_sign_differently_each_time(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """cryptography before 43 does not know the argument."""
    monkeypatch.setattr(ec, "ECDSA", lambda algorithm: None)
    (problem,) = check(authority.options("ec")).problems
    assert problem.startswith("signing_key_file: an EC key signs differently each time here") and "cryptography 43" in problem
    assert check(authority.options("rsa")) == OptionCheck()


def test_without_cryptography_the_reason_names_it(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    given = authority.options()
    _signing._signer.cache_clear()
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    (problem,) = check(given).problems
    assert problem.startswith("signing_key_file: ") and "cryptography" in problem and "for signatures" in problem


def test_unsigned_is_possible_and_said() -> None:
    assert check({}).problems == () and "the profiles are not signed" in check({}).warnings[0]
    assert file({}).content.startswith(b"<?xml")


def test_a_signature_of_another_program_has_the_same_form(authority: Authority) -> None:
    """openssl's own message, without its optional attributes, differs from ours in nothing that a reader looks at."""
    given = authority.options()
    content = file({}).content
    made = subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-nosmimecap", "-md", "sha256", "-signer", given["signing_certificate_file"],
         "-inkey", given["signing_key_file"], "-certfile", authority.chain],
        input=content, capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    ours, theirs = (shape(each) for each in (file(given).content, made))
    assert ours == [line for line in theirs if "signingTime" not in line]


def shape(message: bytes) -> list[str]:
    """The names of a message's objects, in their order, without certificates and values."""
    printed = openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", data=message).decode()
    before, _certificates, rest = printed.partition("    certificates:\n")
    lines = before.splitlines() + rest[rest.index("    signerInfos:") :].splitlines()
    return [line.split("(")[0].rstrip() for line in lines if re.match(r"\s+(d\.\w+|algorithm|e?[cC]ontentType|object|version):", line)]

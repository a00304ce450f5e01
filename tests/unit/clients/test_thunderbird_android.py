# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes for Thunderbird for Android: read from the image by two readers of codes, and then by the rules of the app."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _qr
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._options import read_options
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

from ...profiles import profile
from ..deploy.deployments import deployment
from .accounts import JOANNA, resolved
from .drawn import Drawn, examples, profiles_and_user, taken
from .qr_readers import by_zbar, by_zxing
from .thunderbird_reader import Rejected, read

CLIENT = clients.get("thunderbird_android")
SECURITIES = {"none": 0, "starttls": 2, "tls": 3}
LONG = "x" * 300


def files(accounts: list[Account], context: Any, **options: Any) -> list[File]:
    return CLIENT.files(accounts, context._replace(options=read_options(CLIENT, {"include_passwords": True, **options})))


def payload(image: bytes) -> bytes:
    """What is in an image, about which both readers agree."""
    found = by_zbar(image)
    assert by_zxing(image) == found
    return found


@examples(12)
@given(profiles_and_user())
def test_the_app_gets_every_value_as_it_was(drawn: Drawn) -> None:
    accounts, context = taken("thunderbird_android", drawn)
    made = files(accounts, context)
    assert [file.path for file in made] == [f"thunderbird-android-{number}-of-{len(accounts)}.png" for number in range(1, len(accounts) + 1)]
    for number, (account, file) in enumerate(zip(accounts, made, strict=True), start=1):
        sequence, (found,) = read(payload(file.content))
        assert sequence == (number, len(accounts))
        assert found["identity"] == (account.email, account.sender_name)
        assert found["incoming"]["protocol"] == {"imap": 0, "pop": 1}[account.account_type]
        assert (found["incoming"].get("name") or account.email) == account.account_name
        for side in ("incoming", "outgoing"):
            server = getattr(account, side)
            words = [found[side][name] for name in ("host", "port", "security", "authentication", "username")]
            assert words == [server.host, server.port, SECURITIES[server.security], 1, server.username]
            assert found[side].get("password") == server.password


def test_the_reader_rejects_what_the_app_rejects() -> None:
    (file,) = files(*resolved([profile(account_name="Work")]))
    right = json.loads(by_zbar(file.content))
    assert read(json.dumps(right).encode())
    wrong: list[tuple[list[Any], Any]] = [
        ([0], 2), ([0], "1"), ([1], [0, 1]), ([1], [2, 1]), ([1], [1, 1, 1]), ([2, 0], 2), ([2, 1], "imap example"), ([2, 1], "::"), ([2, 1], "a" * 64),
        ([2, 2], 0), ([2, 2], 65536), ([2, 2], "993"), ([2, 3], 1), ([2, 3], 4), ([2, 4], 3), ([2, 4], 4), ([2, 5], "a\nb"), ([2, 6], None),
        ([2, 7], "a\rb"), ([3], []), ([3, 0, 0, 0], 1), ([3, 0, 1, 0], "joanna"), ([3, 0, 1, 0], "ł@example.org"), ([3, 0, 1, 0], "a..b@example.org"),
        ([3, 0, 1, 0], f"{'x' * 65}@example.org"), ([3, 0, 1, 1], None), ([3, 0, 1], ["j@example.org"]),
    ]  # fmt: skip
    for path, value in wrong:
        changed = json.loads(json.dumps(right))
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        with pytest.raises(Rejected):
            read(json.dumps(changed).encode())
    for text in ("[1,[1,1]]", json.dumps(right[:3]), json.dumps(right, ensure_ascii=False).replace("Joanna", "Zoë"), "{}", "x"):
        with pytest.raises(Rejected):
            read(text.encode())


@pytest.mark.parametrize(
    "name", ["Łukasz Gżegżółka", "Zoë Müller", "Иван Петров", "山田太郎", "محمد", "Ελένη", "דוד", "สมชาย", "🔑 Key", "José \u201cPepe\u201d", "ＡＢＣ"]
)
def test_names_in_every_script_are_read(name: str) -> None:
    (file,) = files(*resolved([profile()], {**JOANNA, "display_name": name}))
    _sequence, (found,) = read(payload(file.content))
    assert found["identity"][1] == name


def test_no_password_unless_asked() -> None:
    accounts, context = resolved([profile()])
    (file,) = files(accounts, context, include_passwords=False)
    _sequence, (found,) = read(payload(file.content))
    assert "password" not in found["incoming"] and "password" not in found["outgoing"] and not file.secret
    assert b"tr0ub4dor" in payload(files(accounts, context)[0].content)


@pytest.mark.parametrize(("per_code", "groups"), [(1, [1, 1, 1, 1]), (2, [2, 2]), (3, [3, 1])])
def test_accounts_are_split_in_their_order(per_code: int, groups: list[int]) -> None:
    accounts, context = resolved([profile(f"p{number}", account_name=f"Account {number}") for number in range(4)])
    made = files(accounts, context, accounts_per_code=per_code)
    found = [read(payload(file.content)) for file in made]
    assert [len(listed) for _sequence, listed in found] == groups
    assert [sequence for sequence, _listed in found] == [(number, len(groups)) for number in range(1, len(groups) + 1)]
    assert [each["incoming"]["name"] for _sequence, listed in found for each in listed] == [f"Account {number}" for number in range(4)]


def test_accounts_that_would_make_a_code_too_large_are_split_sooner() -> None:
    accounts, context = resolved([profile(f"p{number}", sender_name=LONG) for number in range(3)])
    made = files(accounts, context, accounts_per_code=3)
    assert [len(read(payload(file.content))[1]) for file in made] == [1, 1, 1]
    short, context = resolved([profile(f"p{number}") for number in range(3)])
    assert len(files(short, context, accounts_per_code=3)) == 1


def test_an_account_that_fits_in_no_code_is_skipped_with_the_reason_and_spoils_no_other() -> None:
    profiles = [profile("short"), profile("long", sender_name="{Name}", account_name="{Name}", variables={"Name": None})]
    user = {**JOANNA, "variables": {"Name": "ł" * 60}}
    found = deployment([user], profile_definitions=profiles, clients=["thunderbird_android"])
    (skipped,) = found.skipped
    assert skipped["profile"] == "long" and "codes of 858 bytes at most" in skipped["reason"] and "needs 882" in skipped["reason"]
    (file,) = found.files(found.request.users[0])
    assert file.path == "thunderbird-android-1-of-1.png" and read(payload(file.content))[0] == (1, 1)


def test_the_largest_code_of_one_account_is_read() -> None:
    """Whatever its number is, it stays within version 20."""
    sized = [resolved([profile(sender_name=LONG, account_name="x" * length)]) for length in range(300, 400)]
    fitting = [each for each in sized if CLIENT.skip_reason(each[0][0], {"include_passwords": True}) is None]
    assert len(fitting) < len(sized)
    found = payload(files(*fitting[-1])[0].content)
    assert len(found) + len("999,999") - len("1,1") == _qr.MAX_BYTES and read(found)


def test_an_address_of_zeros_is_skipped_because_the_app_rejects_the_code() -> None:
    accounts, _context = resolved([profile(incoming__host="::")])
    assert "rejects the host ::" in CLIENT.skip_reason(accounts[0])


def test_both_formats_and_what_is_wrong_with_options() -> None:
    made = files(*resolved([profile()]), formats=["svg", "png", "png"])
    assert [file.path for file in made] == ["thunderbird-android-1-of-1.png", "thunderbird-android-1-of-1.svg"]
    assert made[0].redacted == made[1].redacted
    for options, problem in (
        ({"accounts_per_code": 4}, "accounts_per_code: must be 1 to 3"), ({"accounts_per_code": 0}, "accounts_per_code: must be 1 to 3"),
        ({"formats": ["gif"]}, "formats: must be a list of png and svg"), ({"formats": []}, "formats: must be"),
    ):  # fmt: skip
        (found,) = CLIENT.check_options(read_options(CLIENT, options), None).problems
        assert found.startswith(problem)

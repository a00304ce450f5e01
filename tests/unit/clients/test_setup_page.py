# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML of the setup page, as far as no browser is needed to judge it. test_setup_page_in_chromium.py has the browser."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import sys
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.mailops.profiles.plugins.module_utils._wire import MASK
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._setup_page.options import page_address

from ...profiles import profile
from ..deploy.deployments import JOANNA, deployment
from ..refusals import problems
from .drawn import Drawn, examples, profiles_and_user, taken
from .setup_pages import (
    HOSTILE,
    HOSTILE_OPTIONS,
    HOSTILE_PROFILES,
    LONG_HOST,
    OPTIONS,
    PHONES,
    THREE,
    UMLAUTS,
    Parsed,
    files,
    page,
    png,
    text,
)

STORES = ["https://play.google.com/store/apps/details?id=net.thunderbird.android", "https://f-droid.org/packages/net.thunderbird.android/"]
OTHERS = {name: {"include_passwords": True} for name in PHONES if name != "setup_page"}


@pytest.mark.parametrize("made", [page(THREE, **OPTIONS), page(HOSTILE_PROFILES, HOSTILE, **HOSTILE_OPTIONS)], ids=["usual", "hostile"])
def test_nothing_is_loaded_from_outside(made: str) -> None:
    found = Parsed(made)
    assert all(address.startswith("data:image/png;base64,") for address in found.values("src"))
    outside = [attributes for _name, attributes in found.elements if re.match("[a-z]+:", attributes.get("href") or "")]
    assert [each["href"] for each in outside if each["href"].startswith("http")] == STORES
    assert all(each.get("rel") == "noreferrer" for each in outside if each["href"].startswith("http"))
    assert {each["href"].partition(":")[0] for each in outside} <= {"https", "mailto", "tel", "data"}
    assert not re.search(r"url\(|@import", "".join(found.raw["style"]))
    assert ":target" not in made and not any(name.startswith("on") or name == "style" for _tag, each in found.elements for name in each)
    assert {tag for tag, _attributes in found.elements} & {"form", "input", "iframe", "object", "embed", "base", "template"} == set()


def test_the_policy_allows_the_style_and_the_script_and_nothing_else() -> None:
    found = Parsed(page(HOSTILE_PROFILES, HOSTILE, **HOSTILE_OPTIONS))
    policy = next(each["content"] for name, each in found.elements if name == "meta" and each.get("http-equiv") == "Content-Security-Policy")
    hashes = {name: base64.b64encode(hashlib.sha256("".join(found.raw[name]).encode()).digest()).decode() for name in found.raw}
    assert [name for name, _attributes in found.elements if name in hashes] == ["style", "script"]
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # It counts for what is behind it.
    assert [name for name, _attributes in found.elements].index("meta") < [name for name, _attributes in found.elements].index("style")


@examples(25)
@given(profiles_and_user())
def test_every_text_of_a_person_and_a_profile_is_text(drawn: Drawn) -> None:
    """The same elements as for harmless values, and each value as it is."""
    accounts, context = taken("setup_page", drawn)
    client = clients.get("setup_page")
    (file,) = client.files(accounts, context._replace(options=client.default_options()))
    found = Parsed(text(file))
    assert [name for name, _attributes in found.elements if name in ("script", "style", "title")] == ["title", "style", "script"]
    assert {tag for tag, _attributes in found.elements} <= TAGS
    servers = [server for account in accounts for server in (account.incoming, account.outgoing)]
    for value in [account.account_name for account in accounts] + [server.host for server in servers] + [server.username for server in servers]:
        assert value in found.shown


TAGS = set(
    "a b bdi body caption col colgroup div figcaption figure h1 h2 h3 head header html img li link main meta nav ol p script section span style table tbody "
    "td th thead title tr ul wbr".split()
)


def test_no_password_is_text() -> None:
    secret = "S3cret-and-long"
    for passwords in (False, True):
        made = files(THREE, {**JOANNA, "password": secret}, PHONES, OTHERS, include_passwords=passwords, **OPTIONS)
        for path in ("index.html", "index.pl.html"):
            assert secret not in html.unescape(text(made[path])) and secret not in made[path].redacted
            assert made[path].secret is passwords and (MASK in made[path].redacted) is passwords


def test_a_page_without_passwords_is_the_same_with_other_passwords() -> None:
    pages = [page(THREE, {**JOANNA, "password": password}) for password in ("one", "two")]
    assert pages[0] == pages[1] == page(THREE, {**JOANNA, "password": "three"}, include_passwords=False)
    held = [page(THREE, {**JOANNA, "password": password}, include_passwords=True) for password in ("one", "two")]
    assert held[0] != held[1] and "The codes on this page hold your password" in held[0] and "hold your password" not in pages[0]


def test_files_are_linked_that_the_same_task_writes() -> None:
    for names in (["setup_page"], ["setup_page", "mobileconfig"], ["k9_settings", "setup_page"], PHONES):
        made = files(THREE, None, names, OTHERS if names == PHONES else None)
        linked = {each for each in Parsed(text(made["index.html"])).values("href") if not re.match("#|[a-z]+:", each)}
        # Its own codes are on the page.
        assert linked == {path for path in made if not path.startswith(("index", "thunderbird-android"))}
    assert len(linked) == 4


def test_the_page_warns_of_a_linked_file_with_a_password() -> None:
    warning = "The files that you download here hold your password"
    for passwords in (False, True):
        made = files(THREE, None, ["mobileconfig", "setup_page"], {"mobileconfig": {"include_passwords": passwords}})
        assert (warning in text(made["index.html"])) is passwords and not made["index.html"].secret
    assert warning not in page(THREE, include_passwords=True)


def test_a_file_that_has_none_of_the_accounts_is_not_linked() -> None:
    """Delta Chat without passwords, and what a client cannot do."""
    made = files(THREE, None, PHONES)
    assert not any("delta-chat" in each for each in Parsed(text(made["index.html"])).values("href"))
    ntlm = [profile(incoming__authentication="ntlm")]
    made = files(ntlm, None, ["k9_settings", "setup_page"])
    assert [*made] == ["index.html"] and "mail.k9s" not in text(made["index.html"])


def test_an_account_that_no_code_can_hold_is_in_the_table() -> None:
    made = page([profile("work", account_name="Work"), profile("other", account_name="Kerberos", incoming__authentication="gssapi")])
    assert "Code 1 of 1" in made and "Code 2" not in made
    assert "not possible in this app: <bdi>Kerberos</bdi>" in made and "Kerberos (GSSAPI)" in made
    only = page([profile(incoming__authentication="gssapi")])
    assert "Code 1" not in only and "Get started" in only


def test_every_setting_is_in_the_table() -> None:
    listed = [profile(
        "work", account_name="Work", reply_to="team@example.org", folders={"sent": "A", "drafts": "B", "trash": "C", "archive": "D", "junk": "E/F"},
        incoming__port=1993, incoming__security="starttls", outgoing__authentication="none", outgoing__password=None,
    )]  # fmt: skip
    words = Parsed(page(listed)).shown
    for value in ("team@example.org", "Joanna Kowalska", "imap.example.org", "1993", "STARTTLS", "smtp.example.org", "465", "E/F", "No password needed"):
        assert value in words
    kept = [page([profile(account_type="pop", **more)]) for more in ({}, {"leave_on_server": False}, {"delete_after_days": 14})]
    assert ["Stays there" in each for each in kept] == [True, False, False]
    assert "Is deleted there after 14 days" in kept[2] and "Is deleted there after it was fetched" in kept[1]


def test_it_fits_on_a_slow_line(tmp_path: Any) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(png(64, 64) + bytes(16384 - len(png(64, 64))))
    user = {**JOANNA, "display_name": UMLAUTS}
    long = [profile(f"p{number}", account_name=UMLAUTS, incoming__host=LONG_HOST, outgoing__host=LONG_HOST) for number in range(3)]
    for path, file in files(long, user, PHONES, OTHERS, include_passwords=True, logo_file=str(logo), **OPTIONS).items():
        if path.startswith("index"):
            assert 30_000 < len(file.content) <= 65536 and len(file.redacted.encode()) <= 2048
            assert "<" not in file.redacted.replace("<j.kowalska@example.org>", "") and "base64" not in file.redacted


def test_a_page_that_is_too_large_is_refused_with_what_to_do() -> None:
    many = [profile(f"p{number}", account_name=UMLAUTS, incoming__authentication="gssapi") for number in range(40)]  # without codes
    (problem,) = problems(files, many)
    assert re.match(r"user 'jkowalska': index.html of the client setup_page would have \d+ bytes, .*: give a smaller logo_file, or fewer profiles$", problem)


def test_what_diffs_display_says_what_changed() -> None:
    first, second = (files([profile(incoming__host=host)])["index.html"].redacted for host in ("imap.example.org", "imap2.example.org"))
    assert "imap imap.example.org:993 tls, smtp smtp.example.org:465 tls" in first and "imap2.example.org" in second and len(first) < 2048
    # A change of the page's look only.
    assert files(color="#000000")["index.html"].redacted != files(color="#111111")["index.html"].redacted


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"languages": ["en", "xx"]}, "languages: there is no language 'xx'; there are en, pl"),
        ({"languages": ["en", "en"]}, "languages: must name one language at least, and each once"),
        ({"color": "red"}, "color: must be # and six hexadecimal digits in quotes, such as '#1f5fae'"),
        ({"color": "#fff}body{background:url(//x)"}, "color: must be #"),
        ({"title": "{UserPassword}"}, "title: {UserPassword} cannot be used here"),
        ({"contact": "{Region}"}, "contact: {Region} cannot be used here; the variables are UserEmail, "),
        ({"base_url": "http://setup.example.org/{UserName}/"}, "base_url: must begin with https://"),
        ({"base_url": "HTTPS://setup.example.org/"}, "base_url: must begin with https://"),
        ({"base_url": "javascript:alert(1)//https://"}, "base_url: must begin with https://"),
        ({"base_url": "https://{UserName}.example.org/"}, "base_url: must have the name of a host behind https://"),
        ({"base_url": "https://jan:secret@example.org/"}, "base_url: must have the name of a host"),
        ({"base_url": "https:///x"}, "base_url: must have the name of a host"),
        ({"base_url": "https://example.org:/"}, "base_url: the port must be a number"),
        ({"base_url": "https://example.org:x/"}, "base_url: the port must be a number"),
        ({"base_url": "https://example.org:99999/"}, "base_url: the port must be a number from 1 to 65535"),
        ({"base_url": "https://example.org/?u={UserName}"}, "base_url: must be a directory, without ? and #"),
        ({"logo_file": "/etc/hostname"}, "logo_file: /etc/hostname is not a PNG, JPEG, GIF or SVG file"),
        ({"logo_file": "/nowhere/logo.png"}, "logo_file: /nowhere/logo.png cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(given: dict[str, Any], expected: str) -> None:
    found = problems(files, **given)
    assert found[0].startswith(f"client_options.setup_page.{expected}")


def test_all_wrong_options_are_found_at_once() -> None:
    assert len(problems(files, languages=["xx"], color="red", base_url="x")) == 3


def test_without_segno_the_reason_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert any(each.startswith("client_options.setup_page.include_passwords: ") and "segno" in each for each in problems(files))


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"<?xml version='1.0'?><svg/>"])
def test_a_logo_is_an_image_and_nothing_else(tmp_path: Any, content: bytes) -> None:
    """A browser runs no script of an image, and loads nothing for it."""
    (tmp_path / "logo").write_bytes(content)
    (image,) = (each for name, each in Parsed(page(logo_file=str(tmp_path / "logo"))).elements if each.get("class") == "logo" and name == "img")
    assert re.fullmatch(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/]+=*", image["src"])


def test_a_variable_without_a_value_is_that_users_mistake() -> None:
    nameless = {"name": "jan", "email": "jan@example.org", "password": "x"}
    plain = [profile(sender_name="x")]
    (problem,) = problems(files, plain, nameless, title="For {UserFirstName}")
    assert problem == "user 'jan': client_options.setup_page.title: {UserFirstName} has no value: give the user first_name"
    made = deployment(
        [nameless, {**JOANNA, "first_name": "Joanna"}], profile_definitions=plain, clients=["setup_page"], invalid_users="skip",
        client_options={"setup_page": {"title": "For {UserFirstName}"}},
    )  # fmt: skip
    assert [user.name for user in made.request.users] == ["jkowalska"] and [user.name for user in made.request.invalid] == ["jan"]
    assert "<h1 dir=\"auto\">For Joanna</h1>" in text(made.files(made.request.users[0])[0])


@pytest.mark.parametrize(
    ("base", "file", "expected"),
    [
        ("https://setup.example.org", "", "https://setup.example.org/"),
        ("https://setup.example.org:8443/a/", "index.pl.html", "https://setup.example.org:8443/a/index.pl.html"),
        ("https://setup.example.org/o'b?#\"><b> ü@example.org/", "", "https://setup.example.org/o'b%3F%23%22%3E%3Cb%3E%20%C3%BC@example.org/"),
        ("https://poczta.gdańsk.example:8443/", "", "https://poczta.xn--gdask-y7a.example:8443/"),
        ("https://[2001:db8::7]/100%/", "", "https://[2001:db8::7]/100%25/"),
    ],
)
def test_an_address_stays_one(base: str, file: str, expected: str) -> None:
    """Whatever a user's value has in it."""
    assert page_address(base, file) == expected


def test_an_address_that_no_code_can_hold_is_refused() -> None:
    user = {**JOANNA, "display_name": "ü" * 200}
    (problem,) = problems(files, None, user, base_url="https://setup.example.org/{UserDisplayName}/")
    assert problem.startswith("user 'jkowalska': client_options.setup_page.base_url: the code would need 1227 bytes, ")


def test_who_leaves_needs_no_values() -> None:
    made = deployment([{"name": "jan", "state": "absent"}], clients=["setup_page"], client_options={"setup_page": {"title": "For {UserFirstName}"}})
    assert [made.files(user) for user in made.request.users] == [()] and not made.request.invalid


def test_the_contact_has_links_that_a_phone_can_use() -> None:
    made = page(contact="Help (https://help.example.org/a?b=1&c=2), {UserEmailDomain}, it@example.org; +48 58 123-45-67 or 555 1234")
    assert '(<a href="https://help.example.org/a?b=1&amp;c=2" rel="noreferrer">https://help.example.org/a?b=1&amp;c=2</a>), example.org, ' in made
    assert '<a href="mailto:it@example.org">it@example.org</a>; <a href="tel:+48581234567"><bdi>+48 58 123-45-67</bdi></a> or 555 1234' in made

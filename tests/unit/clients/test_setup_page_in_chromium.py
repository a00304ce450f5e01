# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real browser makes of setup pages: on phones and desks, in light and dark, with and without scripts, on paper."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _qr, get
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._thunderbird_code import codes

from ...browser import PROGRAM, Browser
from ..deploy.deployments import JOANNA
from .accounts import resolved
from .programs import needs
from .qr_readers import by_zbar, by_zxing
from .setup_pages import HOSTILE, HOSTILE_OPTIONS, HOSTILE_PROFILES, OPTIONS, PHONES, THREE, Parsed, files, png

pytestmark = pytest.mark.programs

WIDTHS = (320, 360, 412, 600, 767, 768, 1024, 1280, 1920)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs(PROGRAM)
    made = Browser()
    yield made
    made.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Directories with pages and what is beside them."""
    logo = tmp_path_factory.mktemp("logo") / "logo.png"
    logo.write_bytes(png(400, 100))
    others = {name: {"include_passwords": True} for name in PHONES if name != "setup_page"}
    made = {
        "usual": files(THREE, None, PHONES, others, logo_file=str(logo), **OPTIONS),
        "passwords": files(THREE, None, PHONES, others, include_passwords=True, color="#ffdd00", **OPTIONS),
        "hostile": files(HOSTILE_PROFILES, HOSTILE, PHONES, include_passwords=True, languages=["pl", "en"], **HOSTILE_OPTIONS),
        "one": files(),
    }
    found = {}
    for name, listed in made.items():
        found[name] = tmp_path_factory.mktemp(name)
        for path, file in listed.items():
            (found[name] / path).write_bytes(file.content or b"")
    return found


def address(place: Path, name: str = "index.html") -> str:
    return (place / name).as_uri()


@pytest.mark.parametrize("name", ["usual", "passwords", "hostile", "one"])
@pytest.mark.parametrize("scripts", [True, False])
def test_the_console_is_silent_and_nothing_is_asked_for(browser: Browser, places: dict[str, Path], name: str, scripts: bool) -> None:
    with browser.tab(scripts=scripts) as tab:
        tab.open(address(places[name]))
        assert tab.messages == []
        assert {url.partition(",")[0] for url in tab.requests} <= {address(places[name]), "data:image/png;base64", "data:"}
        assert tab.run("document.querySelectorAll('script').length") == 1


def test_the_hostile_name_is_the_text_of_the_heading(browser: Browser, places: dict[str, Path]) -> None:
    with browser.tab() as tab:
        tab.open(address(places["hostile"]))
        title = HOSTILE_OPTIONS["title"].replace("{UserDisplayName}", HOSTILE["display_name"])
        assert tab.run("document.querySelector('h1').textContent") == title == tab.run("document.title")
        # From right to left, and the sentence around it still from left to right.
        assert tab.run("getComputedStyle(document.querySelectorAll('caption span')[2]).direction") == "rtl"
        assert tab.run("getComputedStyle(document.body).direction") == "ltr"


def test_the_policy_stops_what_would_get_into_a_page(browser: Browser, places: dict[str, Path], tmp_path: Path) -> None:
    """An attacker with a way around the escaping has still no script, no style and no request."""
    inserted = (
        "<script>document.title = 'pwned'</script><img src=x onerror=\"document.title = 'pwned'\"><style>h1 { display: none }</style>"
        "<img src='https://example.org/x.png'><iframe src='https://example.org'></iframe><h2 style='display: none'>x</h2>"
    )
    (tmp_path / "index.html").write_text((places["one"] / "index.html").read_text().replace("<main>", f"<main>{inserted}"))
    with browser.tab() as tab:
        tab.open(address(tmp_path))
        assert tab.run("document.title") == "Set up your e-mail"
        assert tab.run("getComputedStyle(document.querySelector('h1')).display") == tab.run("getComputedStyle(document.querySelector('h2')).display") == "block"
        assert len([message for message in tab.messages if "violates the following Content Security Policy directive" in message]) >= 5


@pytest.mark.parametrize("name", ["usual", "hostile"])
def test_no_screen_scrolls_sideways(browser: Browser, places: dict[str, Path], name: str) -> None:
    with browser.tab() as tab:
        tab.open(address(places[name]))
        for width in WIDTHS:
            tab.resize(width)
            measured = tab.run(
                "({page: document.documentElement.scrollWidth, screen: document.documentElement.clientWidth,"
                " out: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1"
                " && !e.closest('thead, .unseen')).map(e => e.outerHTML.slice(0, 80))})"
            )
            assert measured["page"] <= measured["screen"] == width - (0 if width < 600 else 15) and measured["out"] == [], width


@pytest.mark.parametrize(("name", "width", "dark"), [
    ("usual", 360, True), ("passwords", 1280, False), ("hostile", 360, False),
    *(pytest.param(*each, marks=pytest.mark.long) for each in (("usual", 360, False), ("passwords", 1280, True), ("hostile", 360, True))),
])  # fmt: skip
def test_axe_finds_nothing(browser: Browser, places: dict[str, Path], name: str, width: int, dark: bool) -> None:
    with browser.tab(width, dark=dark) as tab:
        tab.open(address(places[name]))
        done = tab.accessibility()
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in done["violations"]] == []
        assert {"color-contrast", "html-has-lang", "image-alt", "region"} <= set(done["rules"])
        assert tab.run("getComputedStyle(document.body).backgroundColor") == ("rgb(18, 22, 28)" if dark else "rgb(243, 245, 248)")


def expected_codes(passwords: bool) -> list[bytes]:
    accounts, _context = resolved(THREE)
    return [code.payload for code in codes(get("thunderbird_android").supported(accounts), passwords, 1)]


@pytest.mark.parametrize(("width", "dark"), [
    (320, False), (360, True), *(pytest.param(*each, marks=pytest.mark.long) for each in ((360, False), (1280, False))),
])  # fmt: skip
def test_codes_are_read_from_the_screen(browser: Browser, places: dict[str, Path], width: int, dark: bool) -> None:
    with browser.tab(width, dark=dark) as tab:
        tab.open(address(places["passwords"]))
        boxes = tab.run(
            "[...document.querySelectorAll('.codes img')].map(e => { const r = e.getBoundingClientRect();"
            " return [r.left, r.top + scrollY, r.width, r.height, e.naturalWidth / 8] })"
        )
        pictures = [tab.screenshot(clip=(left - 2, top - 2, wide + 4, high + 4)) for left, top, wide, high, _modules in boxes]
    assert all(wide / modules >= 2.5 and wide == high for _left, _top, wide, high, modules in boxes)
    assert [by_zxing(picture) for picture in pictures] == [by_zbar(picture) for picture in pictures] == expected_codes(passwords=True)


def test_one_set_of_codes_is_on_a_page(browser: Browser, places: dict[str, Path]) -> None:
    """The app throws away what it has when it meets a code of another set."""
    with browser.tab(1280) as tab:
        tab.open(address(places["usual"]))
        assert tab.run("[...document.querySelectorAll('.codes img')].map(e => e.alt)") == ["Code 1 of 3", "Code 2 of 3", "Code 3 of 3"]
        whole = Image.open(io.BytesIO(tab.screenshot()))
    found = [code.bytes for code in zxingcpp.read_barcodes(whole, formats=zxingcpp.BarcodeFormat.QRCode)]
    assert sorted(found) == sorted([*expected_codes(passwords=False), b"https://setup.example.org/jkowalska/"])


def test_the_code_of_the_address_is_for_larger_screens_and_of_its_language(browser: Browser, places: dict[str, Path]) -> None:
    visible = "document.querySelector('.scan').getClientRects().length"
    with browser.tab(360) as tab:
        tab.open(address(places["usual"], "index.pl.html"))
        assert tab.run(visible) == 0
        tab.resize(1280)
        assert tab.run(visible) == 1
        left, top, width, height = tab.run(
            "(() => { const r = document.querySelector('.scan img').getBoundingClientRect(); return [r.left, r.top + scrollY, r.width, r.height] })()"
        )
        assert by_zbar(tab.screenshot(clip=(left, top, width, height))) == b"https://setup.example.org/jkowalska/index.pl.html"


@pytest.mark.parametrize("language", [pytest.param("index.html", marks=pytest.mark.long), "index.pl.html"])
def test_three_accounts_are_two_sheets_of_paper_and_their_codes_are_read(
    browser: Browser, places: dict[str, Path], tmp_path: Path, language: str
) -> None:
    needs("pdftoppm")
    with browser.tab(1280) as tab:
        printed = tab.open(address(places["passwords"], language)).pdf()
    (tmp_path / "page.pdf").write_bytes(printed)
    sizes = re.findall(r"Page size: +([\d.]+) x ([\d.]+)", run("pdfinfo", tmp_path / "page.pdf"))
    assert [round(float(each)) for each in sizes[0]] == [595, 842] and "Pages:           2\n" in run("pdfinfo", tmp_path / "page.pdf")
    run("pdftoppm", "-r", "200", "-png", tmp_path / "page.pdf", tmp_path / "sheet")
    sheets = [Image.open(path) for path in sorted(tmp_path.glob("sheet*.png"))]
    found: dict[bytes, float] = {}
    for sheet in sheets:
        for code in zxingcpp.read_barcodes(sheet, formats=zxingcpp.BarcodeFormat.QRCode):
            corners = code.position
            box = (corners.top_left.x - 30, corners.top_left.y - 30, corners.bottom_right.x + 30, corners.bottom_right.y + 30)
            picture = io.BytesIO()
            sheet.crop(box).save(picture, "png")
            assert by_zbar(picture.getvalue()) == code.bytes
            found[code.bytes] = (corners.top_right.x - corners.top_left.x) / 200 * 25.4
    assert set(expected_codes(passwords=True)) <= set(found)
    # Half a millimetre for each module.
    for payload, width in found.items():
        assert width >= 0.5 * (17 + 4 * _qr.version(payload))


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_click_copies_a_setting(browser: Browser, places: dict[str, Path]) -> None:
    with browser.tab() as tab:
        tab.open(address(places["usual"]))
        tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
        assert tab.run("[...new Set([...document.querySelectorAll('button')].map(e => e.textContent))].join()") == "Copy"
        copied = tab.run(
            "(async () => { const seen = []; for (const b of document.querySelectorAll('#settings table:first-of-type button')) {"
            " b.click(); await new Promise(r => setTimeout(r, 20)); seen.push([b.getAttribute('aria-label'), await navigator.clipboard.readText(),"
            " b.textContent, document.getElementById('status').textContent]) } return seen })()"
        )
    assert ["Copy: Server", "imap.example.org", "Copied", "Copied: Server"] in copied
    assert ["Copy: E-mail address", JOANNA["email"], "Copied", "Copied: E-mail address"] in copied


def test_all_is_there_without_scripts(browser: Browser, places: dict[str, Path]) -> None:
    with browser.tab(scripts=False) as tab:
        tab.open(address(places["usual"]))
        shown = tab.run("document.body.innerText")
        assert tab.run("document.querySelectorAll('button, .copy').length") == 0
    words = Parsed((places["usual"] / "index.html").read_text()).shown
    for value in ("imap.example.org", "pop.example.org", "993", "SSL/TLS", "Normal password", "Code 1 of 3", "Download the profile", "+48 58 123 45 67"):
        assert value in words and value in shown


def test_links_lead_somewhere(browser: Browser, places: dict[str, Path]) -> None:
    with browser.tab() as tab:
        tab.open(address(places["usual"]))
        for link in tab.run("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))"):
            if link.startswith("#"):
                assert tab.run(f"document.getElementById({json.dumps(link[1:])}) !== null"), link
            elif not re.match("[a-z]+:", link):
                assert (places["usual"] / link).is_file(), link
        tab.send("Runtime.evaluate", expression="document.querySelector('nav a[hreflang=pl]').click()")
        tab.wait()
        assert tab.run("[document.documentElement.lang, document.title]") == ["pl", "Ustaw swoją pocztę"]
        tab.send("Runtime.evaluate", expression="document.querySelector('nav a[hreflang=en]').click()")
        tab.wait()
        assert tab.run("document.documentElement.lang") == "en"

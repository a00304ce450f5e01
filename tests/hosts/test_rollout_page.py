# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a real rollout, over ssh and to hosts of which some fail, in a real Chromium: what people see on phones and desktops."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browser import PROGRAM, Browser, Tab
from hosts import Host, Hosts
from profiles import profile
from sandbox import REPOSITORY

from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.collector import Collector
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import FINISHED
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.page import as_page

PHONE, DESKTOP = 360, 1280
# Of each 25 hosts; the names of hosts begin with 1.
IN_THE_WAY, UNREACHABLE, NO_PYTHON, DRIFTED = 2, 3, 5, 6
TEXT = "document.body.innerText"  # what is displayed
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VARIABLES = {"mail_accounts_clients": ["neomutt", "msmtp", "mbsync", "fetchmail"], "mail_accounts_profile_definitions": [profile(signature="x")]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"there is no {PROGRAM}: install Debian's package")
    with closing(Browser()) as found:
        yield found


def kind(number: int) -> str:
    return {UNREACHABLE: "unreachable", NO_PYTHON: "no_python"}.get(number % 25, "plain")


def names(hosts: Hosts, number: int) -> list[str]:
    return [host.name for index, host in enumerate(hosts.hosts, start=1) if index % 25 == number]


def roll_out(hosts: Hosts, *arguments: str, **environment: str) -> str:
    argv = ["ansible-playbook", "mailops.profiles.rollout", "--become", "-f", "25", "-e", json.dumps(VARIABLES), *arguments]
    # With pipelining, ssh may say of a host without Python that it is not reachable.
    done = hosts.run(argv, {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "0", **environment}, timeout=600)
    return done.stdout + done.stderr


@pytest.fixture(params=[8, pytest.param(100, marks=pytest.mark.long)])
def rollout(request: pytest.FixtureRequest, possible: None, tmp_path: Path) -> Iterator[tuple[Hosts, str, Path]]:
    """Hosts, what the second run displayed, and its page."""
    users = [f"user{number}" for number in range(1, 3 if request.param < 100 else 11)]
    hosts = Hosts(tmp_path / "hosts", [Host(f"host{number:03}", kind(number), users) for number in range(1, request.param + 1)])
    hosts.start(die_with_caller=True)
    try:
        drifted = names(hosts, DRIFTED)
        assert "failed=1" not in roll_out(hosts, "--limit", ",".join(drifted))
        for name in drifted:
            hosts.host_path(name, "/home/user1/.msmtprc").unlink()
        for name in names(hosts, IN_THE_WAY):
            os.mkfifo(hosts.host_path(name, "/home/user2/.mbsyncrc"))
        page = tmp_path / "rollout.html"
        settings = {"ANSIBLE_CALLBACKS_ENABLED": "mailops.profiles.rollout_report", "MAILOPS_ROLLOUT_REPORT": str(page)}
        yield hosts, roll_out(hosts, **settings), page
    finally:
        hosts.stop()


def test_a_real_rollout(rollout: tuple[Hosts, str, Path], browser: Browser) -> None:
    hosts, output, path = rollout
    expected = {IN_THE_WAY: "failed", UNREACHABLE: "unreachable", NO_PYTHON: "failed", DRIFTED: "drifted"}
    document = json.loads(path.with_suffix(".json").read_text())
    found = {entry["host"]: entry["state"] for entry in document["hosts"]}
    assert found == {host.name: expected.get(index % 25, "changed") for index, host in enumerate(hosts.hosts, start=1)}, output
    assert {len(document["attention"][kind]) for kind in ("failed", "unreachable")} == {2, 1}, document["attention"]
    bad = [name for number in (IN_THE_WAY, UNREACHABLE, NO_PYTHON) for name in names(hosts, number)]
    assert sorted(document["rerun"]["hosts"]) == sorted(bad) and "sesame" not in path.read_text() + output

    for width, dark in ((PHONE, False), (PHONE, True), (DESKTOP, False), (DESKTOP, True)):
        with browser.tab(width, dark=dark) as page:
            is_right(page.open(path.as_uri()), path)
    with browser.tab(DESKTOP) as page:
        page.open(path.as_uri())
        if "MAILOPS_WRITE_EXPECTED" in os.environ and len(hosts.hosts) == 100:
            page.resize(1000, 760)
            (REPOSITORY / "docs" / "rollout-report.png").write_bytes(page.screenshot(whole=False))
        filters(page, len(hosts.hosts), names(hosts, DRIFTED))
        page.send("Emulation.setEmulatedMedia", media="print")
        assert page.run("[...document.querySelectorAll('.users li:not([hidden])')].every((each) => each.getBoundingClientRect().height > 0)")
    with browser.tab(PHONE, scripts=False) as page:
        page.open(path.as_uri())
        text = page.run(TEXT)
        assert all(host.name in text for host in hosts.hosts) and "all\n" not in text and page.run(OVERFLOW) == 0
        assert page.run("getComputedStyle(document.getElementById('filter')).display") == "none"


def is_right(page: Tab, path: Path) -> None:
    """Silent, as wide as the screen, for everybody, and without anything from elsewhere."""
    assert page.run(OVERFLOW) == 0 and page.accessibility()["violations"] == []
    assert page.messages == [] and page.requests == [path.as_uri()]


def filters(page: Tab, number: int, drifted: list[str]) -> None:
    assert page.run("document.getElementById('shown').textContent") == f"{number} of {number} hosts"
    assert search(page, drifted[0]) == [drifted[0]]
    assert search(page, "no such thing") == []
    assert search(page, "", "drifted") == drifted
    assert search(page, "user1 host", "drifted") == drifted
    assert search(page, "user2", "drifted") == drifted  # the state of the host counts, too
    displayed = "[...document.querySelectorAll('.users li')].filter((each) => each.checkVisibility()).map((each) => each.querySelector('b').innerText)"
    assert page.run(displayed) == ["user2"] * len(drifted)
    assert len(search(page, "MSMTP", "changed")) >= number // 2
    page.run("document.querySelector('#filter button').click()")
    assert page.run("new Promise((done) => setTimeout(() => done(document.getElementById('shown').textContent), 50))") == f"{number} of {number} hosts"


def search(page: Tab, text: str, state: str = "") -> list[str]:
    """The hosts that are displayed then."""
    page.run(f"""(() => {{
        const [text, state] = [document.getElementById("text"), document.getElementById("state")];
        text.value = {json.dumps(text)};
        state.value = {json.dumps(state)};
        text.dispatchEvent(new Event("input"));
    }})()""")
    return page.run("[...document.querySelectorAll('details.host:not([hidden])')].map((each) => each.dataset.n)")


HOSTILE = ("<script>window.harm = 1</script>", '"><img src=x onerror="window.harm = 1">', "</script><script>window.harm = 1</script>", "x" * 3000, "\u202eevil")


def test_hostile_names(browser: Browser, tmp_path: Path) -> None:
    found = Collector(0.0)
    for name in HOSTILE:
        users = [{"user": name, "clients": {name: "failed"}}]
        failed = [{"user": name, "path": name, "msg": name}]
        check = dict.fromkeys(("user", "profile", "side", "outcome", "msg", "hint", "address"), name)
        data = {"failed": True, "msg": name, "users": users, "failed_users": failed, "warnings": [name], "checks": [check], "dropped": {name: [name]}}
        found.result(name, "task", "mail_account", data, 0.0)
    found.expect([f"never {name}" for name in HOSTILE])
    path = tmp_path / "page.html"
    path.write_text(as_page(found.rollout.document(FINISHED, 0.0)), encoding="utf-8")
    for width in (PHONE, DESKTOP):
        with browser.tab(width) as page:
            is_right(page.open(path.as_uri()), path)
            assert page.run("[typeof window.harm, document.images.length, document.scripts.length]") == ["undefined", 0, 1]
            text = page.run(TEXT)
            assert all(name in text for name in HOSTILE[:3]) and "\u202e" not in text
            assert search(page, HOSTILE[0].replace(" ", "")) == [] and len(search(page, "<script>window.harm")) == 4

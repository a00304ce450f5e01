# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as a file: what a browser makes of it is in tests/hosts/test_rollout_page.py."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout import run
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import INTERRUPTED, RUNNING, as_json
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.page import as_page
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.report import CHECK_TEXTS

from .rollouts import CHECK, collector, document, failure, result, take

HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><script>alert(1)</script>", "</style><b>", "{{ counts }}", "{% raw %}",
    "&lt;b&gt;", "a' onmouseover='alert(1)", "javascript:alert(1)", "\u202eevil\u2066", "\x00\x1b[31m", "\ud800", "x" * 100_000, "Łódź 工作",
]  # fmt: skip
AWX = "https://awx.example.org"


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._stack = [""]
        self.feed(page)

    @property
    def kinds(self) -> set[tuple[str, ...]]:
        """Elements with the names of their attributes, and the values of those that decide what they do or look like."""
        deciding = ("class", "id", "href", "http-equiv", "content", "rel", "type")
        return {(tag, *(f"{name}={value if name in deciding else ''}" for name, value in sorted(found.items()))) for tag, found in self.found}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._stack.append(tag)

    def handle_data(self, data: str) -> None:
        if self._stack[-1] not in ("script", "style"):
            self.text += data


def head(arguments: dict[str, Any], environ: dict[str, str]) -> dict[str, Any]:
    """What is known of an ansible-playbook with these arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.context, "CLIARGS", arguments)
        return run.this_run(environ)


def hostile(text: str) -> dict[str, Any]:
    """A rollout in which this text is wherever a host, an inventory or a server may put one."""
    found = collector(text, "plain", "never" + text)
    client = {"user": text, "client": text, "profile": text, "reason": text}
    check = {**dict.fromkeys(CHECK_TEXTS, text), "certificate_days": 1}
    users = [{"user": text, "clients": {text: "failed", "msmtp": text}}]
    data = {**failure(text, text), "users": users, "drifted": [{"user": text, "path": text}], "dropped": {text: [text]}, "skipped_accounts": [client],
            "warnings": [text], "msg": f"mail_account: {text}"}  # fmt: skip
    take(found, text, data)
    take(found, text, {"checks": [check], "changed": False}, task="check", action=CHECK)
    found.unreachable("plain", {"msg": text})
    found.failed_elsewhere("other", text)
    found.rollout.head = head({"args": (text,), "inventory": (text,), "subset": text, "check": False}, {"JOB_ID": "1", "AWX_HOST": AWX})
    found.rollout.arguments = [text]
    return document(found)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_text(text: str) -> None:
    page = as_page(hostile(text))
    found = Elements(page)
    assert found.kinds <= Elements(as_page(hostile("plain text"))).kinds
    links = [attributes["href"] for _tag, attributes in found.found if "href" in attributes]
    assert links == [f"{AWX}/#/jobs/playbook/1"]
    shown = found.text
    if text.isprintable() and len(text) < 300:
        assert text in shown
    assert all(sign.isprintable() or sign in "\n\t" for sign in shown)
    page.encode("utf-8")
    assert json.loads(as_json(hostile(text)))["hosts"]


@pytest.mark.parametrize("server", ["javascript:alert(1)", f'{AWX}"><b>', "ftp://x"])
def test_the_address_of_awx(server: str) -> None:
    found = collector("a")
    found.rollout.head = head({"args": ("site.yml",), "inventory": (), "subset": None, "check": True}, {"JOB_ID": "42", "AWX_HOST": server})
    assert found.rollout.head["check_mode"] is True and found.rollout.head["collection_version"]
    links = [attributes for _tag, attributes in Elements(as_page(document(found))).found if "href" in attributes]
    assert all(sorted(link) == ["href", "rel"] and link["href"].startswith(AWX) for link in links)
    assert len(links) == server.startswith("https://")


def test_the_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    page = as_page(document(collector("a")))
    (policy,) = [attributes["content"] for tag, attributes in Elements(page).found if attributes.get("http-equiv") == "Content-Security-Policy"]
    expected = {"style": [], "script": []}
    for kind in expected:
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, flags=re.DOTALL)
        expected[kind] = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"]
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert directives == {"default-src": "'none'", "style-src": expected["style"][0], "script-src": expected["script"][0], "base-uri": "'none'",
                          "form-action": "'none'"}  # fmt: skip
    assert not [name for _tag, attributes in Elements(page).found for name in attributes if name.startswith("on") or name == "style"]


def test_whether_it_has_finished() -> None:
    found = collector("a", "b")
    take(found, "a", result("anna"))
    running, interrupted, finished = (Elements(as_page(document(found, *status))).text for status in ([RUNNING], [INTERRUPTED], []))
    assert "Not finished: this is how far the run was at 2027-01-15 08:01:00 UTC" in running and "1host waiting" in running and "Run again" not in running
    assert "The run was interrupted at" in interrupted and "1host never tried" in interrupted and "--limit b" not in interrupted
    assert "interrupted" not in finished and "Mail rollout: 1 of 2 hosts needs attention" in finished


def test_users_of_whom_only_the_log_ins_are_known() -> None:
    found = collector("a")
    check = {**dict.fromkeys(CHECK_TEXTS, ""), "outcome": "ok", "certificate_days": 1}
    take(found, "a", {"checks": [{**check, "user": user} for user in ("anna", "basil")], "changed": False}, task="check", action=CHECK)
    text = Elements(as_page(document(found))).text
    assert "1 host, 2 log-ins" in text and "2 users" in text and "0 users" not in text


def test_same_rollout_same_page() -> None:
    def made(order: list[str]) -> tuple[str, str]:
        found = collector(*order)
        for host in order:
            take(found, host, failure("anna", f"{host} is full") if host == "c" else result("anna", "basil"))
        return as_page(document(found)), as_json(document(found))

    assert made(["a", "b", "c"]) == made(["c", "a", "b"])


def test_1000_hosts_with_10_users_are_below_5_mb() -> None:
    """All of them changed and failed, with long names, which is the worst case."""
    hosts = [f"desk-{number:04}.department.example.org" for number in range(1000)]
    users = [f"firstname.lastname-{number}" for number in range(10)]
    found = collector(*hosts)
    for host in hosts:
        failed = [{"user": name, "path": "", "msg": f"/home/{name}/.msmtprc is a FIFO, not a file: move it away"} for name in users]
        take(found, host, {**result(*users, state="changed"), "failed": True, "msg": "mail_account: the disk is full", "failed_users": failed})
    page, data = as_page(document(found)), as_json(document(found))
    assert 1_000_000 < len(page.encode()) < 5_000_000 and len(data) < 5_000_000

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client may declare about its options: files, secrets, checks, reasons to skip, and the meaning of a changed tag."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import UPDATED, Answer, Change, Result
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import (
    Client,
    Option,
    OptionCheck,
    OptionFile,
    Secret,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._file import owned
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.option_files import read_option_file
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import make_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import Delivery

from ..deploy.deployments import JOANNA, deployment
from ..refusals import problems, refusal

OPTIONS = (
    Option("key_file", "path", None, "A key.", private=True, max_bytes=20),
    Option("logo_file", "path", None, "A logo."),
    Option("passphrase", "str", None, "A secret.", secret=True),
    Option("least", "int", 0, "The lowest port."),
)


@pytest.fixture
def heron(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """In place of msmtp, a client with options."""
    calls: list[Any] = []
    made = Client(
        name="msmtp", title="Heron", account_types=("imap",), expresses=("incoming.host",), paths={"card": "owned"},
        render=lambda accounts, context: [owned("card", b"\xff", redacted=f"{context.instance} {accounts[0].key}", secret=True, tag="two")],
        options=OPTIONS,
        check_options=lambda options, now: OptionCheck(
            () if options["key_file"] else ("key_file: is needed",), (f"least: was looked at in {now.tzinfo}",)
        ),
        option_reason=lambda account, options: "Heron is picky" if account.incoming.port < options["least"] else None,
        redacts=True, tag_change="was signed with another key",
    )  # fmt: skip
    monkeypatch.setattr(clients, "get", lambda name: calls.append(name) or made)
    yield made


def options(tmp_path: Path, **more: Any) -> dict[str, Any]:
    (tmp_path / "key").write_bytes(b"k")
    (tmp_path / "key").chmod(0o600)
    return {"client_options": {"msmtp": {"key_file": str(tmp_path / "key"), **more}}}


def test_a_file_is_read_with_the_request_and_is_in_no_text_of_it(heron: Client, tmp_path: Path) -> None:
    request = deployment([JOANNA], **options(tmp_path, passphrase="hunter2")).request
    found = request.client_options["msmtp"]
    assert found["key_file"] == OptionFile(str(tmp_path / "key"), b"k") and found["passphrase"] == Secret("hunter2")
    assert "b'k'" not in repr(request) and "hunter2" not in repr(request)


def test_a_leavers_task_reads_no_file_and_checks_nothing(heron: Client) -> None:
    given = {"msmtp": {"key_file": "/nonexistent", "least": 1}}
    found = deployment([{"name": "jan"}], state="absent", client_options=given, profile_definitions=None)
    assert found.request.client_options["msmtp"] == {"key_file": None, "logo_file": None, "passphrase": None, "least": 1}


def test_all_problems_of_files_are_found_at_once(heron: Client, tmp_path: Path) -> None:
    (tmp_path / "open").write_bytes(b"k")
    (tmp_path / "open").chmod(0o604)
    given = {"key_file": str(tmp_path / "open"), "logo_file": "logo.png"}
    found = problems(deployment, [JOANNA], client_options={"msmtp": given})
    assert found == [
        f"client_options.msmtp.key_file: others on this machine may read {tmp_path}/open: chmod o= it, and use a new key if it matters",
        "client_options.msmtp.logo_file: must be an absolute path without '..'",
    ]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(b"x" * 21), "has more than 20 bytes"),
    ],
)
def test_what_is_no_such_file(make: Any, reason: str, tmp_path: Path) -> None:
    make(tmp_path / "key")
    if (tmp_path / "key").exists():
        (tmp_path / "key").chmod(stat.S_IRWXU)
    assert reason in refusal(read_option_file, str(tmp_path / "key"), OPTIONS[0])


def test_a_check_sees_the_options_together_and_the_time(heron: Client, tmp_path: Path) -> None:
    assert problems(deployment, [JOANNA]) == ["client_options.msmtp.key_file: is needed"]
    assert deployment([JOANNA], **options(tmp_path)).warnings == ["client_options.msmtp.least: was looked at in UTC"]


def test_an_account_is_skipped_because_of_the_options(heron: Client, tmp_path: Path) -> None:
    found = deployment([JOANNA], **options(tmp_path, least=994))
    assert [item["reason"] for item in found.skipped] == ["Heron is picky"]
    assert found.files(found.request.users[0]) == () and found.clients_of(found.request.users[0]) == {"msmtp": False}
    assert deployment([JOANNA], **options(tmp_path, least=993)).skipped == []


def test_a_client_that_redacts_is_rendered_once_and_knows_the_instance(heron: Client, tmp_path: Path) -> None:
    found = deployment([JOANNA], **options(tmp_path), instance="other")
    (file,) = found.files(found.request.users[0])
    assert (file.redacted, file.secret, file.producer, file.tag) == (f"other {found.accounts['jkowalska'][0].key}", True, "msmtp", "two")


def test_a_changed_tag_is_a_warning_with_its_meaning_once_for_all_users(heron: Client, tmp_path: Path) -> None:
    found = deployment([JOANNA, {**JOANNA, "name": "anna"}], **options(tmp_path))
    changes = {"anna": (UPDATED, "one"), "jkowalska": (UPDATED, "one"), "new": ("created", ""), "leaver": ("removed", "one")}
    results = tuple(
        Result(name, f"/home/{name}", (Change("/card", "msmtp", action, None, tag),)) for name, (action, tag) in changes.items()
    )
    report = make_report(found, Delivery((Answer(results),), None), check_mode=False)
    assert report.data["warnings"][-1] == "msmtp: was signed with another key (anna, jkowalska)"
    heron = replace(heron, tag_change="")
    silent = replace(found, request=replace(found.request, clients=(heron,)))
    assert len(make_report(silent, Delivery((Answer(results),), None), check_mode=False).data["warnings"]) == 1


@pytest.mark.parametrize("wrong", [{"type": "str", "private": True}, {"type": "path", "secret": True}, {"type": "path", "choices": ("a",)}])
def test_an_option_that_makes_no_sense_cannot_be_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="option x"):
        Option(**{"name": "x", "default": None, "description": "X.", **wrong})

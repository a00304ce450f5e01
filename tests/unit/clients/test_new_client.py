# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new client takes one file: the registry, the generic tests, the table and the loss report find it by themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import Client
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile

from . import test_registry
from .accounts import profile
from .document import document

SOURCE = '''\
"""Heron, a program that does not exist: one line for each account in the user's ``.heronrc``."""

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, File


def _render(accounts, user):
    lines = (f"{each.key} {each.incoming.host} {each.incoming.username!r} {each.incoming.password!r}\\n" for each in accounts)
    return [File(".heronrc", "".join(lines), BLOCK)]


CLIENT = Client(
    name="heron",
    title="Heron",
    account_types=("imap",),
    expresses=frozenset(("incoming.host", "incoming.username", "incoming.password")),
    paths=(".heronrc",),
    render=_render,
    notes="Accounts in `.heronrc`.",
)
'''


@pytest.fixture
def heron(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "heron.py").write_text(SOURCE)
    _forget()
    clients.__path__.append(str(tmp_path))
    try:
        yield clients.get("heron")
    finally:
        clients.__path__.remove(str(tmp_path))
        sys.modules.pop(f"{clients.__name__}.heron", None)
        _forget()


def _forget() -> None:
    clients.names.cache_clear()
    clients.get.cache_clear()


def test_the_registry_finds_it(heron: Client) -> None:
    assert heron in clients.all_clients() and clients.select(["heron"]) == [heron]


def test_the_generic_tests_hold_it_to_its_word(heron: Client) -> None:
    ran = 0
    for name, test in vars(test_registry).items():
        arguments = list(inspect.signature(test).parameters) if name.startswith("test_") else []
        if arguments == ["client"]:
            test(heron)
            ran += 1
        elif arguments == ["client", "field"]:
            for field in dotted_fields():
                test(heron, field)
            ran += 1
    assert ran >= 8


def test_a_client_that_does_not_keep_its_word_is_found(heron: Client) -> None:
    claims_too_much = inspect.unwrap(test_registry.test_a_field_changes_the_files_if_and_only_if_the_client_says_so)
    object.__setattr__(heron, "expresses", heron.expresses | {"signature"})
    with pytest.raises(AssertionError):
        claims_too_much(heron, "signature")
    object.__setattr__(heron, "expresses", heron.expresses - {"signature", "incoming.host"})
    with pytest.raises(AssertionError):
        claims_too_much(heron, "incoming.host")


def test_the_documentation_and_the_loss_report_know_it(heron: Client) -> None:
    text = document([heron])
    assert "### Heron (`heron`)\n\nAccounts in `.heronrc`.\n" in text and "- accounts: IMAP\n" in text
    assert "| `heron` | • |  |  | • | • |  |  |" in text
    assert heron.losses(read_profile(profile(signature="x", outgoing__port=2525))) == ["signature"]

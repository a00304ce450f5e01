# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new client takes one file: the registry, its options, the generic tests, the documentation and the loss report follow."""

from __future__ import annotations

import inspect
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import MASK, Variant
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client, Option
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._file import block, owned, variant
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._options import read_options
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile

from ...profiles import profile
from ..refusals import problems
from . import test_registry
from .accounts import resolved
from .document import document
from .judges import NOBODY

SOURCE = '''\
"""Heron, a program that does not exist: one line for each account in the user's ``.heronrc``, and a compressed card."""

import zlib

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client, Option
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._file import block, block_paths, owned, owned_paths, variant


def _render(accounts, context):
    lines = "".join(f"{each.key} {each.incoming.host} {each.incoming.username!r} {each.incoming.password!r}\\n" for each in accounts)
    wings = f"wings {context.options['wings']} {context.options['color']}\\n"
    rc = block(".heronrc", wings + lines, variants=[variant("^wings", lines)])
    if not context.options["cards"]:
        return [rc]
    return [rc, *(owned(f".heron/{each.key}.card", zlib.compress(lines.encode()), redacted=f"card: {lines}") for each in accounts)]


CLIENT = Client(
    name="heron",
    title="Heron",
    account_types=("imap",),
    expresses=("incoming.host", "incoming.username", "incoming.password"),
    paths={**block_paths(".heronrc"), **owned_paths(".heron/*.card")},
    render=_render,
    options=(
        Option("cards", "bool", True, "Whether each account has a card."),
        Option("wings", "int", 2, "How many wings there are."),
        Option("color", "str", "grey", "The color of the wings.", choices=("grey", "white")),
        Option("motto", "str", None, "What Heron says."),
        Option("nests", "list", [], "Where Heron sleeps."),
        Option("diet", "dict", {}, "What Heron eats."),
    ),
    notes="Accounts in `.heronrc`.",
)
'''


@pytest.fixture
def heron(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "heron.py").write_text(SOURCE)
    clients.__path__.append(str(tmp_path))
    clients.names.cache_clear()
    try:
        yield clients.get("heron")
    finally:
        clients.__path__.remove(str(tmp_path))
        clients.names.cache_clear()
        sys.modules.pop(f"{clients.__name__}.heron", None)


def test_the_registry_finds_it(heron: Client) -> None:
    assert heron in clients.all_clients() and clients.select(["heron", "msmtp", "heron"]) == [heron, clients.get("msmtp")]


def test_unknown_clients_are_listed(heron: Client) -> None:
    with pytest.raises(MailopsError, match="no client 'herno' .did you mean 'heron'.*; known are aerc, .*, heron, ") as caught:
        clients.select(["herno", "msmtp", "crane"])
    assert len(caught.value.problems) == 2


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
    object.__setattr__(heron, "expresses", (*heron.expresses, "signature"))
    with pytest.raises(AssertionError):
        claims_too_much(heron, "signature")
    object.__setattr__(heron, "expresses", ("incoming.username", "incoming.password"))
    with pytest.raises(AssertionError):
        claims_too_much(heron, "incoming.host")


def test_the_documentation_and_the_loss_report_know_it(heron: Client) -> None:
    text = document([heron])
    assert "### Heron (`heron`)\n\nAccounts in `.heronrc`.\n" in text and "- accounts: IMAP\n" in text
    assert "| `heron` | • |  |  | • | • |  |  |" in text
    assert f"| `heron` | {NOBODY} | {NOBODY} |" in text
    assert "Options, in `client_options: {heron: {...}}`:" in text
    assert '| `color` | str | `"grey"` | The color of the wings. One of `grey`, `white`. |' in text
    assert "| `motto` | str |  | What Heron says. |" in text
    assert heron.losses(read_profile(profile(signature="x", outgoing__port=2525))) == ["signature"]


DEFAULTS = {"cards": True, "wings": 2, "color": "grey", "motto": None, "nests": [], "diet": {}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"cards": None, "wings": "", "color": " ", "motto": "\n", "nests": "", "diet": " "}, {}),
        ({"cards": False, "wings": 4, "color": "white", "motto": "{x} : ", "nests": ["a"], "diet": {"fish": 1}},) * 2,
        ({"cards": "no", "wings": " 4 ", "color": "white "}, {"cards": False, "wings": 4, "color": "white"}),
        ({"nests": "a, b", "diet": "fish=1"}, {"nests": ["a", "b"], "diet": {"fish": "1"}}),
        ({"nests": '["a", "b"]', "diet": '{"fish": 1}'}, {"nests": ["a", "b"], "diet": {"fish": 1}}),
    ],
)
def test_options_have_their_values_or_defaults(heron: Client, given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read_options(heron, given) == {**DEFAULTS, **expected}


def test_all_wrong_options_are_found_at_once(heron: Client) -> None:
    given = {"card": True, "cards": "perhaps", "wings": "two", "color": "gray", "motto": "a\nb", "nests": 3, "diet": "fish", 7: 8}
    found = problems(read_options, heron, given)
    assert [problem.partition(": ")[0] for problem in found] == [f"client_options.heron.{name}" for name in given]
    known = "the options are cards, wings, color, motto, nests, diet"
    assert found[0].endswith(f": there is no such option (did you mean 'cards'?); {known}")
    assert found[3].endswith(": must be one of grey, white (did you mean 'grey'?)")


def test_a_client_without_options_says_so() -> None:
    with pytest.raises(MailopsError, match="^client_options.msmtp.tls: there is no such option; the options are none$"):
        read_options(clients.get("msmtp"), {"tls": True})


@pytest.mark.parametrize("wrong", [("x", "float", 1.0, "X."), ("x", "list", (), "X.", ("a",))])
def test_an_option_that_nothing_reads_cannot_be_declared(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="option x"):
        Option(*wrong)


def test_options_reach_the_files(heron: Client) -> None:
    accounts, context = resolved([profile()])
    (rc,) = heron.files(accounts, context._replace(options=read_options(heron, {"wings": 4, "cards": "no"})))
    assert rc.content.startswith(b"wings 4 grey\nwork-")


def test_binary_files_and_variants_have_redacted_texts(heron: Client) -> None:
    accounts, context = resolved([profile()])
    rc, card = heron.files(accounts, context._replace(options=read_options(heron, {})))
    line = f"{accounts[0].key} imap.example.org 'j.kowalska@example.org' "
    secret, redacted = f"{line}'tr0ub4dor&3'\n", f"{line}'{MASK}'\n"
    assert (zlib.decompress(card.content), card.redacted) == (secret.encode(), f"card: {redacted}")
    assert rc.redacted == f"wings 2 grey\n{redacted}"
    assert rc.variants == (Variant("^wings", secret.encode(), redacted),)
    assert rc.secret and card.secret


def test_binary_content_without_a_redacted_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="a.bin: binary content needs"):
        owned("a.bin", b"\xff")


@pytest.mark.parametrize("texts", [("a", "b\n"), ("a\n", "b")])
def test_a_block_consists_of_whole_lines(texts: tuple[str, str]) -> None:
    text, other = texts
    with pytest.raises(ValueError, match="whole lines"):
        block(".rc", text, variants=[variant("x", other)])

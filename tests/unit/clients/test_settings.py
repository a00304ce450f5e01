# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""General settings of a user's, of which every one has a verdict in settings/PROGRAM.txt: what becomes of it beside an account of ours."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ... import releases
from ...profiles import profile
from .accounts import resolved
from .programs import needs
from .setting_names import PROGRAMS, names

pytestmark = pytest.mark.programs

VERDICTS = ("stated", "undone", "apart", "taste", "impossible")
# Programs that are not called as their client is.
_CLIENT = {"mutt": "neomutt", "s-nail": "s_nail", "git": "git_send_email"}


def verdicts(program: str) -> dict[str, str]:
    lines = Path(__file__).with_name("settings").joinpath(f"{program}.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split()[:2] for line in lines if not line.startswith("#")]
    assert len({name for name, _verdict in pairs}) == len(pairs), "a name stands there twice"
    return dict(pairs)


@lru_cache(maxsize=None)
def known(program: str, release: releases.Release) -> set[str]:
    room = releases.Room(release)
    try:
        return names(program, room)
    finally:
        room.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_setting_has_a_verdict(program: str, debian: releases.Release) -> None:
    needs(program)
    missing = known(program, debian) - verdicts(program).keys()
    assert not missing, f"settings of {program} in {debian} without a verdict: {sorted(missing)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_verdict_is_about_a_setting_that_no_release_knows(program: str) -> None:
    needs(program)
    try:
        every = set().union(*(known(program, releases.find(name)) for name in releases.NAMES))
    except releases.Unavailable as reason:
        pytest.skip(str(reason))
    assert not verdicts(program).keys() - every


@pytest.mark.parametrize("program", PROGRAMS)
def test_verdicts_are_words_of_ours(program: str) -> None:
    assert set(verdicts(program).values()) <= set(VERDICTS)


def rendered(client: str) -> str:
    """All that the client writes for profiles that have each field, and for those that have the fewest."""
    rich: dict[str, Any] = {"signature": "x", "ca_file": "/ca.pem", "reply_to": "r@example.org", "check_interval": 5,
                            "outgoing__security": "starttls"}  # fmt: skip
    folders = {"folders": dict.fromkeys(("sent", "drafts", "trash", "archive", "junk"), "Folder")}
    command = {"incoming__password": None, "incoming__password_command": ["true"], "outgoing__password": None,
               "outgoing__password_command": ["true"]}  # fmt: skip
    pop = {"account_type": "pop"}
    many = [profile(), profile(**rich, **folders), profile(**rich, **pop), profile(**command), profile(**command, **pop),
            profile(incoming__authentication="encrypted"), profile(incoming__authentication="oauth2", **command)]  # fmt: skip
    text = []
    for data in many:
        accounts, context = resolved([data])
        if accounts[0].account_type in clients.get(client).account_types and not clients.get(client).skip_reason(accounts[0]):
            text += [(file.content or b"").decode(errors="replace") for file in clients.get(client).files(accounts, context)]
    return "\n".join(text).lower()


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_stated_or_undone_stands_in_our_files(program: str) -> None:
    text = rendered(_CLIENT.get(program, program))
    reasons = Path(__file__).with_name("settings").joinpath(f"{program}.txt").read_text(encoding="utf-8")
    for name, verdict in verdicts(program).items():
        # What is stated by another word has a reason, which says so.
        if verdict in ("stated", "undone") and re.search(rf"^{re.escape(name)} +\w+$", reasons, re.MULTILINE):
            assert re.search(rf"(?<![\w-]){re.escape(name.rpartition('.')[2].lower())}(?![\w])", text), name

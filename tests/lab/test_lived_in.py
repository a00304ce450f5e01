# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside an account that the user has at another provider, in the same program: no server is told the other's name or password, ours is
logged in to, and the user's receives and sends as before."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from deployed import empty_home, redeploy
from harness import Lab
from lived_in import HOMES, OWN, PASSWORD, USER, LivedIn, Session

pytestmark = [pytest.mark.usefixtures("no_command_ran"), pytest.mark.every_release]
# A profile may leave the password to the user.
GIVEN = {"password": {}, "no-password": {"incoming__password": None, "outgoing__password": None}}


@dataclass
class Outcome:
    """What went wrong with whose account, and who was told what."""

    wrong: dict[str, str] = field(default_factory=dict)
    seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


_OUTCOMES: dict[tuple[Lab, str, str], Outcome] = {}


def outcome(lab: Lab, home: LivedIn, given: str) -> Outcome:
    """Each is tried once, and asked by several tests."""
    key = (lab, home.name, given)
    if key not in _OUTCOMES:
        _OUTCOMES[key] = _try_out(lab, home, given)
    return _OUTCOMES[key]


def _try_out(lab: Lab, home: LivedIn, given: str) -> Outcome:
    found = Outcome()
    lab.set_accounts({OWN: PASSWORD})
    empty_home(lab, USER.name)
    lab.path(f"/var/mail/{USER.name}").unlink(missing_ok=True)
    for path, text in home.files.items():
        lab.run(["install", "-D", "-m", "600", "/dev/stdin", path], user=USER.name, input=text)
    lab.run(["mkdir", "-p", *home.directories, ".keep"], user=USER.name)
    _use(lab, home, None, "before", found)
    (account,) = redeploy(lab, USER.name, [home.make(**GIVEN[given])], [home.client])
    since = lab.mark()
    _use(lab, home, None, "theirs", found)
    if given == "password" or home.asks:
        _use(lab, home, account, "ours", found)
    else:
        # It may ask, and nobody answers. What it says unasked counts.
        _use(lab, home, account, "ours", Outcome())
    # The lab itself asks both servers for messages, as their users: that is no leak.
    found.seen = {domain: set(lab.seen_by(domain, since)) for domain in ("example.org", "own.example")}
    return found


def _use(lab: Lab, home: LivedIn, account, when: str, found: Outcome) -> None:
    email, password = (OWN, PASSWORD) if account is None else (USER.email, USER.password)
    lab.empty(email)
    session = Session(lab, email, password, f"{when}-is-there", f"{when}-is-sent")
    lab.deliver(email, session.there, "Hello\n")
    try:
        home.use(session, account)
    except Exception as error:
        found.wrong[when] = f"{type(error).__name__}: {error}"


every_home = pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)


@pytest.mark.parametrize("given", GIVEN)
@every_home
def test_no_server_is_told_the_other_s_name_or_password(lab: Lab, home: LivedIn, given: str) -> None:
    seen = outcome(lab, home, given).seen
    assert seen["own.example"] <= {(OWN, PASSWORD)}
    assert seen["example.org"] <= {(USER.email, USER.password)}


@every_home
def test_ours_is_logged_in_to(lab: Lab, home: LivedIn) -> None:
    found = outcome(lab, home, "password")
    assert "ours" not in found.wrong, found.wrong["ours"]


@pytest.mark.parametrize("given", GIVEN)
@every_home
def test_theirs_receives_and_sends_as_before(lab: Lab, home: LivedIn, given: str) -> None:
    found = outcome(lab, home, given)
    assert "before" not in found.wrong, found.wrong["before"]
    assert "theirs" not in found.wrong, found.wrong["theirs"]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes that people live in: one with a user's own account at another provider, tried out before and after ours came beside it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from deployed import USERS, empty_home, profile, redeploy, screen
from harness import Lab
from terminal import Dialogue

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

USER = USERS["anna"]
OWN, PASSWORD = "anna@own.example", "her-OWN-secret"


@dataclass(frozen=True)
class Session:
    """The user at work with one account: her mail has this subject, and she sends a message with that one to herself."""

    lab: Lab
    email: str
    password: str
    there: str
    sent: str

    def run(self, *argv: str, input: str | None = None, env: Mapping[str, str] | None = None, ok: Sequence[int] = (0,)) -> str:
        answer = self.lab.run(argv, user=USER.name, input=input, env=env, timeout=40)
        assert answer.returncode in ok, f"{shlex.join(argv)}: {answer.returncode}\n{answer.stdout[-2000:]}\n{answer.stderr[-2000:]}"
        return answer.stdout

    def type(self, argv: Sequence[str], dialogue: Dialogue, env: Mapping[str, str] | None = None, always: Dialogue = ()) -> None:
        try:
            status, output = self.lab.pty(argv, user=USER.name, input=dialogue, env=env, timeout=25, always=always)
        except subprocess.TimeoutExpired as expired:
            raise AssertionError(f"{expired}\n{screen(expired.output)[-3000:]}") from expired
        assert status == 0, screen(output)[-3000:]

    def finds(self, command: str) -> None:
        """The command, of a shell, lists where the mail has gone to."""
        assert self.there in self.run("sh", "-c", command, ok=(0, 1, 2)), f"the mail is not there: {command}"

    def has_sent(self) -> None:
        (message,) = [each for each in self.lab.messages(self.email) if each["Subject"] == self.sent]
        assert message["From"].addresses[0].addr_spec == self.email, message["From"]
        assert f"Authenticated sender: {self.email}" in str(message.get_all("Received"))


Use = Callable[[Session, Account | None], None]


@dataclass(frozen=True)
class LivedIn:
    """``use`` works as the user did before we came when the account is None, else with that one of ours."""

    name: str
    client: str
    files: Mapping[str, str]
    use: Use
    make: Callable[..., dict] = profile
    # The program asks, and the user types.
    asks: bool = False
    directories: Sequence[str] = field(default=())


# A profile may leave the password to the user.
GIVEN = {"password": {}, "no-password": {"incoming__password": None, "outgoing__password": None}}
WRITE = 'umask 077 && mkdir -p "$(dirname "$1")" && cat >"$1"'


@dataclass
class Outcome:
    """What went wrong with whose account, and who was told what."""

    wrong: dict[str, str] = field(default_factory=dict)
    seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


_OUTCOMES: dict[tuple[Lab, str, str], Outcome] = {}


def _outcome(lab: Lab, home: LivedIn, given: str) -> Outcome:
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
        written = lab.run(["sh", "-c", WRITE, "sh", path], user=USER.name, input=text)
        assert written.returncode == 0, written.stderr
    lab.run(["mkdir", "-p", ".keep", *home.directories], user=USER.name)
    _use(lab, home, None, "before", found)
    # Where the program cannot do without a password, there is no account of ours.
    (account,) = redeploy(lab, USER.name, [home.make(**GIVEN[given])], [home.client], may_skip=True)
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


def _use(lab: Lab, home: LivedIn, account: Account | None, when: str, found: Outcome) -> None:
    email, password = (OWN, PASSWORD) if account is None else (USER.email, USER.password)
    lab.empty(email)
    session = Session(lab, email, password, f"{when}-is-there", f"{when}-is-sent")
    lab.deliver(email, session.there, "Hello\n")
    try:
        home.use(session, account)
    except Exception as error:
        found.wrong[when] = f"{type(error).__name__}: {error}"


def _no_secret_went_astray(lab: Lab, home: LivedIn, given: str) -> None:
    seen = _outcome(lab, home, given).seen
    assert seen["own.example"] <= {(OWN, PASSWORD)}
    # Some programs try an empty password where they have none.
    assert seen["example.org"] <= {(USER.email, USER.password), (USER.email, "")}


def _theirs_works(lab: Lab, home: LivedIn, given: str) -> None:
    wrong = _outcome(lab, home, given).wrong
    assert "before" not in wrong, wrong["before"]
    assert "theirs" not in wrong, wrong["theirs"]


@pytest.mark.usefixtures("no_command_ran")
class Beside:
    """What is asked of each of these homes; for tests to inherit."""

    homes: Sequence[LivedIn]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        metafunc.parametrize("home", self.homes, ids=[home.name for home in self.homes])

    def test_no_server_is_told_the_other_s_name_or_password(self, lab: Lab, home: LivedIn) -> None:
        _no_secret_went_astray(lab, home, "password")

    @pytest.mark.every_release
    def test_ours_is_logged_in_to(self, lab: Lab, home: LivedIn) -> None:
        wrong = _outcome(lab, home, "password").wrong
        assert "ours" not in wrong, wrong["ours"]

    def test_theirs_receives_and_sends_as_before(self, lab: Lab, home: LivedIn) -> None:
        _theirs_works(lab, home, "password")

    def test_no_secret_goes_astray_when_ours_has_no_password(self, lab: Lab, home: LivedIn) -> None:
        _no_secret_went_astray(lab, home, "no-password")

    def test_theirs_works_beside_one_of_ours_without_a_password(self, lab: Lab, home: LivedIn) -> None:
        _theirs_works(lab, home, "no-password")

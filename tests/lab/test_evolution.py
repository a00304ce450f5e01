# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evolution's data server knows the accounts that were rendered, and its mail library logs in with them.

The keyring is not in it: the tests give the password, as its user would.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from deployed import USERS, against, deploy, logins, pop, profile, redeploy
from gnome import dbus_session, system_ca
from harness import Lab
from sandbox import HERE

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

pytestmark = pytest.mark.usefixtures("no_command_ran")

FOLDERS = {"sent": "Sent Items/2026", "drafts": "Entw\u00fcrfe", "trash": "100%41", "archive": "a?b#c", "junk": "Junk"}
OWN = """\
[Data Source]
DisplayName=My own
Enabled=true
Parent=

[Mail Account]
BackendName=maildir
IdentityUid=

[Maildir Backend]
Path=/nowhere
"""


class Evolution:
    """The data server and the mail library, running for a user."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, what: str, **arguments: Any) -> Any:
        print(json.dumps({"do": what, **arguments}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"{what} failed"
        return json.loads(answer)

    def sees(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The accounts, once they are as wanted: the data server waits 3 seconds after a change of a file."""
        deadline = time.monotonic() + 30
        while not wanted(seen := self.ask("sources")):
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)
        return seen


@contextmanager
def evolution(lab: Lab, name: str) -> Iterator[Evolution]:
    # The program as an argument: a user of the lab may not be able to read this directory.
    program = (HERE / "evolution_session.py").read_text(encoding="utf-8")
    with dbus_session(lab, name, ["/usr/bin/python3", "-c", program]) as process:
        yield Evolution(process)


@pytest.fixture
def trusted(lab: Lab) -> Iterator[None]:
    with system_ca(lab):
        yield


def rendered(lab: Lab, name: str) -> dict[str, bytes]:
    """The files of ours."""
    top = lab.path(f"{USERS[name].home}/.config/evolution")
    return {str(path.relative_to(top)): path.read_bytes() for path in top.glob("*/mailops-*")}


def expected(account: Account) -> dict[str, Any]:
    """What the data server and the mail library are to make of an account."""
    uid = f"mailops-{account.key}"
    known = {
        "account Mail Account identity-uid": f"{uid}-identity",
        "account Mail Account backend-name": {"imap": "imapx", "pop": "pop"}[account.account_type],
        "account Mail Account needs-initial-setup": False,
        "account Refresh enabled": True,
        "account Refresh interval-minutes": account.check_interval or 60,
        "identity Mail Identity name": account.sender_name,
        "identity Mail Identity address": account.email,
        "identity Mail Identity reply-to": account.reply_to,
        "identity Mail Identity signature-uid": f"{uid}-signature",
        "signature Mail Signature mime-type": f"text/{account.signature_format.replace('text', 'plain')}",
        "signature text": account.signature,
    }
    for part, server in (("account", account.incoming), ("transport", account.outgoing)):
        known |= {
            f"{part} display-name": account.account_name,
            f"{part} enabled": True,
            f"{part} Authentication host": server.host,
            f"{part} Authentication port": server.port,
            f"{part} Authentication user": server.username,
            f"{part} Authentication method": {"password": "PLAIN", "encrypted": "CRAM-MD5"}[server.authentication],
            f"{part} Security method": {"tls": "ssl-on-alternate-port", "starttls": "starttls-on-standard-port"}[server.security],
        }
    if account.account_type == "pop":
        return known | {"settings keep-on-server": account.leave_on_server, "settings delete-after-days": account.delete_after_days or 0}
    return known | {
        "identity Mail Submission sent-folder": [uid, account.folders["sent"]],
        "identity Mail Composition drafts-folder": [uid, account.folders["drafts"]],
        "account Mail Account archive-folder": [uid, account.folders["archive"]],
        "settings use-real-trash-path": True,
        "settings real-trash-path": account.folders["trash"],
        "settings use-real-junk-path": True,
        "settings real-junk-path": account.folders["junk"],
    }


def nasty(name: str = "work", **changes: Any) -> dict[str, Any]:
    return profile(name, account_name="{UserDisplayName} [work]; #1", folders=FOLDERS, **changes)


def part_of(seen: dict[str, Any], account: Account) -> dict[str, Any]:
    """Of what is known of an account, that which is expected to be something."""
    known = seen[f"mailops-{account.key}"]
    return {key: known.get(key) for key in expected(account)}


def as_expected(seen: dict[str, Any], accounts: Sequence[Account]) -> bool:
    ours = {uid for uid in seen if uid.startswith("mailops-")}
    return ours == {f"mailops-{account.key}" for account in accounts} and all(
        part_of(seen, account) == expected(account) for account in accounts
    )


@pytest.mark.parametrize("name", ["basil", "lukasz", "edgar"])
def test_evolution_knows_the_accounts(lab: Lab, name: str) -> None:
    fetch = pop("starttls", delete_after_days=14, signature="\n  <b>{UserDisplayName}</b>", signature_format="html")
    work = nasty(check_interval=7, incoming__authentication="encrypted")
    accounts = deploy(lab, name, [work, fetch | {"name": "fetch"}], ["evolution"])
    before = rendered(lab, name)
    with evolution(lab, name) as running:
        seen = running.ask("sources")
    for account in accounts:
        assert part_of(seen, account) == expected(account)
    assert rendered(lab, name) == before, "the data server wrote into our files"


def test_accounts_come_change_and_go_while_evolution_runs(lab: Lab) -> None:
    accounts = deploy(lab, "anna", [nasty()], ["evolution"])
    own = lab.path(f"{USERS['anna'].home}/.config/evolution/sources/own.source")
    own.write_text(OWN, encoding="utf-8")
    own.chmod(0o644)
    with evolution(lab, "anna") as running:
        assert as_expected(running.ask("sources"), accounts)
        changed = redeploy(lab, "anna", [nasty(incoming__port=1993, signature="Changed"), nasty("other")], ["evolution"])
        running.sees(lambda seen: as_expected(seen, changed))
        redeploy(lab, "anna", [], ["evolution"])
        assert "own" in running.sees(lambda seen: as_expected(seen, []))
    assert rendered(lab, "anna") == {}
    assert own.read_text(encoding="utf-8") == OWN
    with evolution(lab, "anna") as running:
        assert "own" in running.ask("sources")


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["quentin", "lukasz", "stella"])
def test_evolution_reads_and_sends(lab: Lab, name: str) -> None:
    user = USERS[name]
    starttls = profile("starttls", incoming__security="starttls", outgoing__security="starttls")
    accounts = deploy(lab, name, [profile(), starttls, pop() | {"name": "pop"}], ["evolution"])
    lab.empty(user.email)
    lab.deliver(user.email, "is there", "Hello\n")
    with evolution(lab, name) as running:
        for number, account in enumerate(accounts):
            subjects = running.ask("work", uid=f"mailops-{account.key}", password=user.password)
            assert subjects == ["is there", *["by Evolution"] * number]
            message = lab.messages(user.email)[-1]
            assert message["From"].addresses[0].display_name.split() == account.sender_name.split()
            assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_evolution_does_not_trust_an_unknown_ca(lab: Lab, security: str) -> None:
    refuses(lab, "system's CAs", security)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_evolution_does_not_trust_another_name(lab: Lab, security: str) -> None:
    refuses(lab, "wrong name", security)


def refuses(lab: Lab, impostor: str, security: str) -> None:
    before = logins(lab)
    profiles = [against(impostor, security), against(impostor, security, pop) | {"name": "pop"}]
    accounts = deploy(lab, "anna", profiles, ["evolution"])
    with evolution(lab, "anna") as running:
        refusals = [running.ask("connect", uid=f"mailops-{each.key}", password=USERS["anna"].password) for each in accounts]
    assert all("certificate" in str(refusal) for pair in refusals for refusal in pair), refusals
    assert logins(lab) == before

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mpop, started by real users with nothing but what was rendered for them, logs in and fetches."""

from __future__ import annotations

import re

import pytest
from deployed import USERS, against, deploy, impostors, logins, pop, redeploy, securities
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


def fetched(lab: Lab, name: str, key: str) -> list[str]:
    """The subjects of what lies in the account's Maildir."""
    texts = [path.read_text() for path in sorted(lab.path(f"{USERS[name].home}/.local/share/mailops/mail/mpop/{key}/new").glob("[!.]*"))]
    return [re.search("^Subject: (.*)", text, re.MULTILINE)[1] for text in texts]


@pytest.mark.parametrize("name", ["basil", "stella", "edith", "lukasz", "jan.kowalski"])
@securities
def test_mpop_fetches(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    (account,) = deploy(lab, name, [pop(security)], ["mpop"])
    lab.empty(user.email)
    lab.deliver(user.email, f"over {security}", "Hello\n")
    for _time in ("once", "not twice"):
        answer = lab.run(["mpop"], user=name)
        assert answer.returncode == 0, answer.stderr
        assert fetched(lab, name, account.key) == [f"over {security}"]
    assert [message["Subject"] for message in lab.messages(user.email)] == [f"over {security}"]


def test_mpop_takes_mail_off_the_server_when_told_to(lab: Lab) -> None:
    email = USERS["anna"].email
    (account,) = deploy(lab, "anna", [pop()], ["mpop"])
    lab.empty(email)
    lab.deliver(email, "goes", "Hello\n")
    assert lab.run(["mpop"], user="anna").returncode == 0
    redeploy(lab, "anna", [pop(leave_on_server=False)], ["mpop"])
    assert lab.run(["mpop"], user="anna").returncode == 0
    assert lab.messages(email) == []
    assert fetched(lab, "anna", account.key) == ["goes"]


def test_two_accounts_with_one_mailbox_and_defaults_of_the_user(lab: Lab) -> None:
    """Each has its own copy, and what the user set for accounts of her own does not reach into ours."""
    email = USERS["anna"].email
    deploy(lab, "anna", [], ["mpop"])
    own = (
        "defaults\nkeep off\nkillsize 0\nfilter touch pwned\ndelivery mbox ~/mbox\nuidls_file ~/uidls\ntls off\ntls_certcheck off\n"
    )
    lab.path("/home/anna/.mpoprc").write_text(own)
    lab.run(["chown", "anna:", "/home/anna/.mpoprc"])
    lab.empty(email)
    lab.deliver(email, "for both", "Hello\n")
    accounts = redeploy(lab, "anna", [pop(), {**pop(), "name": "Work"}], ["mpop"])
    answer = lab.run(["mpop", "--all-accounts"], user="anna")
    assert answer.returncode == 0, answer.stderr
    assert [fetched(lab, "anna", account.key) for account in accounts] == [["for both"], ["for both"]]
    assert len(lab.messages(email)) == 1


@pytest.mark.parametrize("name", ["quentin", "lukasz"])
def test_mpop_gets_a_password_from_a_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    place = f'{user.home}/it\'s "$HOME" `x`'
    profile = pop(variables={"Place": None}, incoming__password=None, incoming__password_command=["cat", "{Place}"])
    (account,) = deploy(lab, name, [profile], ["mpop"], variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.empty(user.email)
    lab.deliver(user.email, "by command", "Hello\n")
    answer = lab.run(["mpop"], user=name)
    assert answer.returncode == 0, answer.stderr
    assert fetched(lab, name, account.key) == ["by command"]


def test_a_password_that_is_not_sent(lab: Lab) -> None:
    deploy(lab, "anna", [pop(incoming__authentication="encrypted")], ["mpop"])
    before = lab.log().count("CRAM-MD5")
    answer = lab.run(["mpop"], user="anna")
    assert answer.returncode == 0, answer.stderr
    assert lab.log().count("CRAM-MD5") > before


@impostors
@securities
def test_mpop_refuses_an_impostor(lab: Lab, impostor: str, security: str) -> None:
    deploy(lab, "anna", [against(impostor, security, pop)], ["mpop"])
    before = logins(lab)
    answer = lab.run(["mpop"], user="anna")
    assert answer.returncode != 0 and "certificate" in answer.stderr, answer
    assert logins(lab) == before

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two accounts of one user, and a second profile of Thunderbird's. The tests follow each other."""

from __future__ import annotations

import pytest
from deployed import USERS, deploy, pop, profile, redeploy
from harness import Lab
from thunderbird import Thunderbird
from thunderbird_scripts import SEND, SERVICES, SUBJECTS, key_of, state, wait_for

pytestmark = pytest.mark.usefixtures("no_command_ran")

LUKASZ = USERS["lukasz"]
POST = {**pop("starttls", outgoing__security="starttls", leave_on_server=False, notifications=False), "name": "post"}
WORK = profile(notifications=False, default=True)


@pytest.fixture(scope="module")
def keys(lab: Lab) -> list[str]:
    return [key_of(account) for account in deploy(lab, "lukasz", [POST, WORK], ["thunderbird"])]


def test_two_accounts(lab: Lab, keys: list[str]) -> None:
    work, post = keys
    with Thunderbird(lab, "lukasz") as thunderbird:
        found = state(thunderbird)
        assert set(found["accounts"]) == {"account1", *keys}
        assert found["defaultAccount"] == work
        assert found["accounts"][post]["type"] == "pop3"
        assert not thunderbird.run("return Services.prefs.getBoolPref('mail.biff.show_alert')")
        lab.deliver(LUKASZ.email, "for both", "Hello\n")
        wait_for(["for both"], lambda: thunderbird.run(SUBJECTS, work))
        thunderbird.run(f"{SERVICES} const {{ incomingServer }} = MailServices.accounts.getAccount(args[0]); "
                        "incomingServer.getNewMessages(incomingServer.rootFolder, null, null)", post)  # fmt: skip
        wait_for(["for both"], lambda: thunderbird.run(SUBJECTS, post))
        wait_for([], lambda: lab.messages(LUKASZ.email))
        thunderbird.run(SEND, post, LUKASZ.email, "over starttls")
        assert [each["Subject"] for each in lab.messages(LUKASZ.email)] == ["over starttls"]
        # He has another password now, and a new favourite.
        assert found["logins"] == [
            [origin, LUKASZ.email, LUKASZ.password]
            for origin in ("imap://imap.example.org", "mailbox://pop.example.org", "smtp://smtp.example.org")
        ]
        thunderbird.run(
            f"""{SERVICES}
            const [login] = (await Services.logins.getAllLogins()).filter(each => each.origin.startsWith("mailbox"));
            const changed = login.clone();
            changed.password = "his own";
            await Services.logins.modifyLoginAsync(login, changed);
            const account = MailServices.accounts.getAccount(args[0]);
            // A question for the password that the server refuses would be open before the remote control answers.
            account.incomingServer.loginAtStartUp = account.incomingServer.doBiff = false;
            MailServices.accounts.defaultAccount = account;""",
            post,
        )
    redeploy(lab, "lukasz", [POST, {**WORK, "account_name": "Work"}], ["thunderbird"])


def test_what_a_user_changes_later_stays(lab: Lab, keys: list[str]) -> None:
    work, post = keys
    with Thunderbird(lab, "lukasz") as thunderbird:
        found = state(thunderbird)
        assert found["accounts"][work]["name"] == "Work"
        assert found["defaultAccount"] == post
        assert ["mailbox://pop.example.org", LUKASZ.email, "his own"] in found["logins"]


def test_another_profile_of_the_same_user(lab: Lab, keys: list[str]) -> None:
    lab.run(["mkdir", "other"], user="lukasz")
    with Thunderbird(lab, "lukasz", "--profile", f"{LUKASZ.home}/other") as thunderbird:
        found = state(thunderbird)
        assert set(found["accounts"]) == {"account1", *keys}
        assert len(found["logins"]) == 3

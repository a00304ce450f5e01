# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account in Thunderbird from its first start to its withdrawal, beside one that the user has added by hand.

A start takes seconds, so each is used for all that can be seen in it: the tests follow each other.
"""

from __future__ import annotations

import sys

import pytest
from deployed import USERS, deploy, profile, redeploy
from harness import Lab
from thunderbird import Thunderbird
from thunderbird_scripts import ADD_BY_HAND, LEFT, SEND, SERVICES, SUBJECTS, key_of, state, wait_for

pytestmark = pytest.mark.usefixtures("no_command_ran")
CREATE_FOLDERS = """
import imaplib, ssl, sys
mailbox = imaplib.IMAP4_SSL("imap.example.org", ssl_context=ssl.create_default_context(cafile=sys.argv[1]))
mailbox.authenticate("PLAIN", lambda challenge: f"\\0{sys.argv[2]}\\0{sys.argv[3]}".encode())
for name in sys.argv[4:]:
    mailbox.create(f'"{name}"'), mailbox.subscribe(f'"{name}"')
"""

QUENTIN, HARRIET = USERS["quentin"], USERS["harriet"]
FOLDERS = {"sent": "Sent Items", "drafts": "Entw\u00fcrfe & ~(x)!", "trash": "Papierkorb", "archive": "Archive", "junk": "Junk"}
FIRST = profile(account_name="Work", signature="{UserDisplayName} <b>&amp;</b>\n$(touch /tmp/pwned)", folders=FOLDERS)
CHANGED = profile(
    account_name="Work <new> \\ \"'", sender_name="Changed {UserDisplayName}", reply_to=None, signature="<i>new</i>",
    signature_format="html", check_interval=3, incoming__host="mail.example.org",
    incoming__security="starttls", outgoing__security="starttls",
)  # fmt: skip
# For the mailbox that he has added himself by then.
HIS_OWN = {**profile(incoming__username=HARRIET.email), "name": "own"}


@pytest.fixture(scope="module")
def key(lab: Lab) -> str:
    names = ["Sent Items", "Entw&APw-rfe &- ~(x)!", "Papierkorb"]
    made = lab.run([sys.executable, "-c", CREATE_FOLDERS, lab.ca_file, QUENTIN.email, QUENTIN.password, *names])
    assert made.returncode == 0, made.stderr
    (account,) = deploy(lab, "quentin", [FIRST], ["thunderbird"])
    return key_of(account)


def test_the_first_start_of_a_new_profile(lab: Lab, key: str) -> None:
    lab.deliver(QUENTIN.email, "is there", "Hello\n")
    with Thunderbird(lab, "quentin") as thunderbird:
        found = state(thunderbird)
        assert list(found["accounts"]) == [key, "account1"]
        account = found["accounts"][key]
        root = "imap://quentin.o%27brien%40example.org@imap.example.org"
        expected = {
            "type": "imap", "host": "imap.example.org", "port": 993, "socketType": 3, "authMethod": 3, "user": QUENTIN.email,
            "name": "Work", "checks": True, "interval": 10, "login": True, "trash": "Papierkorb", "junk": f"{root}/Junk",
        }  # fmt: skip
        assert {name: account[name] for name in expected} == expected
        (identity,) = account["identities"]
        assert (identity["name"], identity["email"]) == (QUENTIN.display_name, QUENTIN.email)
        assert identity["folders"] == [f"{root}/Sent Items", f"{root}/Entw&APw-rfe &- ~(x)!", f"{root}/Archive"]
        assert found["accounts"]["account1"]["type"] == "none"
        assert found["defaultAccount"] == key
        assert [name for name, _uri in found["outgoing"]] == [key]
        assert found["logins"] == [
            [origin, QUENTIN.email, QUENTIN.password] for origin in ("imap://imap.example.org", "smtp://smtp.example.org")
        ]
        assert found["log"] == []
        wait_for(["is there"], lambda: thunderbird.run(SUBJECTS, key))
        thunderbird.run(SEND, key, QUENTIN.email, "sent")
        message = lab.messages(QUENTIN.email)[-1]
        assert message["From"].addresses[0].display_name == QUENTIN.display_name
        assert str(message["Reply-To"]) == "reply-`touch$IFS-pwned`$HOME#'@example.org"
        assert f"{QUENTIN.display_name} <b>&amp;</b>\n$(touch /tmp/pwned)" in message.get_body(["plain"]).get_content()
        wait_for(["sent"], lambda: [each["Subject"] for each in lab.messages(QUENTIN.email, "Sent Items")])
        # His own account, what he likes, and what the profile does not like; and while it runs, the profile changes.
        thunderbird.run(ADD_BY_HAND, HARRIET.email, HARRIET.display_name, HARRIET.password)
        thunderbird.run(
            f"""{SERVICES}
            const {{ incomingServer, defaultIdentity }} = MailServices.accounts.getAccount(args[0]);
            defaultIdentity.replyOnTop = 1;
            defaultIdentity.fullName = "My Nickname";
            incomingServer.port = 4711;
            incomingServer.doBiff = false;
            MailServices.accounts.localFoldersServer.rootFolder.createSubfolder("Mine", null);""",
            key,
        )
        redeploy(lab, "quentin", [CHANGED, HIS_OWN], ["thunderbird"], password="changed-password")
        lab.set_accounts({QUENTIN.email: "changed-password"})


def test_a_changed_profile_changes_the_account_in_place(lab: Lab, key: str) -> None:
    with Thunderbird(lab, "quentin") as thunderbird:
        found = state(thunderbird)
        (own,) = set(found["accounts"]) - {key, "account1"}
        (line,) = found["log"]
        assert line.endswith(f": there is already an account for imap {HARRIET.email} imap.example.org")
        account = found["accounts"][key]
        expected = {
            "host": "mail.example.org", "port": 143, "socketType": 2, "name": "Work <new> \\ \"'", "checks": True, "interval": 3,
        }  # fmt: skip
        assert {name: account[name] for name in expected} == expected
        (identity,) = account["identities"]
        expected = {
            "name": f"Changed {QUENTIN.display_name}", "replyTo": None, "signature": "<i>new</i>", "html": True, "replyOnTop": 1,
        }  # fmt: skip
        assert {name: identity[name] for name in expected} == expected
        assert found["defaultAccount"] == key
        assert found["logins"] == sorted([
            ["imap://mail.example.org", QUENTIN.email, "changed-password"],
            ["smtp://smtp.example.org", QUENTIN.email, "changed-password"],
            ["imap://imap.example.org", HARRIET.email, HARRIET.password],
            ["smtp://smtp.example.org", HARRIET.email, HARRIET.password],
        ])  # fmt: skip
        lab.deliver(QUENTIN.email, "after the change", "Hello\n")
        wait_for(["is there", "sent", "after the change"], lambda: thunderbird.run(SUBJECTS, key, True))
        thunderbird.run(SEND, key, QUENTIN.email, "sent again")
        assert lab.messages(QUENTIN.email)[-1]["From"].addresses[0].display_name == f"Changed {QUENTIN.display_name}"
        # His own account is on the server that the profile vouches for; he sends with the profile's outgoing server from there.
        thunderbird.run(
            f"""{SERVICES}
            const {{ incomingServer, defaultIdentity }} = MailServices.accounts.getAccount(args[0]);
            incomingServer.loginAtStartUp = incomingServer.doBiff = false;
            defaultIdentity.smtpServerKey = args[1];""",
            own, key,
        )  # fmt: skip
        redeploy(lab, "quentin", [], ["thunderbird"])


def test_a_withdrawn_account_is_gone_and_his_own_stays(lab: Lab, key: str) -> None:
    with Thunderbird(lab, "quentin") as thunderbird:
        found = state(thunderbird)
        (own,) = set(found["accounts"]) - {"account1"}
        assert found["accounts"][own]["user"] == HARRIET.email
        assert found["defaultAccount"] == own
        assert {email for _origin, email, _password in found["logins"]} == {HARRIET.email}
        assert key not in [name for name, _uri in found["outgoing"]]
        assert thunderbird.run(LEFT) == []
        assert thunderbird.run(f"{SERVICES} return MailServices.accounts.localFoldersServer.rootFolder.containsChildNamed('Mine')")
    (mail,) = lab.path(QUENTIN.home).glob(f".thunderbird/*/ImapMail/{key}")
    assert (mail / "INBOX").stat().st_size  # what he has on his disk is his

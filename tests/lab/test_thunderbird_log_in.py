# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Thunderbird logs in: every value of authentication, and not at an impostor."""

from __future__ import annotations

import pytest
from deployed import USERS, against, deploy, logins, pop, profile
from harness import Lab
from thunderbird import Thunderbird
from thunderbird_scripts import LOG_IN, SEND, SUBJECTS, key_of, state, wait_for

pytestmark = pytest.mark.usefixtures("no_command_ran")

HARRIET = USERS["harriet"]
METHODS = {
    "password": "passwordCleartext", "encrypted": "passwordEncrypted", "gssapi": "GSSAPI", "ntlm": "NTLM", "oauth2": "OAuth2",
    "client_certificate": "External",
}  # fmt: skip


def test_every_authentication(lab: Lab) -> None:
    secret = {"incoming__password": None, "outgoing__password": None}
    profiles = [
        {**profile(incoming__authentication=value, outgoing__authentication=value, **({} if value == "encrypted" else secret),
                   incoming__username=HARRIET.email if value == "encrypted" else f"{value}@example.org"), "name": value}
        for value in METHODS
    ]  # fmt: skip
    keys = {account.profile: key_of(account) for account in deploy(lab, "harriet", profiles, ["thunderbird"])}
    lab.run(["mkdir", "quiet"], user="harriet")
    quiet = "".join(f'user_pref("mail.server.{key}.login_at_startup", false);\n' for value, key in keys.items() if value != "encrypted")
    before = lab.log().count("CRAM-MD5")
    lab.empty(HARRIET.email)
    lab.deliver(HARRIET.email, "not sent", "Hello\n")
    lab.path(f"{HARRIET.home}/quiet/user.js").write_text(quiet)
    with Thunderbird(lab, "harriet", "--profile", f"{HARRIET.home}/quiet") as thunderbird:
        accounts = state(thunderbird)["accounts"]
        numbers = thunderbird.run("return args.map(name => Ci.nsMsgAuthMethod[name]);", *METHODS.values())
        assert {value: accounts[key]["authMethod"] for value, key in keys.items()} == dict(zip(METHODS, numbers))
        wait_for(["not sent"], lambda: thunderbird.run(SUBJECTS, keys["encrypted"]))
        incoming = lab.log().count("CRAM-MD5")
        thunderbird.run(SEND, keys["encrypted"], HARRIET.email, "nor here")
    assert before < incoming < lab.log().count("CRAM-MD5")


# Of a certificate. Thunderbird has the system's authorities besides ca_file, so the wrong CA is both cases.
UNKNOWN_ISSUER, BAD_DOMAIN = 0x805A1FF3, 0x805A2FF4


@pytest.mark.parametrize(("impostor", "reason"), [("wrong CA", UNKNOWN_ISSUER), ("wrong name", BAD_DOMAIN)])
def test_no_log_in_at_an_impostor(lab: Lab, impostor: str, reason: int) -> None:
    over_pop = against(impostor, "starttls", lambda security: pop(security, outgoing__security=security))
    profiles = [against(impostor, "tls"), {**over_pop, "name": "post"}]
    keys = [key_of(account) for account in deploy(lab, "basil", profiles, ["thunderbird"])]
    # By itself it would log in at once, and wait for an answer to its warning.
    lab.run(["mkdir", "quiet"], user="basil")
    quiet = "".join(f'user_pref("mail.server.{key}.login_at_startup", false);\n' for key in keys)
    lab.path("/home/basil/quiet/user.js").write_text(quiet)
    before = logins(lab)
    with Thunderbird(lab, "basil", "--profile", "/home/basil/quiet") as thunderbird:
        wait_for([[reason, reason]] * 2, lambda: [thunderbird.run(LOG_IN, key) for key in keys])
    assert logins(lab) == before

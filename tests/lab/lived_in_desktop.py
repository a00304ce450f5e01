# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As lived_in.py, for the programs with windows."""

from __future__ import annotations

from gnome import system_ca
from lived_in import OWN, PASSWORD, USER, LivedIn, Session
from test_evolution import evolution
from test_geary import geary
from thunderbird import Thunderbird
from thunderbird_scripts import SEND, SERVICES, SUBJECTS, key_of, wait_for

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

# --- Evolution

SERVER = """\
[Data Source]
DisplayName=Anna Own
Enabled=true
Parent={parent}

[Authentication]
Host={host}.own.example
Method=PLAIN
Port={port}
User=anna@own.example

[Security]
Method=ssl-on-alternate-port
"""
EVOLUTION = {
    "own": SERVER.format(host="imap", port=993, parent="") + "\n[Mail Account]\nBackendName=imapx\nIdentityUid=own-identity\n",
    "own-identity": f"""\
[Data Source]
DisplayName=Anna Own
Enabled=true
Parent=own

[Mail Identity]
Name=Anna Own
Address={OWN}

[Mail Submission]
TransportUid=own-transport
SentFolder=folder://own/Sent
""",
    "own-transport": SERVER.format(host="smtp", port=465, parent="own") + "\n[Mail Transport]\nBackendName=smtp\n",
}


def use_evolution(session: Session, account: Account | None) -> None:
    with system_ca(session.lab), evolution(session.lab, USER.name) as running:
        subjects = running.ask("work", uid=f"mailops-{account.key}" if account else "own", password=session.password)
    assert session.there in subjects, subjects
    (message,) = [each for each in session.lab.messages(session.email) if each["Subject"] == "by Evolution"]
    assert message["From"].addresses[0].addr_spec == session.email
    assert f"Authenticated sender: {session.email}" in str(message.get_all("Received"))


# --- Geary

GEARY = f"""\
[Metadata]
version=1
status=enabled

[Account]
ordinal=0
label=My own
sender_mailboxes=Anna Own <{OWN}>;
service_provider=other

[Incoming]
login={OWN}
remember_password=true
host=imap.own.example
port=993
transport_security=transport
credentials=custom

[Outgoing]
host=smtp.own.example
port=465
transport_security=transport
credentials=use-incoming
"""


def use_geary(session: Session, account: Account | None) -> None:
    """It reads; sending from one of two accounts needs a hand at the composer's menu."""
    # Geary looks up no name on a machine that has none but loopback addresses.
    session.lab.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"])
    place = f"mailops-{account.key}" if account else "account_01"
    host = f"imap.{session.email.partition('@')[2]}"
    with system_ca(session.lab), geary(session.lab, USER.name, host=host, login=(session.email, session.password)) as running:
        running.wait_until(lambda: f"[{place}] [imap] GearyImapClientService: Status changed to: connected" in running.log())


# --- Thunderbird

# What Thunderbird's own assistant makes, after the user has clicked through it.
ADD_OWN = """
const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
const [email, name, password] = args;
const config = new AccountConfig();
Object.assign(config.identity, { emailAddress: email, realname: name });
const server = { username: email, password, auth: 3, socketType: 3 };
Object.assign(config.incoming, server, { type: "imap", hostname: "imap.own.example", port: 993, checkInterval: 10 });
Object.assign(config.outgoing, server, { type: "smtp", hostname: "smtp.own.example", port: 465, addThisServer: true });
config.rememberPassword = true;
await CreateInBackend.createAccountInBackend(config);"""
# The lab's CA, which the other provider's customers trust.
TRUST = """
const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
database.addCertFromBase64(args[0], "C,,");"""
OWN_KEY = f"""{SERVICES}
return MailServices.accounts.accounts.find(each => each.incomingServer.hostname == "imap.own.example")?.key ?? null;"""


def use_thunderbird(session: Session, account: Account | None) -> None:
    with Thunderbird(session.lab, USER.name) as thunderbird:
        key = key_of(account) if account else thunderbird.run(OWN_KEY)
        if key is None:  # The user's first start.
            lines = session.lab.path(session.lab.ca_file).read_text().splitlines()
            thunderbird.run(TRUST, "".join(lines[1 : lines.index("-----END CERTIFICATE-----")]))
            thunderbird.run(ADD_OWN, OWN, "Anna Own", PASSWORD)
            key = thunderbird.run(OWN_KEY)
        wait_for(True, lambda: session.there in thunderbird.run(SUBJECTS, key, True))
        thunderbird.run(SEND, key, session.email, session.sent)
    session.has_sent()


HOMES = [
    LivedIn("evolution", "evolution", {f".config/evolution/sources/{name}.source": text for name, text in EVOLUTION.items()}, use_evolution,
            asks=True),
    LivedIn("geary", "geary", {".config/geary/account_01/geary.ini": GEARY}, use_geary, asks=True),
    LivedIn("thunderbird", "thunderbird", {}, use_thunderbird),
]  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's Thunderbird, started as its users start it: what it makes of the accounts, and what it leaves of the users' own.

A start takes seconds, so each is used for all that can be seen in it: the tests of one user follow each other.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from deployed import USERS, against, deploy, empty_home, logins, pop, profile, redeploy, remove_all
from harness import Lab
from sandbox import REPOSITORY
from thunderbird import Thunderbird

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

# In the root of another release Thunderbird starts, but does not answer to Marionette.
pytestmark = [pytest.mark.usefixtures("no_command_ran"), pytest.mark.own_release]

SERVICES = 'const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");'
STATE = f"""{SERVICES}
const identity = each => ({{
  name: each.fullName, email: each.email, replyTo: each.replyTo, signature: each.htmlSigText, html: each.htmlSigFormat,
  replyOnTop: each.replyOnTop, smtp: each.smtpServerKey,
  folders: [each.fccFolderURI, each.draftsFolderURI, each.archivesFolderURI],
}});
const accounts = MailServices.accounts.accounts.map(({{ key, incomingServer: server, identities }}) => ({{
  key, type: server.type, host: server.hostname, port: server.port, user: server.username, name: server.prettyName,
  socketType: server.socketType, authMethod: server.authMethod, directory: server.localPath.path,
  checks: server.doBiff, interval: server.biffMinutes, login: server.loginAtStartUp,
  trash: server.getStringValue("trash_folder_name"), junk: server.spamSettings.spamFolderURI,
  identities: identities.map(identity),
}}));
const logins = await Services.logins.getAllLogins();
return {{
  accounts, defaultAccount: MailServices.accounts.defaultAccount?.key ?? null,
  outgoing: MailServices.outgoingServer.servers.map(server => [server.key, server.serverURI.spec]),
  logins: logins.map(login => [login.origin, login.username, login.password]).sort(),
  log: Services.console.getMessageArray().map(each => each.message).filter(each => each.startsWith("mailops.profiles: ")),
}};"""
# Thunderbird's own assistant, after the user has clicked through it.
ADD_BY_HAND = """
const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
const [email, name, password] = args;
const config = new AccountConfig();
Object.assign(config.identity, { emailAddress: email, realname: name });
const server = { username: email, password, auth: 3, socketType: 3 };
Object.assign(config.incoming, server, { type: "imap", hostname: "imap.example.org", port: 993, checkInterval: 10 });
Object.assign(config.outgoing, server, { type: "smtp", hostname: "smtp.example.org", port: 465, addThisServer: true });
config.rememberPassword = true;
await CreateInBackend.createAccountInBackend(config);"""
SEND = f"""{SERVICES}
const [key, to, subject] = args;
const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
params.composeFields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
Object.assign(params.composeFields, {{ to, subject }});
params.identity = MailServices.accounts.getAccount(key).defaultIdentity;
const opened = new Promise(resolve => Services.ww.registerNotification(function observer(opening, topic) {{
  Services.ww.unregisterNotification(observer);
  resolve(opening);
}}));
MailServices.compose.OpenComposeWindowWithParams(null, params);
const compose = await opened;
await new Promise(resolve => compose.addEventListener("compose-editor-ready", resolve, {{ once: true }}));
const closed = new Promise(resolve => compose.addEventListener("unload", resolve, {{ once: true }}));
compose.SendMessage();
await closed;"""
SUBJECTS = f"""{SERVICES}
const inbox = MailServices.accounts.getAccount(args[0]).incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
if (inbox && args[1]) {{
  inbox.updateFolder(null);  // mail that comes before the connection waits for it is only seen at the next check
}}
return inbox ? [...inbox.messages].map(message => message.mime2DecodedSubject) : [];"""
# What goes wrong at a log-in to each of an account's servers, or 0.
LOG_IN = f"""{SERVICES}
const {{ incomingServer, defaultIdentity }} = MailServices.accounts.getAccount(args[0]);
const outgoing = MailServices.outgoingServer.getServerByKey(defaultIdentity.smtpServerKey);
const attempt = log => new Promise(resolve => log({{
  OnStartRunningUrl() {{}}, OnStopRunningUrl: (url, status) => resolve(status),
}}));
return [
  await attempt(listener => incomingServer.verifyLogon(listener, null)),
  await attempt(listener => outgoing.verifyLogon(listener, null)),
];"""
CREATE_FOLDERS = """
import imaplib, ssl, sys
mailbox = imaplib.IMAP4_SSL("imap.example.org", ssl_context=ssl.create_default_context(cafile=sys.argv[1]))
mailbox.authenticate("PLAIN", lambda challenge: f"\\0{sys.argv[2]}\\0{sys.argv[3]}".encode())
for name in sys.argv[4:]:
    mailbox.create(f'"{name}"'), mailbox.subscribe(f'"{name}"')
"""
# Preferences and certificates of ours that are saved.
LEFT = """
const saved = Services.prefs.getChildList("").filter(name => Services.prefs.prefHasUserValue(name));
const values = saved.map(name => `${name}=${Services.prefs.getPrefType(name) == 32 ? Services.prefs.getStringPref(name) : ""}`);
const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
return [
  ...values.filter(each => each.includes("mailops")),
  ...database.getCerts().map(certificate => certificate.subjectName).filter(name => name.includes("mailops")),
];"""


def state(thunderbird: Thunderbird) -> dict[str, Any]:
    found = thunderbird.run(STATE)
    return {**found, "accounts": {each["key"]: each for each in found["accounts"]}}


def wait_for(expected: Any, look: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while look() != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert look() == expected


def key_of(account: Any) -> str:
    return f"mailops-{account.key}"


# --- Quentin has no Thunderbird profile. He gets an account, adds his own, gets a changed one, and loses it.

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


# --- \u0141ukasz has two accounts and two Thunderbird profiles.

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
            MailServices.accounts.defaultAccount = MailServices.accounts.getAccount(args[0]);""",
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


# --- Anna has all sorts of files where the accounts are read, and two accounts for one mailbox.

WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "type": ("server", {"type": "rss"}),
    "number": ("server", {"port": 1e20}),
    "nested": ("server", {"hostname": ["x.example.org"]}),
    "security": ("server", {"socketType": 1}),
    "no-host": ("server", {"hostname": ""}),
    "local-path": ("server", {"directory": "/etc"}),
    "other-branch": ("server", {"../../general.config.filename": "x"}),
    "signature-file": ("identity", {"sig_file": "/etc/passwd"}),
    "prototype": ("smtpserver", {"__proto__": "x", "constructor": "x"}),
}


def test_what_is_wrong_is_left_out(lab: Lab) -> None:
    anna = USERS["anna"]
    good, twin = deploy(lab, "anna", [profile(), {**profile(), "name": "zwilling"}], ["thunderbird"])
    folder = lab.path("/home/anna/.config/mailops/thunderbird")
    text = (folder / f"{good.key}.json").read_text()
    data = json.loads(text)
    files = {
        "broken": "{", "empty": "", "list": "[]", "null": "null", "number": "1", "deep": "[" * 100_000, "huge": "[" * 10_000_000,
        **{f"no-{part}": json.dumps({**data, part: 1}) for part in ("server", "identity", "smtpserver")},
        **{name: json.dumps({**data, part: {**data[part], **values}}) for name, (part, values) in WRONG.items()},
        "others-can-write": text, "unreadable": text, "UPPER": text, "two.dots": text,
    }  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content)
    (folder / "latin-1.json").write_bytes('{"\u00e9": 1}'.encode("latin-1"))
    (folder / "others-can-write.json").chmod(0o666)
    (folder / "unreadable.json").chmod(0)
    (folder / "directory.json").mkdir()
    (folder / "link.json").symlink_to(f"{good.key}.json")
    (folder / "device.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.json")
    lab.run(["chown", "-R", "anna:", "/home/anna"])
    # An administrator's own lines, and the block of another instance.
    config = lab.path("/etc/thunderbird/thunderbird.cfg")
    script = config.read_text()
    second = script.replace("mailops.profiles default", "mailops.profiles second")
    config.write_text(f"// ours\npref('example.own', 1);\n{script}{second}")
    try:
        with Thunderbird(lab, "anna") as thunderbird:
            found = state(thunderbird)
            assert set(found["accounts"]) == {key_of(good), "account1"}
            assert [login[0] for login in found["logins"]] == ["imap://imap.example.org", "smtp://smtp.example.org"]
            assert thunderbird.run("return Services.prefs.getIntPref('example.own')") == 1
            wrong = {"latin-1", "directory", "link", "device", "pipe", *files} - {"UPPER", "two.dots"}
            told = [line for line in found["log"] if any(f"/{name}.json: " in line for name in wrong)]
            assert len(told) == len(wrong)
            assert [line for line in found["log"] if line not in told] == [
                f"mailops.profiles: {key_of(twin)}: there is already an account for imap {anna.email} imap.example.org"
            ]
    finally:
        config.write_text(script)


# --- Harriet has an account with each value of authentication, and logs in with a password that is not sent.

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


# --- Someone who says to be the server. Thunderbird has the system's authorities besides ca_file, so the wrong CA is both cases.

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


def test_the_script_goes_when_thunderbird_has_forgotten(lab: Lab) -> None:
    host = [lab.path(f"/{file.path}") for file in clients.get("thunderbird").host_files]
    for name in USERS:  # other tests' Thunderbirds
        empty_home(lab, name)
    deploy(lab, "basil", [FIRST], ["thunderbird"])
    with Thunderbird(lab, "basil") as thunderbird:
        assert len(state(thunderbird)["logins"]) == 2
    for _time in range(2):
        assert [result.name for result in remove_all(lab).results if result.residue] == ["basil"]
    assert all("mailops.profiles default" in path.read_text() for path in host)
    with Thunderbird(lab, "basil") as thunderbird:
        found = state(thunderbird)
        assert found["logins"] == [] and not [key for key in found["accounts"] if key.startswith("mailops-")]
    assert not any(result.residue for result in remove_all(lab).results)
    assert not [path for path in host if path.exists() and "mailops.profiles default" in path.read_text()]


if "MAILOPS_WRITE_EXPECTED" in os.environ:

    def test_the_picture_in_the_documentation(lab: Lab) -> None:
        anna = USERS["anna"]
        texts = {"reply_to": None, "signature": None}
        profiles = [
            profile(account_name="Anna Nowak (work)", **texts),
            {**pop(account_name="Anna Nowak (archive)", **texts), "name": "archive"},
        ]
        key = key_of(deploy(lab, "anna", profiles, ["thunderbird"])[0])
        lab.empty(anna.email)
        for subject in ("Welcome to Example Ltd", "Canteen: menu of the week", "Minutes of Monday's meeting", "Your new laptop"):
            lab.deliver(anna.email, subject, f"Dear Anna,\n\n{subject}.\n\nKind regards\nThe Sender\n")
        lab.run(["mkdir", "picture"], user="anna")
        # Nothing of Thunderbird's own that asks for the reader's attention.
        quiet = 'user_pref("mailnews.start_page.enabled", false);\nuser_pref("mail.rights.version", 1);\n'
        lab.path("/home/anna/picture/user.js").write_text(quiet)
        with Thunderbird(lab, "anna", "--profile", "/home/anna/picture") as thunderbird:
            wait_for(4, lambda: len(thunderbird.run(SUBJECTS, key)))
            thunderbird.run(
                f"""{SERVICES}
                const {{ incomingServer }} = MailServices.accounts.getAccount(args[0]);
                const pane = document.getElementById("tabmail").currentAbout3Pane;
                pane.displayFolder(incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox).URI);
                pane.threadTree.selectedIndex = 3;
                await new Promise(resolve => setTimeout(resolve, 3000));""",
                key,
            )
            (REPOSITORY / "docs" / "thunderbird.png").write_bytes(base64.b64decode(thunderbird.screenshot()))

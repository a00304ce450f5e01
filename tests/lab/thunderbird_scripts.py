# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests have Thunderbird do and tell, as the bodies of JavaScript functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from thunderbird import Thunderbird

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


def wait_for(expected: Any, look: Callable[[], Any], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while (found := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected, found


def key_of(account: Any) -> str:
    return f"mailops-{account.key}"

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes that people live in: a user's own account at another provider, in the file of each program, as its manual teaches to write it;
and how that user receives and sends with the own account, and with ours."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deployed import USERS, pop, profile, screen
from harness import Lab
from terminal import Dialogue

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

USER = USERS["anna"]
OWN, PASSWORD = "anna@own.example", "her-OWN-secret"
CA = Lab.ca_file
URL = OWN.replace("@", "%40")


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

    def type(self, argv: Sequence[str], dialogue: Dialogue, env: Mapping[str, str] | None = None) -> None:
        try:
            status, output = self.lab.pty(argv, user=USER.name, input=dialogue, env=env, timeout=25)
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


# --- aerc

AERC = f"""\
[Own]
source   = imaps://{URL}:{PASSWORD}@imap.own.example
outgoing = smtps+plain://{URL}:{PASSWORD}@smtp.own.example
default  = INBOX
from     = Anna Own <{OWN}>
copy-to  = Sent
"""


def aerc(session: Session, account: Account | None) -> None:
    name = account.key if account else "Own"
    write = f':compose -H "To: {session.email}" -H "Subject: {session.sent}"\r'.encode()
    dialogue = [(b"Own", f":change-tab {name}\r".encode()), (session.there.encode(), write), (b"Send this email?", b"y"), (b"sent.", b":quit\r")]
    session.type(["aerc"], dialogue, {"EDITOR": "true", "SSL_CERT_FILE": CA})
    session.has_sent()


# --- Alpine

ALPINE = f"""\
personal-name=Anna Own
inbox-path={{imap.own.example:993/ssl/user={OWN}}}INBOX
smtp-server=smtp.own.example:465/ssl/user={OWN}
customized-hdrs=From: Anna Own <{OWN}>
default-fcc={{imap.own.example:993/ssl/user={OWN}}}Sent
postponed-folder={{imap.own.example:993/ssl/user={OWN}}}Drafts
system-certs-file={CA}
"""


def alpine(session: Session, account: Account | None) -> None:
    argv = ["alpine", *(["-p", f"{USER.home}/.config/mailops/alpine/{account.key}/.pinerc"] if account else [])]
    # What is asked for names the server; the password is typed for the one that is meant to be asked for.
    domain = session.email.partition("@")[2]
    password = [(f"{domain}".encode(), b""), (b"ENTER PASSWORD:", f"{session.password}\r".encode()), (b"Preserve password on DISK", b"n")]
    first = [(b"Exit this greeting", b"e")] if not session.lab.path(f"{USER.home}/.alpine-seen").exists() or account else []
    session.lab.path(f"{USER.home}/.alpine-seen").touch()
    session.type([*argv, "-i"], [*first, *password, (session.there.encode(), b"q"), (b"Really quit", b"y")])
    write = [(b"To  ", b"\r\r\r"), (b"", f"{session.sent}\r".encode()), (b"", b"\x18"), (b"Send message?", b"y")]
    session.type([*argv, session.email], [*write, *password, *password])
    session.has_sent()


# --- fetchmail

FETCHMAIL = f"""\
poll imap.own.example protocol imap
  user "{OWN}" there with password "{PASSWORD}" is anna here
  ssl sslcertck sslcertfile {CA} keep
"""
FETCHMAIL_DEFAULTS = f"""\
defaults
  user "{OWN}" there with password "{PASSWORD}" is anna here
  ssl sslcertck sslcertfile {CA} keep
poll imap.own.example protocol imap
"""


def fetchmail(session: Session, account: Account | None) -> None:
    # Where theirs and ours cannot be in one file, ours is one of its own.
    files = session.run("sh", "-c", "ls .config/mailops/fetchmail/*.fetchmailrc 2>/dev/null", ok=(0, 2)).split() if account else []
    session.run("fetchmail", *(["-f", files[0]] if files else []), account.key if account else "imap.own.example")
    session.lab.wait_for_delivery()
    session.finds("cat /var/mail/anna")


# --- getmail

GETMAIL = f"""\
[retriever]
type = SimpleIMAPSSLRetriever
server = imap.own.example
username = {OWN}
password = {PASSWORD}
ca_certs = {CA}

[destination]
type = Maildir
path = ~/Maildir/

[options]
read_all = false
delete = false
"""


def getmail(session: Session, account: Account | None) -> None:
    options = ["--getmaildir", f"{USER.home}/.config/mailops/getmail"] if account else []
    for last in (False, True):
        try:
            session.run("timeout", "--kill-after=1", "10", "getmail", *options)
            break
        except AssertionError:
            # It may miss the end of a delivery, as test_getmail.py knows.
            if last:
                raise
    session.finds(f"cat {f'Mail/getmail/{account.key}' if account else 'Maildir'}/new/*")


# --- git send-email

GIT = f"""\
[user]
	name = Anna Own
	email = {OWN}
[sendemail]
	from = Anna Own <{OWN}>
	smtpServer = smtp.own.example
	smtpServerPort = 465
	smtpEncryption = ssl
	smtpSSLCertPath = {CA}
	smtpUser = {OWN}
	smtpPass = {PASSWORD}
	suppressCc = all
"""
GIT_IDENTITY = GIT.replace("[sendemail]", "[sendemail]\n\tidentity = own\n[sendemail \"own\"]")
PATCH = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Anna Own <{}>\nSubject: {}\n\nWhy it is made.\n"


def git(session: Session, account: Account | None) -> None:
    session.run("tee", "a.patch", input=PATCH.format(OWN, session.sent))
    session.run("git", "send-email", *([f"--identity={account.key}"] if account else []), f"--to={session.email}", "a.patch")
    session.has_sent()


# --- mbsync

MBSYNC = f"""\
IMAPAccount own
Host imap.own.example
User {OWN}
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {CA}

IMAPStore own-remote
Account own

MaildirStore own-local
Path ~/Maildir/
Inbox ~/Maildir/Inbox
SubFolders Verbatim

Channel own
Far :own-remote:
Near :own-local:
Patterns *
Create Near
SyncState *
"""


def mbsync(session: Session, account: Account | None) -> None:
    session.run("mbsync", account.key if account else "own")
    session.finds(f"cat {f'Mail/{account.key}/INBOX' if account else 'Maildir/Inbox'}/new/*")


# --- mpop and msmtp

MPOP = f"""\
defaults
tls on
tls_trust_file {CA}
keep on

account own
host pop.own.example
user {OWN}
password {PASSWORD}
delivery mbox ~/own.mbox

account default : own
"""
# "Without an account name, the settings are for the account default."
MPOP_DEFAULTS = f"""\
defaults
host pop.own.example
user {OWN}
password {PASSWORD}
tls on
tls_trust_file {CA}
keep on
delivery mbox ~/own.mbox
"""


def mpop(session: Session, account: Account | None) -> None:
    session.run("mpop", *([account.key] if account else []))
    session.finds(f"cat Mail/mpop/{account.key}/new/*" if account else "cat own.mbox")


MSMTP = f"""\
defaults
auth on
tls on
tls_starttls off
tls_trust_file {CA}
logfile ~/.msmtp.log

account own
host smtp.own.example
port 465
from {OWN}
user {OWN}
password {PASSWORD}

account default : own
"""
MSMTP_DEFAULTS = f"""\
host smtp.own.example
port 465
from {OWN}
auth on
user {OWN}
password {PASSWORD}
tls on
tls_starttls off
tls_trust_file {CA}
"""


def msmtp(session: Session, account: Account | None) -> None:
    text = f"From: {session.email}\nSubject: {session.sent}\n\nHello\n"
    session.run("msmtp", *(["-a", account.key] if account else []), session.email, input=text)
    session.has_sent()


# --- Mutt and NeoMutt

MUTT = f"""\
set realname = "Anna Own"
set from = "{OWN}"
set use_from = yes
set imap_user = "{OWN}"
set imap_pass = "{PASSWORD}"
set folder = "imaps://imap.own.example/"
set spoolfile = "+INBOX"
set record = "+Sent"
set postponed = "+Drafts"
set trash = "+Trash"
set smtp_url = "smtps://{URL}@smtp.own.example:465/"
set smtp_pass = "{PASSWORD}"
set ssl_force_tls = yes
set certificate_file = "{CA}"
"""


def mutt(program: str) -> Use:
    def use(session: Session, account: Account | None) -> None:
        argv = [program, *(["-e", f"source ~/.config/mailops/neomutt/{account.key}.muttrc"] if account else [])]
        # A deleted message goes to $trash, and what is sent to $record.
        session.type(argv, [(session.there.encode(), b"d"), (b"", b"$"), (b"", b"y"), (b"", b"x")])
        session.run(*argv, "-s", session.sent, session.email, input="Hello\n")
        session.has_sent()

    return use


# --- OfflineIMAP

OFFLINEIMAP = f"""\
[general]
accounts = Own

[Account Own]
localrepository = Local
remoterepository = Remote

[Repository Local]
type = Maildir
localfolders = ~/Maildir

[Repository Remote]
type = IMAP
remotehost = imap.own.example
remoteuser = {OWN}
remotepass = {PASSWORD}
ssl = yes
sslcacertfile = {CA}
"""
OFFLINEIMAP_DEFAULT = OFFLINEIMAP.replace(f"remotepass = {PASSWORD}\n", "").replace(
    "[general]", f"[DEFAULT]\nremotepass = {PASSWORD}\n\n[general]"
)


def offlineimap(session: Session, account: Account | None) -> None:
    files = session.run("sh", "-c", "ls .config/mailops/offlineimap/* 2>/dev/null", ok=(0, 2)).split() if account else []
    options = [*(["-c", files[0]] if files else []), "-a", account.key] if account else []
    session.run("offlineimap", "-u", "basic", *options)
    session.finds(f"cat {f'Mail/offlineimap/{account.key}' if account else 'Maildir'}/INBOX/new/*")


# --- S-nail

S_NAIL = f"""\
set v15-compat
set from="Anna Own <{OWN}>"
set inbox=imaps://{URL}:{PASSWORD}@imap.own.example/INBOX
set mta=smtps://{URL}:{PASSWORD}@smtp.own.example:465 smtp-auth=login
set tls-ca-file={CA}
"""
S_NAIL_ACCOUNT = "account own {\n" + "".join(f"  {line}\n" for line in S_NAIL.splitlines()) + "}\naccount own\n"
S_NAIL_PASSWORD = S_NAIL.replace(f":{PASSWORD}@", "@") + f"set password={PASSWORD} record=+Sent folder=imaps://{URL}@imap.own.example/\n"


def s_nail(session: Session, account: Account | None) -> None:
    options = ["-A", account.key] if account else []
    assert session.there in session.run("s-nail", "-H", *options)
    session.run("s-nail", "-s", session.sent, *options, session.email, input="Hello\n")
    session.has_sent()


HOMES = [
    LivedIn("aerc", "aerc", {".config/aerc/accounts.conf": AERC}, aerc),
    LivedIn("alpine", "alpine", {".pinerc": ALPINE}, alpine, asks=True),
    LivedIn("fetchmail", "fetchmail", {".fetchmailrc": FETCHMAIL}, fetchmail),
    LivedIn("fetchmail-defaults", "fetchmail", {".fetchmailrc": FETCHMAIL_DEFAULTS}, fetchmail),
    LivedIn("getmail", "getmail", {".config/getmail/getmailrc": GETMAIL}, getmail, directories=["Maildir/cur", "Maildir/new", "Maildir/tmp"]),
    LivedIn("git", "git_send_email", {".gitconfig": GIT}, git),
    LivedIn("git-identity", "git_send_email", {".gitconfig": GIT_IDENTITY}, git),
    LivedIn("mbsync", "mbsync", {".mbsyncrc": MBSYNC}, mbsync, directories=["Maildir"]),
    LivedIn("mpop", "mpop", {".mpoprc": MPOP}, mpop, make=pop),
    LivedIn("mpop-defaults", "mpop", {".mpoprc": MPOP_DEFAULTS}, mpop, make=pop),
    LivedIn("msmtp", "msmtp", {".msmtprc": MSMTP}, msmtp),
    LivedIn("msmtp-defaults", "msmtp", {".msmtprc": MSMTP_DEFAULTS}, msmtp),
    LivedIn("mutt", "neomutt", {".muttrc": MUTT}, mutt("mutt")),
    LivedIn("neomutt", "neomutt", {".config/neomutt/neomuttrc": MUTT}, mutt("neomutt")),
    LivedIn("offlineimap", "offlineimap", {".offlineimaprc": OFFLINEIMAP}, offlineimap),
    LivedIn("offlineimap-DEFAULT", "offlineimap", {".offlineimaprc": OFFLINEIMAP_DEFAULT}, offlineimap),
    LivedIn("s-nail", "s_nail", {".mailrc": S_NAIL}, s_nail),
    LivedIn("s-nail-account", "s_nail", {".mailrc": S_NAIL_ACCOUNT}, s_nail),
    LivedIn("s-nail-password", "s_nail", {".mailrc": S_NAIL_PASSWORD}, s_nail),
]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As lived_in_terminal.py, for the programs that fetch mail or send it for others."""

from __future__ import annotations

from deployed import pop
from harness import Lab
from lived_in import OWN, PASSWORD, USER, LivedIn, Session

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

CA = Lab.ca_file
URL = OWN.replace("@", "%40")

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
    ours = ["-f", ".config/mailops/fetchmail/fetchmailrc", "--pidfile", ".fetchmail-mailops.pid", "--idfile", ".fetchids-mailops"]
    session.run("fetchmail", *(ours if account else []), account.key if account else "imap.own.example")
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
    session.finds(f"cat {f'.local/share/mailops/mail/getmail/{account.key}' if account else 'Maildir'}/new/*")


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
    session.finds(f"cat {f'.local/share/mailops/mail/mbsync/{account.key}/INBOX' if account else 'Maildir/Inbox'}/new/*")


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


def mpop(session: Session, account: Account | None) -> None:
    session.run("mpop", *([account.key] if account else []))
    session.finds(f"cat .local/share/mailops/mail/mpop/{account.key}/new/*" if account else "cat own.mbox")


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
    options = ["-c", ".config/mailops/offlineimap/config", "-a", account.key] if account else []
    session.run("offlineimap", "-u", "basic", *options)
    session.finds(f"cat {f'.local/share/mailops/mail/offlineimap/{account.key}' if account else 'Maildir'}/INBOX/new/*")


HOMES = [
    LivedIn("fetchmail", "fetchmail", {".fetchmailrc": FETCHMAIL}, fetchmail),
    LivedIn("fetchmail-defaults", "fetchmail", {".fetchmailrc": FETCHMAIL_DEFAULTS}, fetchmail),
    LivedIn("getmail", "getmail", {".config/getmail/getmailrc": GETMAIL}, getmail, directories=["Maildir/cur", "Maildir/new", "Maildir/tmp"]),
    LivedIn("mbsync", "mbsync", {".mbsyncrc": MBSYNC}, mbsync, directories=["Maildir"]),
    LivedIn("mpop", "mpop", {".mpoprc": MPOP}, mpop, make=pop),
    LivedIn("msmtp", "msmtp", {".msmtprc": MSMTP}, msmtp),
    LivedIn("msmtp-defaults", "msmtp", {".msmtprc": MSMTP_DEFAULTS}, msmtp),
    LivedIn("offlineimap", "offlineimap", {".offlineimaprc": OFFLINEIMAP}, offlineimap),
    LivedIn("offlineimap-DEFAULT", "offlineimap", {".offlineimaprc": OFFLINEIMAP_DEFAULT}, offlineimap),
]

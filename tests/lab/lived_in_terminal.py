# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's own account in the file of each program that is worked with, as its manual teaches to write it; and how the user works with it."""

from __future__ import annotations

from harness import Lab
from lived_in import OWN, PASSWORD, USER, LivedIn, Session, Use
from terminal import RUN_ALPINE

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

CA = Lab.ca_file
URL = OWN.replace("@", "%40")

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
    write = f':compose -H "To: {session.email}" -H "Subject: {session.sent}"\r'.encode()
    # The user's own account is the first.
    choose = [(b"Own", f":change-tab {account.key}\r".encode())] if account else []
    dialogue = [*choose, (session.there.encode(), write), (b"Send this email?", b"y"), (b"sent.", b":quit\r")]
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
    argv = [*RUN_ALPINE, *(["-p", f"{USER.home}/.config/mailops/alpine/{account.key}/.pinerc"] if account else [])]
    # The password is typed where it is asked for by its own log-in name.
    asked = f"USER: {session.email}  ENTER PASSWORD:".encode()
    password = [(asked, f"{session.password}\r".encode())]
    first = [(b"Exit this greeting", b"e")] if not session.lab.path(f"{USER.home}/.alpine-seen").exists() or account else []
    session.lab.path(f"{USER.home}/.alpine-seen").touch()
    session.type([*argv, "-i"], [*first, (session.there.encode(), b"q"), (b"Really quit", b"y")], always=password)
    write = [(b"To  ", b"\r\r\r"), (b"", f"{session.sent}\r".encode()), (b"", b"\x18"), (b"Send message?", b"y")]
    session.type([*argv, session.email], write, always=password)
    session.has_sent()


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
    LivedIn("git", "git_send_email", {".gitconfig": GIT}, git),
    LivedIn("git-identity", "git_send_email", {".gitconfig": GIT_IDENTITY}, git),
    LivedIn("mutt", "neomutt", {".muttrc": MUTT}, mutt("mutt")),
    LivedIn("neomutt", "neomutt", {".config/neomutt/neomuttrc": MUTT}, mutt("neomutt")),
    LivedIn("s-nail", "s_nail", {".mailrc": S_NAIL}, s_nail),
    LivedIn("s-nail-account", "s_nail", {".mailrc": S_NAIL_ACCOUNT}, s_nail),
    LivedIn("s-nail-password", "s_nail", {".mailrc": S_NAIL_PASSWORD}, s_nail),
]

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts mail into mailboxes and gets it out again. Runs inside the sandbox: the order comes as JSON on standard input,
the answer goes as JSON to standard output."""

from __future__ import annotations

import base64
import imaplib
import json
import re
import smtplib
import ssl
import sys

from mailserver import CA_FILE

LMTP_SOCKET = "/run/dovecot/lmtp"


def deliver(email: str, message: str) -> None:
    with smtplib.LMTP(LMTP_SOCKET, local_hostname="lab") as connection:
        connection.sendmail("sender@example.net", [email], base64.b64decode(message))


def messages(email: str, password: str, folder: str) -> list[str]:
    with _mailbox(email, password) as mailbox:
        mailbox.select(_quoted(folder), readonly=True)
        _status, numbers = mailbox.search(None, "ALL")
        return [base64.b64encode(mailbox.fetch(number, "(BODY.PEEK[])")[1][0][1]).decode()
                for number in numbers[0].split()]


def empty(email: str, password: str) -> None:
    with _mailbox(email, password) as mailbox:
        _status, folders = mailbox.list()
        for line in folders:
            # (\HasNoChildren) "/" Name
            flags, folder = re.fullmatch(rb'\((.*?)\) "." (.*)', line).groups()
            if rb"\Noselect" in flags:
                continue
            folder = folder.decode().strip('"')
            _status, count = mailbox.select(_quoted(folder))
            if count != [b"0"]:
                mailbox.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
                mailbox.expunge()


def create(email: str, password: str, folders: list[str]) -> None:
    with _mailbox(email, password) as mailbox:
        for folder in folders:
            mailbox.create(_quoted(folder))
            mailbox.subscribe(_quoted(folder))


def folders(email: str, password: str) -> list[str]:
    with _mailbox(email, password) as mailbox:
        return [line.decode().rsplit('" ', 1)[1].strip('"') for line in mailbox.lsub()[1]]


def namespace(email: str, password: str) -> tuple[str, bool]:
    """The namespaces, and whether folders are marked with what they are for (RFC 6154)."""
    with _mailbox(email, password) as mailbox:
        return mailbox.namespace()[1][0].decode(), any(rb"\Sent" in line for line in mailbox.list()[1])


def _mailbox(email: str, password: str) -> imaplib.IMAP4_SSL:
    # The server that the address's owner logs in to: credentials.py tells leaks by the server.
    host = "imap.own.example" if email.endswith("@own.example") else "imap.example.org"
    mailbox = imaplib.IMAP4_SSL(host, ssl_context=ssl.create_default_context(cafile=str(CA_FILE)))
    mailbox.authenticate("PLAIN", lambda _challenge: f"\0{email}\0{password}".encode())
    return mailbox


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    order = json.load(sys.stdin)
    action = {"deliver": deliver, "messages": messages, "empty": empty, "create": create, "folders": folders,
              "namespace": namespace}[order.pop("action")]
    json.dump(action(**order), sys.stdout)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs in at the mail server with the standard library's clients. Runs inside the sandbox: a JSON list of attempts on
standard input, for each the refusal or null on standard output."""

from __future__ import annotations

import base64
import imaplib
import json
import poplib
import smtplib
import ssl
import sys

PORTS = {"imaps": 993, "imap": 143, "pop3s": 995, "pop3": 110, "submissions": 465, "submission": 587,
         # As no client should: in the clear.
         "imap-plaintext": 143, "pop3-plaintext": 110, "submission-plaintext": 587}
HOSTS = {"imap": "imap.example.org", "pop3": "pop.example.org", "submission": "smtp.example.org"}
TIMEOUT = 10


def log_in(service: str, email: str, password: str, ca_file: str, host: str | None = None) -> None:
    protocol = service.removesuffix("-plaintext").removesuffix("s")
    _LOG_IN[protocol](host or HOSTS[protocol], service, ssl.create_default_context(cafile=ca_file), email, password)


# No connection is closed in an orderly way: the goodbye after a failed handshake raises an error that hides the first.

def _imap(host: str, service: str, tls: ssl.SSLContext, email: str, password: str) -> None:
    if service == "imaps":
        client = imaplib.IMAP4_SSL(host, PORTS[service], ssl_context=tls, timeout=TIMEOUT)
    else:
        client = imaplib.IMAP4(host, PORTS[service], timeout=TIMEOUT)
    if service == "imap":
        client.starttls(tls)
    client.authenticate("PLAIN", lambda _challenge: _sasl_plain(email, password))


def _pop3(host: str, service: str, tls: ssl.SSLContext, email: str, password: str) -> None:
    if service == "pop3s":
        client = poplib.POP3_SSL(host, PORTS[service], context=tls, timeout=TIMEOUT)
    else:
        client = poplib.POP3(host, PORTS[service], timeout=TIMEOUT)
    if service == "pop3":
        client.stls(tls)
    # poplib has USER and PASS only.
    client._shortcmd("AUTH PLAIN " + _initial_response(email, password))


def _submission(host: str, service: str, tls: ssl.SSLContext, email: str, password: str) -> None:
    if service == "submissions":
        client = smtplib.SMTP_SSL(host, PORTS[service], context=tls, timeout=TIMEOUT)
    else:
        client = smtplib.SMTP(host, PORTS[service], timeout=TIMEOUT)
    if service == "submission":
        client.starttls(context=tls)
    client.ehlo()
    # smtplib's own login() takes ASCII only.
    code, answer = client.docmd("AUTH", "PLAIN " + _initial_response(email, password))
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, answer)
    client.sendmail(email, [email], f"From: {email}\nSubject: by {service}\n\nHello\n")


def _sasl_plain(email: str, password: str) -> bytes:
    return f"\0{email}\0{password}".encode()


def _initial_response(email: str, password: str) -> str:
    return base64.b64encode(_sasl_plain(email, password)).decode()


_LOG_IN = {"imap": _imap, "pop3": _pop3, "submission": _submission}


def _refusal(attempt: dict[str, str]) -> str | None:
    try:
        log_in(**attempt)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    json.dump([_refusal(attempt) for attempt in json.load(sys.stdin)], sys.stdout)

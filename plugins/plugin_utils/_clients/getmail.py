# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""getmail (getmail6): a configuration file for each account, with a Maildir of its own.

They are in a directory of ours. If getmail's usual ``~/.config/getmail`` exists, getmail does not read a user's own files in
``~/.getmail`` any more. With ``--getmaildir`` getmail runs all files of a directory.
"""

from __future__ import annotations

from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles
from ._client import Client, Context
from ._file import File, owned, owned_paths
from ._imap import NEEDS_QUOTES
from ._ini import ini
from ._maildir import mail_directory, maildir

_FILES = AccountFiles("getmail")
# Without a list of CAs getmail accepts any certificate, and it has no list of its own. Debian, Ubuntu, Arch and Alpine Linux have
# it here. If the file does not exist, getmail does not start.
_SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"
_RETRIEVERS = {
    ("imap", "tls"): "SimpleIMAPSSLRetriever", ("imap", "none"): "SimpleIMAPRetriever",
    ("pop", "tls"): "SimplePOP3SSLRetriever", ("pop", "none"): "SimplePOP3Retriever",
}  # fmt: skip
_IMAP_MECHANISMS = {"encrypted": "use_cram_md5", "oauth2": "use_xoauth2"}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [file for account in accounts for file in _files(account)]


def _files(account: Account) -> list[File]:
    mailbox = mail_directory("getmail", account.key)
    sections = {
        "retriever": _retriever(account),
        "destination": {"type": "Maildir", "path": f"~/{mailbox}/"},
        "options": {
            # Fetch each message once.
            "read_all": "false",
            "delete": "false" if account.leave_on_server else "true",
            "delete_after": account.delete_after_days or 0,
        },
    }
    return [owned(_FILES.path(account, "getmailrc"), ini(sections)), *maildir(mailbox)]


def _retriever(account: Account) -> dict[str, object]:
    server = account.incoming
    options: dict[str, object] = {
        "type": _RETRIEVERS[account.account_type, server.security],
        "server": server.host,
        "port": server.port,
        "username": server.username,
        "password": server.password,
        # A tuple as Python writes it. getmail uses no shell.
        "password_command": ascii(server.password_command) if server.password_command else None,
        "ca_certs": (account.ca_file or _SYSTEM_CAS) if server.security == "tls" else None,
    }
    if server.authentication in _IMAP_MECHANISMS:
        options[_IMAP_MECHANISMS[server.authentication]] = "true"
    return options


def _unsupported_reason(account: Account) -> str | None:
    server = account.incoming
    if (account.account_type, server.security) not in _RETRIEVERS:
        return "getmail does not support STARTTLS: incoming.security must be tls"
    if account.account_type == "pop" and server.authentication != "password":
        return f"getmail does not support incoming.authentication: {server.authentication} with POP"
    if server.password is not None and server.password != server.password.strip():
        return "getmail strips white space from both ends of incoming.password: change it or use incoming.password_command"
    if account.ca_file and (account.ca_file != account.ca_file.strip() or "$" in account.ca_file):
        return "getmail reads '$' in ca_file as a variable, and strips white space from its ends: rename the file"
    if account.account_type == "imap":
        return _unsupported_by_imap(account)
    return None


def _unsupported_by_imap(account: Account) -> str | None:
    server = account.incoming
    if server.authentication == "password":
        if not server.username.isascii() or set(server.username) & set(NEEDS_QUOTES):  # Python's imaplib does not quote it
            return f"getmail cannot log in with IMAP unless incoming.username is ASCII without a space or one of{NEEDS_QUOTES}"
        if server.password is not None and not server.password.isascii():
            return "getmail cannot log in with IMAP unless incoming.password is ASCII"
    return None


CLIENT = Client(
    name="getmail",
    title="getmail",
    account_types=("imap", "pop"),
    expresses=(
        "account_type", "leave_on_server", "delete_after_days", "ca_file",
        *fields_below("incoming"),
    ),
    paths={
        **_FILES.patterns("getmailrc"),
        **owned_paths(*(file.path for file in maildir(mail_directory("getmail", "*")))),
        # Where they were before the release of 0.1.0: without these patterns the files would stay.
        **owned_paths(*(file.path for file in maildir("Mail/getmail/*"))),
    },
    render=_render,
    authentications=("password", *_IMAP_MECHANISMS),
    unsupported_reason=_unsupported_reason,
    notes=(
        "Each account is a file of its own, with a Maildir `~/.local/share/mailops/mail/getmail/KEY`. `getmail --getmaildir ~/.config/mailops/getmail` "
        "fetches the mail of all of them (of IMAP, the inbox); the user's own getmail is not affected. Nothing is deleted on the "
        "server, except as `leave_on_server` and `delete_after_days` say. The password is in the file, or comes from the command; "
        "otherwise getmail asks for it. IMAP accounts need a log-in name that IMAP need not quote and an ASCII password. "
        "getmail does not support STARTTLS. A wrong certificate is rejected. Without `ca_file`, "
        "`/etc/ssl/certs/ca-certificates.crt` must exist. On a busy machine getmail 6.18 may miss the end of a delivery: it then "
        "waits for three minutes, and the next run fetches the same messages again."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mbsync (isync): an IMAP account, its two stores and a channel in the user's ``.mbsyncrc``.

Names and keywords are those of isync 1.4. Its successor 1.5 wants ``TLSType`` for ``SSLType``, which 1.4 refuses, and takes the
old one with a warning.
"""

from __future__ import annotations

import shlex
from typing import Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

# A longer line is read as two; at 1022 bytes the second one is empty, which ends the section.
_LONGEST_LINE = 1021
_SSL_TYPE = {"tls": "IMAPS", "starttls": "STARTTLS", "none": "None"}
# Without AuthMechs mbsync takes the strongest that the server offers and never falls back when that fails.
_AUTH_MECHS = {"password": "PLAIN LOGIN", "encrypted": "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5", "gssapi": "GSSAPI", "ntlm": "NTLM"}
# mbsync makes the folders of a store, but not the directory that holds them: "cannot open store". A file of ours does.
_README = "mbsync keeps the mail of this account here.\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    # An empty line ends a section, and a comment (such as the markers) does not: one at the beginning ends the user's last one.
    text = "".join("\n" + "\n".join(section) + "\n" for account in accounts for section in _sections(account))
    return [
        File(".mbsyncrc", f"{text}\n", BLOCK),
        *(File(f"Mail/{account.key}/.mailops", _README) for account in accounts),
    ]


def _sections(account: Account) -> list[list[str]]:
    key = account.key
    return [
        _account(account),
        [f"IMAPStore {key}-remote", f"Account {key}"],
        [f"MaildirStore {key}-local", f"Path ~/Mail/{key}/", f"Inbox ~/Mail/{key}/INBOX", "SubFolders Verbatim"],
        [
            f"Channel {key}",
            f"Far :{key}-remote:",
            f"Near :{key}-local:",
            "Patterns *",
            "Sync All",
            "Create Near",
            # What is deleted here is only marked as deleted on the server, and a folder deleted here stays there.
            "Remove None",
            "Expunge None",
            "CopyArrivalDate yes",
            "SyncState *",
        ],
    ]


def _account(account: Account) -> list[str]:
    server = account.incoming
    lines = [f"IMAPAccount {account.key}", f"Host {server.host}", f"Port {server.port}", f"User {_quoted(server.username)}"]
    if server.password is not None:
        lines.append(f"Pass {_quoted(server.password)}")
    elif server.password_command:
        # The plus sign: the command may ask something on the terminal.
        lines.append(f"PassCmd {_quoted('+' + shlex.join(server.password_command))}")
    lines += [f"AuthMechs {_AUTH_MECHS[server.authentication]}", f"SSLType {_SSL_TYPE[server.security]}"]
    if account.ca_file:
        lines += ["SystemCertificates no", f"CertificateFile {_quoted(account.ca_file)}"]
    return lines


def _cannot(account: Account) -> str | None:
    for line in _account(account):
        if len(line.encode()) > _LONGEST_LINE:
            return f"mbsync reads lines of at most {_LONGEST_LINE} bytes, and its '{line.split()[0]}' would need more"
    return None


CLIENT = Client(
    name="mbsync",
    title="mbsync (isync)",
    account_types=("imap",),
    expresses=frozenset(
        (
            "ca_file",
            "incoming.host", "incoming.port", "incoming.security", "incoming.username", "incoming.password",
            "incoming.password_command", "incoming.authentication",
        )
    ),
    paths=(".mbsyncrc", "Mail/*/.mailops"),
    render=_render,
    authentications=tuple(_AUTH_MECHS),
    cannot=_cannot,
    notes=(
        "One channel for each account in `.mbsyncrc`, between the server and `~/Mail/KEY`; `mbsync --all` does all of them, the "
        "user's own included. It never deletes on the server. The password stands there, or comes from the command; otherwise "
        "mbsync asks. A wrong certificate is refused."
    ),
)  # fmt: skip

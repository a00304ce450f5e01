# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mbsync (isync): an IMAP account, its two stores and a channel in the user's ``.mbsyncrc``.

The keywords are those of isync 1.4. Version 1.5 has ``TLSType`` instead of ``SSLType``, which 1.4 does not know; it accepts the old
one with a warning.
"""

from __future__ import annotations

import shlex
from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._client import Client, Context
from ._file import File, block, block_paths, owned, owned_paths
from ._line_limit import long_line_reason
from ._quoting import double_quoted

# mbsync reads a longer line as two. At 1022 bytes the second one is empty, which ends the section.
_MAX_LINE = 1021
_SSL_TYPE = {"tls": "IMAPS", "starttls": "STARTTLS", "none": "None"}
# Without AuthMechs mbsync chooses the strongest mechanism that the server offers, and does not fall back when it fails.
_AUTH_MECHS = {"password": "PLAIN LOGIN", "encrypted": "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5", "gssapi": "GSSAPI", "ntlm": "NTLM"}
# mbsync creates the folders of a store, but not the directory that holds them ("cannot open store"). This file creates it.
_README = "mbsync keeps the mail of this account here.\n"


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    # An empty line ends a section; a comment, such as a marker, does not. The first line ends the user's last section.
    text = "".join("\n" + "\n".join(section) + "\n" for account in accounts for section in _sections(account))
    return [
        block(".mbsyncrc", f"{text}\n"),
        *(owned(f"Mail/{account.key}/.mailops", _README) for account in accounts),
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
            # A message that is deleted here is only marked as deleted on the server. A folder that is deleted here stays there.
            "Remove None",
            "Expunge None",
            "CopyArrivalDate yes",
            "SyncState *",
        ],
    ]


def _account(account: Account) -> list[str]:
    server = account.incoming
    lines = [f"IMAPAccount {account.key}", f"Host {server.host}", f"Port {server.port}", f"User {double_quoted(server.username)}"]
    if server.password is not None:
        lines.append(f"Pass {double_quoted(server.password)}")
    elif server.password_command:
        # The plus sign lets the command use the terminal.
        lines.append(f"PassCmd {double_quoted('+' + shlex.join(server.password_command))}")
    lines += [f"AuthMechs {_AUTH_MECHS[server.authentication]}", f"SSLType {_SSL_TYPE[server.security]}"]
    if account.ca_file:
        lines += ["SystemCertificates no", f"CertificateFile {double_quoted(account.ca_file)}"]
    return lines


def _unsupported_reason(account: Account) -> str | None:
    return long_line_reason("mbsync", _MAX_LINE, _account(account))


CLIENT = Client(
    name="mbsync",
    title="mbsync (isync)",
    account_types=("imap",),
    expresses=("ca_file", *fields_below("incoming")),
    paths={**block_paths(".mbsyncrc"), **owned_paths("Mail/*/.mailops")},
    render=_render,
    authentications=tuple(_AUTH_MECHS),
    unsupported_reason=_unsupported_reason,
    notes=(
        "Each account is a channel in `.mbsyncrc`, between the server and `~/Mail/KEY`. `mbsync --all` synchronises all channels, "
        "the user's own included. Nothing is deleted on the server. The password is in the file, or comes from the command; "
        "otherwise mbsync asks for it. A wrong certificate is rejected."
    ),
)  # fmt: skip

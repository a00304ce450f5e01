# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mbsync (isync): an IMAP account, its two stores and a channel in the user's ``.mbsyncrc``.

The keywords are those of isync 1.4. Version 1.5 has ``TLSType`` instead of ``SSLType``, which 1.4 does not know; it accepts the old
one with a warning.

What the user sets before the first section applies to every channel that says nothing else, so ours states all of it. ``FSync`` and
``BufferLimit`` apply to the program, and are the user's taste.
"""

from __future__ import annotations

import shlex
from typing import Sequence

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles
from ._client import Client, Context, VariantNote
from ._file import File, block, block_paths, owned_paths, variant
from ._line_limit import long_line_reason
from ._maildir import mail_directory, mail_marker
from ._quoting import double_quoted

_FILES = AccountFiles("mbsync")
# Up to 1.4 only the first; since 1.5 the second where it exists, else the first. Who has both may have either version.
_PLACES = (".mbsyncrc", ".config/isyncrc")
# A channel would delete messages by it. It is new in 1.5; who has it has a version that knows it.
_EXPUNGE_SOLO = r"(?i)^[ \t]*ExpungeSolo\b"
# mbsync reads a longer line as two. At 1022 bytes the second one is empty, which ends the section.
_MAX_LINE = 1021
_SSL_TYPE = {"tls": "IMAPS", "starttls": "STARTTLS", "none": "None"}
# Without AuthMechs mbsync chooses the strongest mechanism that the server offers, and does not fall back when it fails.
_AUTH_MECHS = {"password": "PLAIN LOGIN", "encrypted": "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5", "gssapi": "GSSAPI", "ntlm": "NTLM"}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    # An empty line ends a section; a comment, such as a marker, does not. The first line ends the user's last section.
    names = "|".join(account.key for account in accounts)
    variants = [
        variant(rf"(?i)^[ \t]*(?:IMAPAccount|\w+Store|Channel|Group)[ \t]+\"?(?:{names})(?:-remote|-local)?\"?[ \t\r]*$", None, "same-name"),
        variant(_EXPUNGE_SOLO, _text(accounts, ["ExpungeSolo None"])),
    ]
    # Where both places exist there are two blocks, else one.
    blocks = [block(_PLACES[0], _text(accounts), alternatives=places, variants=variants) for places in (_PLACES, _PLACES[::-1])]
    return [
        *blocks,
        # mbsync creates the folders of a store, but not the directory that holds them ("cannot open store").
        *(mail_marker("mbsync", account.key) for account in accounts),
        *(file for account in accounts for file in _FILES.passwords(account, "incoming")),
    ]


def _text(accounts: Sequence[Account], more: Sequence[str] = ()) -> str:
    text = "".join("\n" + "\n".join(section) + "\n" for account in accounts for section in _sections(account, more))
    return f"# mbsync NAME synchronises one of these channels.\n{text}\n"


def _sections(account: Account, more: Sequence[str]) -> list[list[str]]:
    key, directory = account.key, mail_directory("mbsync", account.key)
    return [
        _account(account),
        [f"IMAPStore {key}-remote", f"Account {key}"],
        [f"MaildirStore {key}-local", f"Path ~/{directory}/", f"Inbox ~/{directory}/INBOX", "SubFolders Verbatim", "InfoDelimiter :"],
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
            *more,
            "CopyArrivalDate yes",
            "MaxMessages 0",
            "ExpireUnread no",
            "SyncState *",
        ],
    ]


def _account(account: Account) -> list[str]:
    server = account.incoming
    lines = [f"IMAPAccount {account.key}", f"Host {server.host}", f"Port {server.port}", f"User {double_quoted(server.username)}"]
    if server.password is not None:
        path = _FILES.password_path(account, "incoming")
        lines.append(f'PassCmd "cat ~/{path}"')
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
    # The last is where it was before the release of 0.1.0: without that pattern the file would stay.
    paths={**block_paths(*_PLACES), **_FILES.patterns("incoming.password"), **owned_paths(mail_marker("mbsync", "*").path, "Mail/*/.mailops")},
    render=_render,
    authentications=tuple(_AUTH_MECHS),
    unsupported_reason=_unsupported_reason,
    variant_notes={
        "same-name": VariantNote(
            "the user has an account, store, channel or group with the name of one of ours, and mbsync would take one for the other: rename it, "
            "or give the profile another key",
            skips=True,
        ),
    },
    notes=(
        "Each account is a channel in `.mbsyncrc`, between the server and `~/.local/share/mailops/mail/mbsync/KEY`; where `.config/isyncrc` exists, which "
        "isync 1.5 prefers, it is there, and where both exist, in both. `mbsync --all` synchronises all channels, the user's own included, and "
        "`mbsync KEY` one of ours. Nothing is deleted on the server. What the user sets for all channels (`Sync`, `Expunge`, `MaxMessages` and "
        "others) does not apply to ours, which state it; `FSync` and `BufferLimit` do, and `FieldDelimiter` does not change our names. "
        "Nothing of the user's is changed; an own section with the name of ours skips ours. The password is in a file of ours, or comes "
        "from the command; otherwise mbsync asks for it. A wrong certificate is rejected."
    ),
)  # fmt: skip

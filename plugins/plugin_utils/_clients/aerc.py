# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""aerc: a section for each account in the user's ``accounts.conf``.

A value in backticks ends with the last backtick of its line, whatever is between them. But then aerc replaces ``%(name)s`` by
another setting of the section, such as the URL with the user's name: no value of a profile or a user may contain ``%(``.

The CA is set in the environment only (``SSL_CERT_FILE``). aerc's own ``:new-account`` rewrites the file and drops the marker at its
end; the next run reports that.
"""

from __future__ import annotations

from email.charset import Charset
from email.utils import formataddr
from typing import Sequence
from urllib.parse import quote

from ...module_utils._wire import OTHER_INSTANCES
from .._model.account import Account
from .._model.profile import Server, fields_below
from ._account_files import AccountFiles, captured_password
from ._accounts import host_and_port, html_signature, servers
from ._client import Client, Context, VariantNote
from ._file import File, block, block_paths, variant
from ._imap import mailbox

_FILES = AccountFiles("aerc")
_MECHANISM = {"password": "plain", "oauth2": "xoauth2", "none": "none"}
_ACCOUNTS = ".config/aerc/accounts.conf"
_OWN_ACCOUNT = rf"\A[^{OTHER_INSTANCES}]*?^[ \t]*\["
_FOLDER_KEYS = {"sent": "copy-to", "drafts": "postpone", "archive": "archive"}


def _quoted(text: str) -> str:
    return f"`{text}`"


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    # aerc opens with the first account.
    accounts = sorted(accounts, key=lambda account: not account.default)
    text = "\n".join("".join(f"{line}\n" for line in _section(account)) for account in accounts)
    # aerc makes one of two sections with one name. A section NAME.MORE of the user's has from NAME what it lacks, such as our password.
    same_name = rf"^[ \t]*\[(?:{'|'.join(account.key for account in accounts)})[\].]"
    variants = [variant(same_name, None, "same-name")]
    if accounts[0].default:
        # It opens the user's own ones before ours.
        variants.append(variant(_OWN_ACCOUNT, text, "own-first"))
    # aerc does not start when others can read this file.
    block_of_ours = block(_ACCOUNTS, text, variants=variants, mode=0o600)
    return [block_of_ours, *(file for account in accounts for file in _files(account))]


def _files(account: Account) -> list[File]:
    return [
        *_FILES.signature(account),
        *_FILES.passwords(account, "incoming", "outgoing"),
        *_FILES.password_commands(account, _first_line),
    ]


def _first_line(command: str) -> str:
    # aerc takes the whole output of a command as the password.
    return f'{captured_password(command)}printf "%s\\n" "$password" | head -n 1\n'


def _section(account: Account) -> list[str]:
    lines = [
        f"[{account.key}]",
        f"source = {_quoted(_source(account.incoming))}",
        *_password_command(account, "incoming", "source"),
        f"outgoing = {_quoted(_outgoing(account.outgoing))}",
        *_password_command(account, "outgoing", "outgoing"),
        # aerc 0.14 does not send without it. Later versions have it as their default, and warn.
        *(["smtp-starttls = yes"] if account.outgoing.security == "starttls" else []),
        f"from = {_quoted(_mailbox(account))}",
        *(f"{key} = {_quoted(mailbox(account, name))}" for name, key in _FOLDER_KEYS.items() if name in account.folders),
    ]
    if account.text_signature:
        lines.append(f"signature-file = ~/{_FILES.path(account, 'signature')}")
    if account.check_interval:
        lines.append(f"check-mail = {account.check_interval}m")
    return lines


def _source(server: Server) -> str:
    scheme = "imaps" if server.security == "tls" else "imap"
    mechanism = "+xoauth2" if server.authentication == "oauth2" else ""
    # "imap" alone requires STARTTLS.
    return f"{scheme}{mechanism}{'+insecure' if server.security == 'none' else ''}://{_login(server)}{host_and_port(server)}"


def _outgoing(server: Server) -> str:
    # In aerc 0.14 "smtp" without smtp-starttls is without TLS. Later versions have "smtp+insecure" for that, and require STARTTLS
    # here.
    scheme = f"{'smtps' if server.security == 'tls' else 'smtp'}+{_MECHANISM[server.authentication]}"
    return f"{scheme}://{'' if server.authentication == 'none' else _login(server)}{host_and_port(server)}"


def _login(server: Server) -> str:
    return f"{quote(server.username, safe='')}@"


def _password_command(account: Account, side: str, key: str) -> list[str]:
    server = getattr(account, side)
    if server.password is not None:
        return [f"{key}-cred-cmd = cat ~/{_FILES.password_path(account, side)}"]
    return [f"{key}-cred-cmd = sh ~/{_FILES.command_path(account, side)}"] if server.password_command else []


def _mailbox(account: Account) -> str:
    name = account.sender_name
    # An encoded word (RFC 2047) contains neither "%(" nor anything that looks like an encoded word.
    return formataddr((Charset("utf-8").header_encode(name) if "%" in name or "=?" in name else name, account.email))


def _unsupported_reason(account: Account) -> str | None:
    for side, server in servers(account):
        if server.authentication == "password" and server.password is None and not server.password_command:
            return f"aerc does not ask for passwords: give {side}.password or {side}.password_command"
        if server.password is not None and server.password != server.password.strip():
            return f"aerc strips white space from both ends of {side}.password: change it"
    for name in _FOLDER_KEYS:
        if name in account.folders and "%(" in mailbox(account, name):
            return f"aerc reads '%(' in the name of a folder as another setting (folders.{name})"
    return None


def _cautions(account: Account) -> list[str]:
    if account.outgoing.security != "starttls":
        return []
    return ["aerc 0.15 and newer display a dialogue about smtp-starttls at every start, which aerc 0.14 needs: outgoing.security: tls avoids it"]


CLIENT = Client(
    name="aerc",
    title="aerc",
    account_types=("imap",),
    expresses=(
        "email", "sender_name", "default", "signature", "signature_format", "check_interval",
        "folders.sent", "folders.drafts", "folders.archive",
        *fields_below("incoming", "outgoing"),
    ),
    paths={
        **block_paths(_ACCOUNTS),
        **_FILES.patterns(
            "signature", "incoming.password", "outgoing.password", "incoming.password-command", "outgoing.password-command"
        ),
    },
    render=_render,
    authentications=tuple(_MECHANISM),
    unsupported_reason=_unsupported_reason,
    unsupported_fields=html_signature,
    variant_notes={
        "same-name": VariantNote(
            "the user has an account with the name of one of ours, or with that name before a dot, and aerc would mix the two: rename it in "
            f"~/{_ACCOUNTS}, or give the profile another key",
            skips=True,
        ),
        "own-first": VariantNote("aerc opens the user's own accounts before the default one of the profiles; `aerc -a KEY` opens only that"),
    },
    cautions=_cautions,
    notes=(
        "Each account is a section in `accounts.conf`. aerc opens a tab for each: the user's own first, then our default one. An own "
        "account with the name of ours, or with that name before a dot, skips ours, because aerc would mix the two. The "
        "password is in a file of ours, or comes from the command; aerc strips it of spaces at both ends, and never asks, so "
        "one of them is required. `ca_file` cannot be set: start aerc with SSL_CERT_FILE in the environment. A wrong certificate "
        "is rejected. When the user creates an account with `:new-account`, aerc drops the second marker of our block, and the "
        "next run reports that. With `outgoing.security: starttls` newer versions display a dialogue about `smtp-starttls` at each start."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""git send-email: a file of ours for each account, which is an identity (``--identity``), included in the user's ``.gitconfig``.

Passwords are not in the user's file, which people publish with their dotfiles. The author of commits is not set. What an identity
does not set, such as ``confirm``, git takes from the user's own ``[sendemail]``. A ``sendmailCmd`` there applies to our identities,
too, and nothing can undo it. There is no setting for Reply-To.
"""

from __future__ import annotations

import re
import shlex
from email.charset import Charset
from typing import Iterable, Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles, captured_password
from ._accounts import default_account
from ._client import Client, Context
from ._file import File, block, block_paths, owned, variant
from ._quoting import double_quoted

_FILES = AccountFiles("git_send_email")
_ENCRYPTION = {"tls": "ssl", "starttls": "tls", "none": "none"}
_MECHANISMS = {"password": "PLAIN LOGIN", "encrypted": "CRAM-MD5", "none": "none"}
# The user's own settings of how mail is sent by default, or another instance's.
_OWN_DEFAULT = (
    r"(?i)^[ \t]*\[sendemail\](?:[^\[]*\n)?[ \t]*(?:identity|from|smtpServer|sendmailCmd)[ \t]*="
    r"|^[ \t]*path = ~/\.config/mailops/git_send_email/[^/\n]*\.default\.gitconfig$"
)
# git truncates a name at the first "<", drops quotes, uses what looks like an address as the envelope's sender, and decodes encoded
# words.
_MUST_BE_ENCODED = re.compile(r'[<>@"\\]|=\?')


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    default = default_account(accounts)
    # Two accounts may have the same log-in. The later file decides about the helper, so accounts with a command come last.
    ordered = sorted(accounts, key=lambda account: account.outgoing.password_command is not None)
    included = _included(_FILES.path(account, "gitconfig") for account in ordered)
    includes = block(
        ".gitconfig",
        f"[include]\n{included}{_included([_FILES.path(default, 'default.gitconfig')])}",
        alternatives=(".gitconfig", ".config/git/config"),
        variants=[variant(_OWN_DEFAULT, f"[include]\n{included}")],
    )
    # Not in the block: "git config --global sendemail.confirm auto" would write its line there.
    choice = owned(_FILES.path(default, "default.gitconfig"), f"[sendemail]\n\tidentity = {default.key}\n")
    return [includes, choice, *(file for account in accounts for file in _files(account))]


def _included(paths: Iterable[str]) -> str:
    return "".join(f"\tpath = ~/{path}\n" for path in paths)


def _files(account: Account) -> Iterable[File]:
    settings = "".join(f"\t{name} = {double_quoted(value)}\n" for name, value in _settings(account).items())
    yield owned(_FILES.path(account, "gitconfig"), f'[sendemail "{account.key}"]\n{settings}{_credential(account)}')
    command = account.outgoing.password_command
    if command:
        # git calls a credential helper with get, store or erase.
        script = (
            f'[ "$1" = get ] || exit 0\n{captured_password(shlex.join(command))}printf "password=%s\\n" "$password" | head -n 1\n'
        )
        yield owned(_FILES.path(account, "password-command"), script)


def _settings(account: Account) -> dict[str, str]:
    server = account.outgoing
    values: dict[str, str | None] = {
        "smtpServer": server.host,
        "smtpServerPort": str(server.port),
        "smtpEncryption": _ENCRYPTION[server.security],
        "smtpAuth": _MECHANISMS[server.authentication],
        "from": _mailbox(account),
        "envelopeSender": account.email,
        "smtpUser": None if server.authentication == "none" else server.username,
        "smtpPass": server.password,
        "smtpSSLCertPath": account.ca_file,
    }
    return {name: value for name, value in values.items() if value is not None}


def _mailbox(account: Account) -> str:
    # git encodes any other name itself, in the same way as the author of a commit, with whom it compares the name.
    name = account.sender_name
    return f"{Charset('utf-8').header_encode(name) if _MUST_BE_ENCODED.search(name) else name} <{account.email}>"


def _credential(account: Account) -> str:
    """Keeps the account from the user's own credential helpers: some store passwords in clear text, or old tokens."""
    server = account.outgoing
    if server.password is None and not server.password_command:
        return ""
    # git writes an IPv6 address without brackets here.
    section = f'[credential "smtp://{quote(server.username, safe="")}@{server.host}:{server.port}"]\n\thelper = ""\n'
    return section + (f'\thelper = "!sh ~/{_FILES.path(account, "password-command")}"\n' if server.password_command else "")


CLIENT = Client(
    name="git_send_email",
    title="git send-email",
    account_types=("imap", "pop"),
    expresses=("email", "sender_name", "default", "ca_file", *fields_below("outgoing")),
    paths={**block_paths(".gitconfig", ".config/git/config"), **_FILES.patterns("gitconfig", "password-command")},
    render=_render,
    authentications=tuple(_MECHANISMS),
    notes=(
        "Each account is an identity in a file of its own, which the user's `.gitconfig` includes. The default one is "
        "`sendemail.identity`, unless the user has a default of their own; `git send-email --identity=KEY` chooses another one. "
        "`user.name` and `user.email` stay as they are; without them git sends nothing. The password is in our file, or comes from "
        "the command through a credential helper, and the user's own helpers do not get it; otherwise git asks the helpers, then "
        "the user. On Debian and Ubuntu, `git-email` only recommends what it needs to send: install `libmailtools-perl` (Mail::Address), "
        "`libauthen-sasl-perl` (Authen::SASL) and `libio-socket-ssl-perl` (IO::Socket::SSL), and `libdigest-hmac-perl` (Digest::HMAC_MD5) "
        "for `encrypted`. A `sendmailCmd` in the user's `[sendemail]` applies to our identities, too. A wrong certificate is rejected, "
        "unless the user has turned that off by an empty `smtpSSLCertPath` and the profile has no `ca_file`."
    ),
)  # fmt: skip

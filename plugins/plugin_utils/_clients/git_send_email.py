# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""git send-email: a file of ours for each account, which is an identity (``--identity``), included in the user's ``.gitconfig``.

Passwords do not stand in the user's file, which people publish with their dotfiles. Nothing is said about whose commits these
are. What an identity does not say, such as ``confirm``, git takes from the user's own ``[sendemail]``; a ``sendmailCmd`` there
would be used for our identities too, and nothing can undo it. There is no setting for Reply-To.
"""

from __future__ import annotations

import re
import shlex
from email.charset import Charset
from typing import Iterable, Sequence
from urllib.parse import quote

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, File, default_account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/mailops/git_send_email"
_ENCRYPTION = {"tls": "ssl", "starttls": "tls", "none": "none"}
_MECHANISMS = {"password": "PLAIN LOGIN", "encrypted": "CRAM-MD5", "none": "none"}
# The user's own idea of how mail is sent by default, or another instance's.
_OWN_DEFAULT = (
    r"(?i)^[ \t]*\[sendemail\](?:[^\[]*\n)?[ \t]*(?:identity|from|smtpServer|sendmailCmd)[ \t]*="
    rf"|^[ \t]*path = ~/{re.escape(_FOLDER)}/[^/\n]*\.default\.gitconfig$"
)
# git cuts a name off at the first "<", drops quotes, mistakes what looks like an address for the envelope's sender, and takes an
# encoded word for what it encodes.
_TO_ENCODE = re.compile(r'[<>@"\\]|=\?')


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    default = default_account(accounts)
    # Two accounts may have the same log-in, and what is said of helpers without a command undoes what is said with one.
    ordered = sorted(accounts, key=lambda account: account.outgoing.password_command is not None)
    included = _included(_path(account, "gitconfig") for account in ordered)
    block = File(
        ".gitconfig",
        f"[include]\n{included}{_included([_path(default, 'default.gitconfig')])}",
        BLOCK,
        alternatives=(".gitconfig", ".config/git/config"),
        unless=_OWN_DEFAULT,
        text_if_matched=f"[include]\n{included}",
    )
    # Not in the block: "git config --global sendemail.confirm auto" would write its line there.
    choice = File(_path(default, "default.gitconfig"), f"[sendemail]\n\tidentity = {default.key}\n")
    return [block, choice, *(file for account in accounts for file in _files(account))]


def _path(account: Account, kind: str) -> str:
    return f"{_FOLDER}/{account.key}.{kind}"


def _included(paths: Iterable[str]) -> str:
    return "".join(f"\tpath = ~/{path}\n" for path in paths)


def _files(account: Account) -> Iterable[File]:
    settings = "".join(f"\t{name} = {_quoted(value)}\n" for name, value in _settings(account).items())
    yield File(_path(account, "gitconfig"), f'[sendemail "{account.key}"]\n{settings}{_credential(account)}')
    command = account.outgoing.password_command
    if command:
        # A credential helper is asked to get, and told to store or to erase.
        script = f'[ "$1" = get ] || exit 0\npassword=$({shlex.join(command)}) || exit\n'
        yield File(_path(account, "password-command"), f'{script}printf "password=%s\\n" "$password" | head -n 1\n')


def _settings(account: Account) -> dict[str, str]:
    server = account.outgoing
    values = {
        "smtpServer": server.host,
        "smtpServerPort": str(server.port),
        "smtpEncryption": _ENCRYPTION[server.security],
        "smtpAuth": _MECHANISMS[server.authentication],
        "from": _mailbox(account),
        "envelopeSender": account.email,
    }
    if server.authentication != "none":
        values["smtpUser"] = server.username
    if server.password is not None:
        values["smtpPass"] = server.password
    if account.ca_file:
        values["smtpSSLCertPath"] = account.ca_file
    return values


def _mailbox(account: Account) -> str:
    # Everything else git encodes itself, in the same way as the author of a commit, with whom it compares.
    name = account.sender_name
    return f"{Charset('utf-8').header_encode(name) if _TO_ENCODE.search(name) else name} <{account.email}>"


def _credential(account: Account) -> str:
    """Nothing of the account goes to the user's credential helpers: one of them keeps passwords in clear, or old tokens."""
    server = account.outgoing
    if server.password is None and not server.password_command:
        return ""
    # git writes an IPv6 address without brackets here.
    section = f'[credential "smtp://{quote(server.username, safe="")}@{server.host}:{server.port}"]\n\thelper = ""\n'
    return section + (f'\thelper = "!sh ~/{_path(account, "password-command")}"\n' if server.password_command else "")


CLIENT = Client(
    name="git_send_email",
    title="git send-email",
    account_types=("imap", "pop"),
    expresses=frozenset(
        (
            "email", "sender_name", "default", "ca_file",
            *(name for name in dotted_fields() if name.startswith("outgoing.")),
        )
    ),
    paths=(
        ".gitconfig",
        ".config/git/config",
        *(f"{_FOLDER}/*.{kind}" for kind in ("gitconfig", "password-command")),
    ),
    render=_render,
    authentications=tuple(_MECHANISMS),
    notes=(
        "Each account is an identity in a file of its own, which an `[include]` in the user's `.gitconfig` reads; the default one "
        "is `sendemail.identity`, unless the user has a default of their own, the others are `git send-email --identity=KEY`. "
        "`user.name` and `user.email` stay as they are; without them git sends nothing. The password is in our file, or comes from "
        "the command by way of a credential helper, and is kept out of the user's own helpers; otherwise git asks them, then the "
        "user. On Debian and Ubuntu, `git-email` only recommends what it needs to send: install `libmailtools-perl` (Mail::Address), "
        "`libauthen-sasl-perl` (Authen::SASL) and `libio-socket-ssl-perl` (IO::Socket::SSL), and `libdigest-hmac-perl` (Digest::HMAC_MD5) "
        "for `encrypted`. A `sendmailCmd` in the user's `[sendemail]` is used for our identities too. A wrong certificate is refused, "
        "unless the user has turned that off by an empty `smtpSSLCertPath` and the profile has no `ca_file`."
    ),
)  # fmt: skip

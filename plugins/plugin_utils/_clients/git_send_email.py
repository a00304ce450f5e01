# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""git send-email: a file of ours for each account, which is an identity (``--identity``), included in the user's ``.gitconfig``.

Passwords are not in the user's file, which people publish with their dotfiles. The author of commits is not set. What an identity
does not set, git takes from the user's own ``[sendemail]``: a file of ours sets or empties what decides about server, log-in and sender,
and leaves the rest, such as ``confirm``, to the user. What chooses recipients is undone only where the user's general settings have it,
in a file for each such setting: an identity wins over the repository's settings, too, and a project's list of recipients stands
there. git passes over an included file that does not exist. A list is emptied by its name without ``=``. Nothing undoes a ``sendmailCmd``,
and an empty ``smtpPass`` is a password. There is no setting for Reply-To.
"""

from __future__ import annotations

import re
import shlex
from email.charset import Charset
from typing import Any, Iterable, Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.profile import fields_below
from ._account_files import AccountFiles, captured_password
from ._accounts import default_account
from ._client import Client, Context, VariantNote
from ._file import MARKED, MAY_HAVE_MORE, NO_LONGER_DEFAULT, File, block, block_paths, own_default, owned, variant
from ._quoting import double_quoted

_FILES = AccountFiles("git_send_email")
_ENCRYPTION = {"tls": "ssl", "starttls": "tls", "none": "none"}
_MECHANISMS = {"password": "PLAIN LOGIN", "encrypted": "CRAM-MD5", "none": "none"}
# git reads all of these; "--global" writes the first that exists. (Since 1.7.12, when the third became known.)
_PLACES = (".gitconfig", ".config/git/config")
# What [include] and every [includeIf] name. A "path" of another section is a program, as a rule.
_INCLUDES = r'(?i)^[ \t]*(?:\[[ \t]*include[^\]\n]*\])?[ \t]*path[ \t]*=[ \t]*(?!"?/(?:usr/)?(?:local/)?s?bin/)([^\n#;]+)'
_READS: dict[str, Any] = {"reads": ("/etc/gitconfig", *_PLACES), "includes": _INCLUDES}


def _general(names: str) -> str:
    """A pattern for a setting of all identities."""
    lines = r"[^\n]*\n(?:(?![ \t]*\[)[^\n]*\n)*?"
    return rf"(?i:^[ \t]*\[[ \t]*sendemail[ \t]*\](?:{lines})?[ \t]*(?:{names})[ \t\r]*(?:=|$))"


# The user's own settings of how mail is sent by default, or another instance's.
_INCLUDES_DEFAULT = r"^[ \t]*path = ~/\.config/mailops/git_send_email/[^/\n]*\.default\.gitconfig$"
_OWN_DEFAULT = rf"{_general('identity|smtpServer|sendmailCmd')}|{_INCLUDES_DEFAULT}"
_PART_OF_DEFAULT = rf"{_general('from|smtpUser')}|{MAY_HAVE_MORE}"
_OWN_COMMAND = _general("sendmailCmd")
_OWN_PASSWORD = _general("smtpPass")
# Lines that undo what the user sets for all mail. An include that is not known may set it, too.
_RECIPIENTS = {"to": "to", "cc": "cc", "bcc": "bcc", "ccCmd": 'ccCmd = "true"', "headerCmd": 'headerCmd = ""', "mailmap": 'mailmap = "false"'}
# With any command git does not ask for the recipients, so it is undone only where there certainly is one.
_COMMAND_FOR_RECIPIENTS = {"toCmd": 'toCmd = "true"'}
# An empty path turns the check off. Where there are no certificates, git refuses to send.
_CERTIFICATES = {"smtpSSLCertPath": 'smtpSSLCertPath = "/etc/ssl/certs"'}
# git truncates a name at the first "<", drops quotes, uses what looks like an address as the envelope's sender, and decodes encoded
# words.
_MUST_BE_ENCODED = re.compile(r'[<>@"\\]|=\?')


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    default = default_account(accounts)
    # Not in the block: "git config --global sendemail.confirm auto" would write its line there.
    choice = owned(_FILES.path(default, "default.gitconfig"), f"[sendemail]\n\tidentity = {default.key}\n")
    impossible = rf"{_OWN_COMMAND}|{_own_identity(accounts)}"
    choice = choice._replace(variants=(variant(impossible, None),), **_READS)
    return [_includes(accounts, default), choice, *(file for account in accounts for file in _files(account, impossible))]


def _includes(accounts: Sequence[Account], default: Account) -> File:
    complete = [account for account in accounts if not _asks(account)]
    with_default = _include(accounts, default)
    variants = [variant(_OWN_COMMAND, None, "own-command"), variant(_own_identity(accounts), None, "same-name")]
    if len(complete) < len(accounts):
        of_complete = _include(complete, default if default.default and default in complete else None)
        variants.append(variant(_OWN_PASSWORD, of_complete if complete else None, "own-password"))
    theirs = f"{MARKED}{with_default}" if default.default else _include(accounts, None)
    signs = own_default(_OWN_DEFAULT, {_PART_OF_DEFAULT: ""}, _INCLUDES_DEFAULT, not default.default)
    variants += [variant(pattern, theirs, note, ours) for pattern, note, ours in signs]
    return block(_PLACES[0], with_default, alternatives=_PLACES, variants=variants, **_READS)


def _include(accounts: Sequence[Account], default: Account | None) -> str:
    # Two accounts may have the same log-in. The later file decides about the helper, so accounts with a command come last.
    ordered = sorted(accounts, key=lambda account: account.outgoing.password_command is not None)
    paths = [_FILES.path(account, "gitconfig") for account in ordered]
    if default:
        paths.append(_FILES.path(default, "default.gitconfig"))
    return f"# git send-email --identity=NAME sends with one of these, --no-identity with your own settings.\n[include]\n{_included(paths)}"


def _own_identity(accounts: Sequence[Account]) -> str:
    return rf'(?i:^[ \t]*\[[ \t]*sendemail[ \t]+)"(?:{"|".join(account.key for account in accounts)})"[ \t]*\]'


def _asks(account: Account) -> bool:
    """Whether the password is absent, and git asks for it."""
    server = account.outgoing
    return server.authentication != "none" and server.password is None and not server.password_command


def _included(paths: Iterable[str]) -> str:
    return "".join(f"\tpath = ~/{path}\n" for path in paths)


def _files(account: Account, impossible: str) -> Iterable[File]:
    never = variant(rf"{impossible}|{_OWN_PASSWORD}" if _asks(account) else impossible, None)
    undone = {f"no-{name.lower()}.gitconfig": (name, line) for name, line in _undone(account).items()}
    comment = "# Each is there only where your general settings have what it undoes.\n"
    text = f"{_text(account)}{comment}[include]\n{_included(_FILES.path(account, kind) for kind in undone)}"
    yield owned(_FILES.path(account, "gitconfig"), text)._replace(variants=(never,), **_READS)
    for kind, (name, line) in undone.items():
        found = rf"{_general(name)}|{MAY_HAVE_MORE}" if name in _RECIPIENTS else _general(name)
        variants = (never, variant(found, f'[sendemail "{account.key}"]\n\t{line}\n'))
        yield File(_FILES.path(account, kind), None, variants=variants, **_READS)
    command = account.outgoing.password_command
    if command:
        # git calls a credential helper with get, store or erase.
        script = (
            f'[ "$1" = get ] || exit 0\n{captured_password(shlex.join(command))}printf "password=%s\\n" "$password" | head -n 1\n'
        )
        yield owned(_FILES.path(account, "password-command"), script)


def _undone(account: Account) -> dict[str, str]:
    """A setting -> the line that undoes it in an identity."""
    return {**_RECIPIENTS, **_COMMAND_FOR_RECIPIENTS, **({} if account.ca_file else _CERTIFICATES)}


def _text(account: Account) -> str:
    settings = "".join(f"\t{name} = {double_quoted(value)}\n" for name, value in _settings(account).items())
    return f'[sendemail "{account.key}"]\n{settings}\tsmtpServerOption\n{_credential(account)}'


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
        "smtpDomain": "",
    }
    return {name: value for name, value in values.items() if value is not None}


def _mailbox(account: Account) -> str:
    # git encodes any other name itself, in the same way as the author of a commit, with whom it compares the name.
    name = account.sender_name
    return f"{Charset('utf-8').header_encode(name) if _MUST_BE_ENCODED.search(name) else name} <{account.email}>"


def _credential(account: Account) -> str:
    """Keeps the account from the user's own credential helpers: some store passwords in clear text, or old tokens, and a command may
    print a password for another server."""
    server = account.outgoing
    if server.authentication == "none":
        return ""
    # git writes an IPv6 address without brackets here.
    section = f'[credential "smtp://{quote(server.username, safe="")}@{server.host}:{server.port}"]\n\thelper = ""\n'
    return section + (f'\thelper = "!sh ~/{_FILES.path(account, "password-command")}"\n' if server.password_command else "")


CLIENT = Client(
    name="git_send_email",
    title="git send-email",
    account_types=("imap", "pop"),
    expresses=("email", "sender_name", "default", "ca_file", *fields_below("outgoing")),
    paths={**block_paths(*_PLACES), **_FILES.patterns("gitconfig", "password-command")},
    render=_render,
    authentications=tuple(_MECHANISMS),
    variant_notes={
        NO_LONGER_DEFAULT: VariantNote(
            "there is an own [sendemail] with a server or an identity now (of the user, the host or another instance), which is the default from now on "
            "instead of ours; `git send-email --identity=KEY` sends with ours. Mark an account as the default one to use it first"
        ),
        "own-command": VariantNote(
            "the user's own [sendemail] has a sendmailCmd, which would send our accounts' mail, too, and which nothing undoes: take it into "
            "an identity of the user's",
            skips=True,
        ),
        "own-password": VariantNote(
            "the user's own [sendemail] has an smtpPass, which git would send to the servers of accounts without a password: give these "
            "a password or password_command, or take the user's into an identity",
            skips=True,
            concerns=_asks,
        ),
        "same-name": VariantNote(
            "the user has an identity with the name of one of ours, and git would mix the two: rename it, or give the profile another key",
            skips=True,
        ),
    },
    notes=(
        "Each account is an identity in a file of its own, which the user's `.gitconfig` includes, or `.config/git/config` where only that "
        "exists. The default one is `sendemail.identity`, unless the user has a default of their own: in these files, in `/etc/gitconfig`, or in "
        "what they include. In a home where ours is the default, it stays that until the user adds an own `smtpServer` or `identity`; a warning says so. "
        "A profile that is marked as default wins; `git send-email --identity=KEY` chooses another one, and "
        "`--no-identity` the user's own. A server or sender that a repository sets for itself cannot be seen from the home, and our default "
        "identity wins over it: `git config sendemail.identity ''` in the repository turns that off there. (With an account "
        "without a password git would use a repository's own `smtpPass`.) "
        "`user.name` and `user.email` stay as they are; without them git sends nothing. The password is in our file, or comes from "
        "the command through a credential helper; otherwise git asks the user each time. The user's own helpers neither get nor give it; "
        "`git config --global credential.smtp://USER@HOST:PORT.helper NAME` turns one on. On Debian and Ubuntu, `git-email` only recommends what "
        "it needs to send: install `libmailtools-perl` (Mail::Address), "
        "`libauthen-sasl-perl` (Authen::SASL) and `libio-socket-ssl-perl` (IO::Socket::SSL), and `libdigest-hmac-perl` (Digest::HMAC_MD5) "
        "for `encrypted`. Of the user's own general `[sendemail]`, recipients (`to`, `cc`, `bcc` and their commands), `headerCmd`, `mailmap` and "
        "`smtpSSLCertPath`, as they stand there at the last run, and `smtpDomain` do not apply to our identities; `suppresscc`, `aliasesfile`, "
        "`confirm`, encodings and the like do, and so do the recipients that a repository sets for itself. Nothing undoes a `sendmailCmd`, nor an "
        "`smtpPass` for an account without a password: such accounts are skipped. A wrong certificate is rejected."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Alpine: a block in ``.pinercex``, whose settings override those in the user's ``.pinerc``. Alpine asks for passwords.

Alpine (2.26, in Debian 12 and 13) reads ``/etc/pine.conf``, ``~/.pinerc``, ``~/.pinercex`` and ``/etc/pinerc.fixed``; the later ones
win, and an empty variable is not set: ``x=""`` is an empty value. It rewrites the two files of the user. It keeps comments and the order
of the lines. But if a variable is set twice, it drops all lines except the last one, and after our block it adds every variable that is
missing, unset. So a block has every variable that we ever set, in the form in which Alpine writes it, and only one block in a file may
set them.

Alpine looks for ``.pinercex`` beside the ``.pinerc`` that it is started with. Each account has a directory for the two
(``alpine -p ~/.config/mailops/alpine/KEY/.pinerc``); ``alpine`` alone opens the default account.
"""

from __future__ import annotations

import re
from typing import Iterable, Sequence

from ...module_utils._wire import NEXT_FILE, OTHER_INSTANCES
from .._model.account import Account
from .._model.folders import modified_utf7
from .._model.profile import Server
from ._accounts import default_account, host_and_port, html_signature, servers
from ._client import Client, Context, VariantNote
from ._file import IN_THIS_FILE, MARKED, NO_LONGER_DEFAULT, File, block, block_paths, own_default, owned, owned_paths, variant
from ._imap import mailbox
from ._quoting import ALPHANUMERIC, double_quoted, escaped_octets

_FOLDER = ".config/mailops/alpine"
_TLS = {"tls": "/ssl", "starttls": "/tls", "none": "/notls"}
_SYSTEM = ("/etc/pinerc.fixed", "/etc/pine.conf")
# With one of these an account is the user's own: it has a mailbox, a way to send, or a sender.
_OWN_ACCOUNT = ("inbox-path", "smtp-server", "sendmail-path")
# These alone may as well be lines that a user of ours has added.
_PART_OF_ACCOUNT = ("user-domain", "customized-hdrs", "folder-collections")
_EMPTY = '""'
# A program that sends, of the user's own, comes before any smtp-server, and an empty value after it does not undo it. One of
# /etc/pine.conf comes after a server of ours.
_BEFORE_PINE_CONF = rf"\A(?:[^{NEXT_FILE}{OTHER_INSTANCES}]*{NEXT_FILE}){{0,2}}[^{NEXT_FILE}{OTHER_INSTANCES}]*?"
_OWN_PROGRAM = r'^(?i:sendmail-path)[ \t]*=[ \t]*(?!"")[^ \t\r\n]'
# The user's own would move or delete what is ours, choose the sender, or weaken TLS.
_UNDONE = (
    "read-message-folder", "incoming-archive-folders", "pruned-folders", "trash-folder", "patterns-filters2", "patterns-roles",
    "ssl-ciphers", "encryption-protocol-range",
)  # fmt: skip
# NETMAXUSER and NETMAXMBX of c-client. A longer one makes the whole name of the folder invalid.
_MAX_USERNAME = 64
_MAX_FOLDER = 255


def _escaped(text: str) -> str:
    r"""Alpine expands environment variables in values. (``$$`` is a dollar sign, too, but not after a backslash.)"""
    return text.replace("$", "\\$")


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return [*(file for account in accounts for file in _files(account)), _default_block(default_account(accounts))]


def _default_block(account: Account) -> File:
    """What ``alpine`` opens. If the user has something of an own account, the block is only a comment, unless the administrator has said
    that ours is the default one."""
    variables = _variables(account)
    hint = f"# alpine -p ~/{_FOLDER}/{account.key}/.pinerc\n"
    own = f"# Your own account, of .pinerc: alpine -x ~/{_FOLDER}/own-account.pinercex\n" if account.default else ""
    text = own + _lines(variables)
    theirs = f"{MARKED}{text}" if account.default else hint
    signs = own_default(_set(_OWN_ACCOUNT), {_set(_PART_OF_ACCOUNT): ""}, "^inbox-path=", not account.default)
    variants = [variant(pattern, theirs, note, ours) for pattern, note, ours in signs]
    # Beside the user's own, in the same file, the mark does not help, nor that ours has been the default.
    taken = variant(IN_THIS_FILE + _set(variables if account.default else _PART_OF_ACCOUNT), hint, "own-pinercex")
    sends_itself = variant(_BEFORE_PINE_CONF + _OWN_PROGRAM, hint, "own-program")
    variants = [taken, sends_itself, *variants] if account.default else [*variants, taken]
    return block(".pinercex", text, variants=variants, reads=(".pinerc", *_SYSTEM))


def _set(names: Iterable[str]) -> str:
    return rf"^(?i:{'|'.join(names)})[ \t]*=[ \t]*[^ \t\r\n]"


def _files(account: Account) -> Iterable[File]:
    yield block(f"{_FOLDER}/{account.key}/.pinercex", _lines(_variables(account)))
    if account.text_signature:
        yield owned(f"{_FOLDER}/{account.key}/signature", f"{account.text_signature}\n")


def _lines(variables: dict[str, str]) -> str:
    return "".join(f"{name}={_escaped(value)}\n" for name, value in variables.items())


def _variables(account: Account) -> dict[str, str]:
    """Variable -> value, with literal dollar signs. Without one a variable is not set, and the user's own or Alpine's default applies."""
    mailboxes = f"{{{_server(account.incoming)}}}"
    folders = account.folders
    return {
        "inbox-path": f"{mailboxes}INBOX",
        "folder-collections": f"{mailboxes}[]",
        # Their defaults are folders in our collection.
        "default-fcc": f"{mailboxes}{modified_utf7(mailbox(account, 'sent'))}" if "sent" in folders else "sent-mail",
        "postponed-folder": f"{mailboxes}{modified_utf7(mailbox(account, 'drafts'))}" if "drafts" in folders else "postponed-msgs",
        "fcc-name-rule": "default-fcc",
        "smtp-server": _server(account.outgoing),
        "user-domain": account.email.rpartition("@")[2],
        # Alpine writes a list in exactly this form.
        "customized-hdrs": ",\n\t".join(_headers(account)),
        "signature-file": f"~/{_FOLDER}/{account.key}/signature" if account.text_signature else "",
        "mail-check-interval": str(account.check_interval * 60) if account.check_interval else "",
        # Alpine uses the file in addition to the path, which has a default. Nothing can be found in this one.
        "system-certs-path": "/dev/null" if account.ca_file else "",
        "system-certs-file": account.ca_file or "",
        **dict.fromkeys(_UNDONE, _EMPTY),
    }


def _server(server: Server) -> str:
    username = server.username.replace("\\", "\\\\")
    user = "" if server.authentication == "none" else f'/user="{username}"'
    return f"{host_and_port(server)}{_TLS[server.security]}{user}"


def _headers(account: Account) -> Iterable[str]:
    yield f"From: {_encoded_name(account.sender_name)} <{account.email}>" if account.sender_name else f"From: {account.email}"
    if account.reply_to:
        yield f"Reply-To: {account.reply_to}"


def _encoded_name(name: str) -> str:
    """An encoded word (RFC 2047), because a list in Alpine has no escapes. Alpine decodes it and then reads the quoted string in
    it."""
    return f"=?UTF-8?Q?{escaped_octets(double_quoted(name), ALPHANUMERIC, '={:02X}')}?="


def _unsupported_reason(account: Account) -> str | None:
    for side, server in servers(account):
        if not server.username.isascii() or set(server.username) & set('"{}') or len(server.username) > _MAX_USERNAME:
            return f'Alpine accepts log-in names of at most {_MAX_USERNAME} ASCII characters without " {{ }} ({side}.username)'
    for name in ("sent", "drafts"):
        if name in account.folders and len(modified_utf7(mailbox(account, name))) > _MAX_FOLDER:
            return f"Alpine accepts folder names of at most {_MAX_FOLDER} characters in the encoding of IMAP (folders.{name})"
    if account.ca_file and (set(account.ca_file) & set('",') or account.ca_file.endswith(" ")):
        return "Alpine does not accept a path with a comma, a double quote or a space at its end (ca_file)"
    if re.search(r"_[A-Z0-9]+_", account.text_signature or ""):
        return "Alpine reads capitals between two underscores as a variable (signature)"
    return None


CLIENT = Client(
    name="alpine",
    title="Alpine",
    account_types=("imap",),
    expresses=(
        "email", "sender_name", "reply_to", "default", "signature", "signature_format", "check_interval", "ca_file",
        "folders.sent", "folders.drafts",
        "incoming.host", "incoming.port", "incoming.security", "incoming.username",
        "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
    ),
    paths={**block_paths(".pinercex", f"{_FOLDER}/*/.pinercex"), **owned_paths(f"{_FOLDER}/*/signature")},
    render=_render,
    authentications=("password", "none"),
    unsupported_reason=_unsupported_reason,
    unsupported_fields=html_signature,
    variant_notes={
        NO_LONGER_DEFAULT: VariantNote(
            "there is an own mailbox or way to send now (of the user, the host or another instance), which `alpine` opens from now on instead of our "
            "account; "
            f"`alpine -p ~/{_FOLDER}/KEY/.pinerc` opens ours. Mark an account as the default one to open it first"
        ),
        "own-pinercex": VariantNote(
            "the user (or another instance) sets the same variables in ~/.pinercex, so our default account is not "
            f"opened by `alpine`, but by `alpine -p ~/{_FOLDER}/KEY/.pinerc`; remove the user's lines to open it first"
        ),
        "own-program": VariantNote(
            "the user's own settings, or /etc/pinerc.fixed, name a program that sends (sendmail-path), which Alpine prefers to any server, so the "
            "profile that is marked as the default one is not opened by `alpine`, but by `alpine -p "
            f"~/{_FOLDER}/KEY/.pinerc`; remove sendmail-path to open it first"
        ),
    },
    notes=(
        "`alpine` opens the default account, and `alpine -p ~/.config/mailops/alpine/KEY/.pinerc` opens any account. The accounts "
        "are in `.pinercex` files, whose settings override those in `.pinerc`, which stays as it is. If the user has an own mailbox, "
        "server or sender in `.pinerc`, `.pinercex` or `/etc/pine.conf`, `alpine` opens the user's own as before, and our block is only a "
        "comment with the command, unless the profile says `default: true` or `default_profile` names it: then ours wins over "
        "`.pinerc`, and a comment has the command for the user's own. Where ours is what `alpine` opens, it stays that until the user adds an own "
        "mailbox, server or way to send; a warning says so. It cannot win over lines in the user's own `.pinercex`, nor over a "
        "`sendmail-path` of the user's, by which Alpine would send our mail; a warning says so. (By a `sendmail-path` in "
        "`/etc/pinerc.fixed` Alpine sends all mail, with `-p` too.) The default account undoes the user's roles, filters, folders for "
        "read and archived messages, and settings of TLS; "
        "`alpine -p` reads nothing of the user's. Not possible: features (`feature-list`) and the authorities that the user trusts cannot "
        "be undone. Alpine asks for passwords, for each server by its name. With a wrong certificate it asks, too."
    ),
)  # fmt: skip

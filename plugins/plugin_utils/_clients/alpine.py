# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Alpine: a block in ``.pinercex``, the file of exceptions from the user's ``.pinerc``; its passwords Alpine asks for.

Alpine rewrites both files. It keeps comments and the order of the lines, but where a variable is set twice it drops all but the
last one, and behind our block it adds each variable that it misses, unset. So a block has every variable that we ever set, in
the form in which Alpine writes it (seen with 2.26), and only one block may set them in one file.

Alpine looks for ``.pinercex`` beside the ``.pinerc`` that it is started with: each account has a directory for the two
(``alpine -p ~/.config/mailops/alpine/KEY/.pinerc``), and the default account is what ``alpine`` alone opens.
"""

from __future__ import annotations

import re
from typing import Iterable, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import (
    BLOCK,
    Client,
    File,
    default_account,
    loses_html_signature,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._imap import modified_utf7
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/mailops/alpine"
_TLS = {"tls": "/ssl", "starttls": "/tls", "none": "/notls"}
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
# c-client's NETMAXUSER and NETMAXMBX: what is longer makes the whole name of the folder invalid.
_LONGEST_USERNAME = 64
_LONGEST_FOLDER = 255


def _escaped(text: str) -> str:
    r"""Alpine puts the environment's variables into values. (``$$`` is a dollar sign too, but not after a backslash.)"""
    return text.replace("$", "\\$")


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    default = default_account(accounts)
    variables = _variables(default)
    return [
        *(file for account in accounts for file in _files(account)),
        File(
            ".pinercex",
            _block(variables),
            BLOCK,
            unless=rf"^(?i:{'|'.join(variables)})[ \t]*=[ \t]*[^ \t\r\n]",
            text_if_matched=f"# alpine -p ~/{_FOLDER}/{default.key}/.pinerc\n",
        ),
    ]


def _files(account: Account) -> Iterable[File]:
    yield File(f"{_FOLDER}/{account.key}/.pinercex", _block(_variables(account)), BLOCK)
    if account.text_signature:
        yield File(f"{_FOLDER}/{account.key}/signature", account.text_signature + "\n")


def _block(variables: dict[str, str]) -> str:
    return "".join(f"{name}={_escaped(value)}\n" for name, value in variables.items())


def _variables(account: Account) -> dict[str, str]:
    """Variable -> value, as it is before the environment's variables are put in. Empty means unset."""
    mailboxes = f"{{{_server(account.incoming)}}}"
    folders = account.folders
    return {
        "inbox-path": f"{mailboxes}INBOX",
        "folder-collections": f"{mailboxes}[]",
        "default-fcc": f"{mailboxes}{modified_utf7(folders['sent'])}" if "sent" in folders else "",
        "postponed-folder": f"{mailboxes}{modified_utf7(folders['drafts'])}" if "drafts" in folders else "",
        "smtp-server": _server(account.outgoing),
        "user-domain": account.email.rpartition("@")[2],
        # Elements of a list are separated in exactly this way.
        "customized-hdrs": ",\n\t".join(_headers(account)),
        "signature-file": f"~/{_FOLDER}/{account.key}/signature" if account.text_signature else "",
        "mail-check-interval": str(account.check_interval * 60) if account.check_interval else "",
        # The file is used in addition to the path, which is never empty: so it is one where nothing can be found.
        "system-certs-path": "/dev/null" if account.ca_file else "",
        "system-certs-file": account.ca_file or "",
    }


def _server(server: Server) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    username = server.username.replace("\\", "\\\\")
    user = "" if server.authentication == "none" else f'/user="{username}"'
    return f"{host}:{server.port}{_TLS[server.security]}{user}"


def _headers(account: Account) -> Iterable[str]:
    yield f"From: {_encoded_name(account.sender_name)} <{account.email}>" if account.sender_name else f"From: {account.email}"
    if account.reply_to:
        yield f"Reply-To: {account.reply_to}"


def _encoded_name(name: str) -> str:
    """Alpine's reader of lists knows no escapes, so what it sees is an encoded word (RFC 2047): of the quoted string that Alpine
    decodes and then reads as a name."""
    phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "=?UTF-8?Q?" + "".join(chr(octet) if octet in _PLAIN else f"={octet:02X}" for octet in phrase.encode()) + "?="


def _cannot(account: Account) -> str | None:
    for side in ("incoming", "outgoing"):
        server = getattr(account, side)
        if not server.username.isascii() or set(server.username) & set('"{}') or len(server.username) > _LONGEST_USERNAME:
            return f'Alpine takes log-in names of at most {_LONGEST_USERNAME} ASCII characters without " {{ }} ({side}.username)'
    if account.incoming.authentication == "none":
        return "Alpine cannot read mail without a log-in (incoming.authentication: none)"
    for name in ("sent", "drafts"):
        if len(modified_utf7(account.folders.get(name, ""))) > _LONGEST_FOLDER:
            return f"Alpine takes folder names of at most {_LONGEST_FOLDER} characters in the encoding of IMAP (folders.{name})"
    if account.ca_file and (set(account.ca_file) & set('",') or account.ca_file.endswith(" ")):
        return "Alpine takes no path with a comma, a double quote or a space at its end (ca_file)"
    if re.search(r"_[A-Z0-9]+_", account.text_signature or ""):
        return "Alpine takes capitals between two underscores for a place to fill in (signature)"
    return None


CLIENT = Client(
    name="alpine",
    title="Alpine",
    account_types=("imap",),
    expresses=frozenset(
        (
            "email", "sender_name", "reply_to", "default", "signature", "signature_format", "check_interval", "ca_file",
            "folders.sent", "folders.drafts",
            "incoming.host", "incoming.port", "incoming.security", "incoming.username",
            "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
        )
    ),
    paths=(".pinercex", f"{_FOLDER}/*/.pinercex", f"{_FOLDER}/*/signature"),
    render=_render,
    authentications=("password", "none"),
    cannot=_cannot,
    loses=loses_html_signature,
    notes=(
        "The default account is what `alpine` opens, and each account, that one too, what `alpine -p "
        "~/.config/mailops/alpine/KEY/.pinerc` opens. It stands in `.pinercex`, which goes before the user's `.pinerc`; a "
        "`.pinercex` in which the user (or another instance) sets one of the same variables stays as it is, and only says how "
        "to start. Alpine asks for passwords. A wrong certificate makes it ask too."
    ),
)  # fmt: skip

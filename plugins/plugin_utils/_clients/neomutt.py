# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""NeoMutt and Mutt: a file of ours for each account, and lines in the user's own muttrc that source it.

Both programs read their configuration as a small language: backticks and ``$NAME`` work in double quotes and outside of quotes,
hooks and macros are parsed a second time when they run, format strings may end in a pipe, and a path is percent-decoded as often
as it is looked at. So every value stands in single quotes or is escaped octet by octet, and no value of a profile or a user
stands in a hook, a macro or a format string: a macro only sources a fixed path.
"""

from __future__ import annotations

import shlex
from typing import Iterable, Sequence
from urllib.parse import quote

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import (
    BLOCK,
    Client,
    File,
    default_account,
    loses_html_signature,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server, dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/mailops/neomutt"
# Where the programs look, first match first (seen with strace). Mutt also takes a name with its own version in it
# (muttrc-2.2.12); nobody can list those.
_MUTT = (".muttrc", ".mutt/muttrc", ".config/mutt/muttrc")
_NEOMUTT = (
    ".config/neomutt/neomuttrc", ".config/neomutt/muttrc", ".config/mutt/neomuttrc", ".config/mutt/muttrc",
    ".neomutt/neomuttrc", ".neomutt/muttrc", ".mutt/neomuttrc", ".mutt/muttrc", ".neomuttrc", ".muttrc",
)  # fmt: skip

# The names that both programs know, of the mechanisms that both have. NeoMutt refuses any other name with an error.
_AUTHENTICATORS = {
    ("imap", "password"): "plain:login", ("pop", "password"): "user", ("smtp", "password"): "plain:login",
    ("imap", "gssapi"): "gssapi",
    ("imap", "oauth2"): "oauthbearer:xoauth2", ("pop", "oauth2"): "oauthbearer", ("smtp", "oauth2"): "oauthbearer:xoauth2",
}  # fmt: skip
# Fixed buffers in both programs (struct ACCOUNT, struct ConnAccount): what is longer is cut off without a word.
_LONGEST = {"host": 127, "username": 127, "password": 255}
_FOLDER_VARIABLES = {"sent": "record", "drafts": "postponed", "trash": "trash"}
# NeoMutt's URL parser has no place for these in a path, and however often a path is encoded, the two programs do not decode it
# equally often.
_NOT_IN_FOLDERS = '%?#|"\\`{}<>^'
_MOST_MACROS = 9
# $timeout is a short integer.
_LONGEST_INTERVAL = 32_767
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 @._+=:,/*-")


def _quoted(text: str) -> str:
    """Text that the program converts from UTF-8 to the character set of the terminal. Single quotes know no escapes."""
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str) -> str:
    """Octets that are not converted, for double quotes or, with my_hdr, none. Letters, digits and some signs stay readable."""
    return "".join(chr(octet) if chr(octet) in _PLAIN else f"\\{octet:03o}" for octet in text.encode())


def _credential(text: str) -> str:
    """The server is to get these octets, whatever the locale."""
    return f'"{_escaped(text)}"'


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    settings = {account.key: _settings(account) for account in accounts}
    every = list(dict.fromkeys(name for each in settings.values() for name in each))
    files = []
    for account in accounts:
        files += _files(account, [settings[account.key].get(name) or _undone(name) for name in every])
    text = _block(accounts)
    # The same path and text twice when the user has no file yet, and then only one block is written.
    return [*files, *(File(".muttrc", text, BLOCK, alternatives=places) for places in (_MUTT, _NEOMUTT))]


def _undone(name: str) -> str:
    """What an account says about something that only another account of the same user sets."""
    return f"unmy_hdr {name}\n" if name == "Reply-To" else f"reset {name}\n"


def _path(account: Account, kind: str) -> str:
    return f"{_FOLDER}/{account.key}.{kind}"


def _files(account: Account, lines: Iterable[str]) -> Iterable[File]:
    # The lines are UTF-8 whatever the locale; what the user has set comes back at the end.
    begin = "set my_mailops_charset=$config_charset\nset config_charset='utf-8'\n"
    end = "set config_charset=$my_mailops_charset\n"
    yield File(_path(account, "muttrc"), f"{begin}{''.join(lines)}{end}")
    if account.text_signature:
        yield File(_path(account, "signature"), account.text_signature + "\n")
    for side in ("incoming", "outgoing"):
        command = getattr(account, side).password_command
        if command:
            yield File(_path(account, f"{side}.password-command"), shlex.join(command) + "\n")


def _settings(account: Account) -> dict[str, str]:
    """Variable (or header) -> the line that sets it."""
    values = {
        **_identity(account),
        **_incoming(account),
        **_outgoing(account),
        # With any of them off, a server (or someone who says to be it) could make the program go on in clear.
        **dict.fromkeys(("ssl_force_tls", "ssl_starttls"), "no" if "none" in _securities(account) else "yes"),
        **dict.fromkeys(("ssl_verify_host", "ssl_verify_dates"), "yes"),
    }
    if account.ca_file:
        values["certificate_file"] = _quoted(account.ca_file)
    if account.check_interval:
        # $mail_check is for mailboxes in the background; the open one is looked at when $timeout has passed.
        seconds = str(min(account.check_interval * 60, _LONGEST_INTERVAL))
        values.update(dict.fromkeys(("mail_check", "timeout"), seconds))
        if account.account_type == "pop":
            values["pop_checkinterval"] = seconds
    lines = {name: f"set {name}={value}\n" for name, value in values.items()}
    if account.reply_to:
        # To my_hdr quotes are part of the header, and backticks run between them.
        lines["Reply-To"] = f"my_hdr Reply-To: {_escaped(account.reply_to)}\n"
    return lines


def _securities(account: Account) -> tuple[str, str]:
    return account.incoming.security, account.outgoing.security


def _identity(account: Account) -> dict[str, str]:
    values = {"from": _quoted(account.email), "use_from": "yes", "realname": _quoted(account.sender_name)}
    if account.text_signature:
        values["signature"] = f"'~/{_path(account, 'signature')}'"
    return values


def _incoming(account: Account) -> dict[str, str]:
    server = account.incoming
    kind = account.account_type
    # The log-in name has a variable of its own: in a URL it would be decoded again and again until its ':' begins a password.
    url = _url(server, kind)
    username = _credential(server.username)
    if kind == "imap":
        values = {"folder": url, "spoolfile": _url(server, kind, "INBOX"), "imap_user": username, "imap_login": username}
        folders = {variable: account.folders[name] for name, variable in _FOLDER_VARIABLES.items() if name in account.folders}
        if folders:
            # By default the dot counts as a separator too, and "Mr. Smith" becomes a folder " Smith" in "Mr".
            values["imap_delim_chars"] = "'/'"
        values |= {variable: _quoted(f"={folder}") for variable, folder in folders.items()}
    else:
        values = {"spoolfile": url, "pop_host": url, "pop_user": username, "pop_delete": "no" if account.leave_on_server else "yes"}
    return {**values, **_credentials(account, "incoming", kind)}


def _outgoing(account: Account) -> dict[str, str]:
    server = account.outgoing
    if server.authentication == "none":
        return {"smtp_url": _url(server, "smtp")}
    # There is no variable for the name here; this URL is decoded once, when a mail is sent.
    user = f"{quote(server.username, safe='')}@"
    return {"smtp_url": _url(server, "smtp", user=user), **_credentials(account, "outgoing", "smtp")}


def _url(server: Server, scheme: str, path: str = "", user: str = "") -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"'{scheme}{'s' if server.security == 'tls' else ''}://{user}{host}:{server.port}/{path}'"


def _credentials(account: Account, side: str, kind: str) -> dict[str, str]:
    server = getattr(account, side)
    values = {f"{kind}_authenticators": _quoted(_AUTHENTICATORS[kind, server.authentication])}
    script = f"sh ~/{_path(account, f'{side}.password-command')}"
    if server.authentication == "oauth2":
        values[f"{kind}_oauth_refresh_command"] = _quoted(script)
    elif server.password_command:
        # What backticks give in double quotes is not parsed again (without the quotes it would be). Only its first line counts.
        values[f"{kind}_pass"] = f'"`{script}`"'
    elif server.password is not None:
        values[f"{kind}_pass"] = _credential(server.password)
    return values


def _block(accounts: Sequence[Account]) -> str:
    default = default_account(accounts)
    lines = [f"source ~/{_path(default, 'muttrc')}"]
    if len(accounts) > 1:
        for number, account in enumerate(accounts[:_MOST_MACROS], start=1):
            keys = f"<sync-mailbox><enter-command>source ~/{_path(account, 'muttrc')}<enter><change-folder>!<enter>"
            lines.append(f"macro index,pager \\e{number} '{keys}'")
    return "\n".join(lines) + "\n"


def _cannot(account: Account) -> str | None:
    securities = _securities(account)
    if "none" in securities and "starttls" in securities:
        return "NeoMutt and Mutt cannot enforce starttls for one server and do without TLS for the other: it is one setting"
    for side, kind in (("incoming", account.account_type), ("outgoing", "smtp")):
        server = getattr(account, side)
        nobody = side == "outgoing" and server.authentication == "none"
        if not nobody and (kind, server.authentication) not in _AUTHENTICATORS:
            return f"NeoMutt and Mutt cannot both do {side}.authentication: {server.authentication} with {kind.upper()}"
        for name, longest in _LONGEST.items():
            if len((getattr(server, name) or "").encode()) > longest:
                return f"NeoMutt and Mutt cut off {side}.{name} after {longest} bytes"
    for name in _FOLDER_VARIABLES:
        if set(account.folders.get(name, "")) & set(_NOT_IN_FOLDERS):
            return f"NeoMutt takes no folder name with one of {' '.join(_NOT_IN_FOLDERS)} (folders.{name})"
        if "" in account.folders.get(name, "x").split("/"):
            return f"NeoMutt and Mutt leave out slashes that are not between two names (folders.{name})"
    return None


CLIENT = Client(
    name="neomutt",
    title="NeoMutt and Mutt",
    account_types=("imap", "pop"),
    expresses=frozenset(
        (
            "email", "sender_name", "reply_to", "account_type", "default", "signature", "signature_format", "leave_on_server",
            "check_interval", "ca_file", "folders.sent", "folders.drafts", "folders.trash",
            *(name for name in dotted_fields() if name.startswith(("incoming.", "outgoing."))),
        )
    ),
    paths=(
        *(f"{_FOLDER}/*.{kind}" for kind in ("muttrc", "signature", "incoming.password-command", "outgoing.password-command")),
        *dict.fromkeys((*_MUTT, *_NEOMUTT)),
    ),
    render=_render,
    authentications=("password", "gssapi", "oauth2", "none"),
    cannot=_cannot,
    loses=loses_html_signature,
    notes=(
        "Each account is a file of its own, which one `source` line in the user's muttrc opens; the user's own lines stay. "
        "Further accounts are opened by Alt-1, Alt-2, and so on. The password is in that file, or comes from the command, at "
        "each start. A server whose certificate is wrong is shown to the user, who may reject it; neither program can be made "
        "to refuse by itself, and sending from a script fails."
    ),
)  # fmt: skip

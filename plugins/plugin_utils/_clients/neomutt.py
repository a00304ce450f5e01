# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""NeoMutt and Mutt: a file of ours for each account, and lines in the user's own muttrc that source it.

The configuration of both programs is a small language: backticks and ``$NAME`` work in double quotes and outside of quotes, hooks
and macros are parsed again when they run, format strings may end in a pipe, and a path is percent-decoded at every use. So every
value is ASCII in double quotes, where all but letters, digits and a few signs is escaped octet by octet, and no value of a profile or
a user is in a hook, a macro or a format string: a macro only sources a fixed path.
"""

from __future__ import annotations

from typing import Iterable, Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.profile import Server, fields_below
from ._account_files import AccountFiles
from ._accounts import default_account, host_and_port, html_signature
from ._client import Client, Context
from ._file import File, block, block_paths, owned
from ._imap import mailbox_path
from ._quoting import ALPHANUMERIC, escaped_octets

_FILES = AccountFiles("neomutt")
# Where the programs look, in their order (seen with strace). Mutt also reads a name with its version in it (muttrc-2.2.12), which
# is not listed.
_MUTT = (".muttrc", ".mutt/muttrc", ".config/mutt/muttrc")
_NEOMUTT = (
    ".config/neomutt/neomuttrc", ".config/neomutt/muttrc", ".config/mutt/neomuttrc", ".config/mutt/muttrc",
    ".neomutt/neomuttrc", ".neomutt/muttrc", ".mutt/neomuttrc", ".mutt/muttrc", ".neomuttrc", ".muttrc",
)  # fmt: skip

# Only mechanisms and names that both programs know. Any other name is an error in NeoMutt.
_AUTHENTICATORS = {
    ("imap", "password"): "plain:login", ("pop", "password"): "user", ("smtp", "password"): "plain:login",
    ("imap", "gssapi"): "gssapi",
    ("imap", "oauth2"): "oauthbearer:xoauth2", ("pop", "oauth2"): "oauthbearer", ("smtp", "oauth2"): "oauthbearer:xoauth2",
}  # fmt: skip
# Both programs silently truncate longer values, to fit their buffers (struct ACCOUNT, struct ConnAccount).
_MAX_BYTES = {"host": 127, "username": 127, "password": 255}
_FOLDER_VARIABLES = {"sent": "record", "drafts": "postponed", "trash": "trash"}
# NeoMutt's URL parser does not accept these in a path. Encoding them does not help: the two programs do not decode a path the same
# number of times.
_NOT_IN_FOLDERS = '%?#|"\\`{}<>^'
_MAX_MACROS = 9
# $timeout is a short integer.
_MAX_INTERVAL = 32_767
_PLAIN = f"{ALPHANUMERIC} @._+=:,/*-"


def _escaped(text: str) -> str:
    """ASCII for the octets in UTF-8, for double quotes or, with my_hdr, none.

    The programs can convert each line before they parse it, and with the user's ``charset=...//TRANSLIT`` iconv makes ASCII quotes of
    typographic ones. ASCII stays what it is.
    """
    return escaped_octets(text, _PLAIN, r"\{:03o}")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    settings = {account.key: _settings(account) for account in accounts}
    every = list(dict.fromkeys(name for each in settings.values() for name in each))
    files = []
    for account in accounts:
        files += _files(account, [settings[account.key].get(name) or _undone(name) for name in every])
    text = _sourcing(accounts)
    # If the user has neither file, these two are the same, and the writer writes one block.
    return [*files, *(block(".muttrc", text, alternatives=paths) for paths in (_MUTT, _NEOMUTT))]


def _undone(name: str) -> str:
    """The line for a setting that only another account of the same user makes."""
    return f"unmy_hdr {name}\n" if name == "Reply-To" else f"reset {name}\n"


def _files(account: Account, lines: Iterable[str]) -> list[File]:
    # Without conversion: some character sets have no backslash. The last line restores the user's setting.
    begin = "set my_mailops_charset=$config_charset\nset config_charset=''\n"
    end = "set config_charset=$my_mailops_charset\n"
    return [
        owned(_FILES.path(account, "muttrc"), f"{begin}{''.join(lines)}{end}"),
        *_FILES.signature(account),
        *_FILES.password_commands(account, lambda command: f"{command}\n"),
    ]


def _settings(account: Account) -> dict[str, str]:
    """Variable (or header) -> the line that sets it."""
    values = {
        **_identity(account),
        **_incoming(account),
        **_outgoing(account),
        # With any of these off, an attacker between program and server could make the program continue without TLS.
        **dict.fromkeys(("ssl_force_tls", "ssl_starttls"), "no" if "none" in _securities(account) else "yes"),
        **dict.fromkeys(("ssl_verify_host", "ssl_verify_dates"), "yes"),
    }
    if account.ca_file:
        values["certificate_file"] = _quoted(account.ca_file)
    if account.check_interval:
        # $mail_check is for mailboxes in the background; the program checks the open one after $timeout.
        seconds = str(min(account.check_interval * 60, _MAX_INTERVAL))
        values.update(dict.fromkeys(("mail_check", "timeout"), seconds))
        if account.account_type == "pop":
            values["pop_checkinterval"] = seconds
    lines = {name: f"set {name}={value}\n" for name, value in values.items()}
    if account.reply_to:
        # For my_hdr quotes are part of the header, and backticks between them run.
        lines["Reply-To"] = f"my_hdr Reply-To: {_escaped(account.reply_to)}\n"
    return lines


def _securities(account: Account) -> tuple[str, str]:
    return account.incoming.security, account.outgoing.security


def _identity(account: Account) -> dict[str, str]:
    values = {"from": _quoted(account.email), "use_from": "yes", "realname": _quoted(account.sender_name)}
    if account.text_signature:
        values["signature"] = f"'~/{_FILES.path(account, 'signature')}'"
    return values


def _incoming(account: Account) -> dict[str, str]:
    server = account.incoming
    kind = account.account_type
    # The log-in name has its own variable. A URL is decoded so often that a ':' in it would begin a password.
    url = _url(server, kind)
    username = _quoted(server.username)
    if kind == "imap":
        values = {"folder": url, "spoolfile": _url(server, kind, "INBOX"), "imap_user": username, "imap_login": username}
        folders = {variable: mailbox_path(account, name) for name, variable in _FOLDER_VARIABLES.items() if name in account.folders}
        if folders:
            # By default the dot is a separator, too, and "Mr. Smith" becomes a folder " Smith" in "Mr".
            values["imap_delim_chars"] = "'/'"
        values |= {variable: _quoted(f"={folder}") for variable, folder in folders.items()}
    else:
        values = {"spoolfile": url, "pop_host": url, "pop_user": username, "pop_delete": "no" if account.leave_on_server else "yes"}
    return {**values, **_credentials(account, "incoming", kind)}


def _outgoing(account: Account) -> dict[str, str]:
    server = account.outgoing
    if server.authentication == "none":
        return {"smtp_url": _url(server, "smtp")}
    # There is no variable for the name here. This URL is decoded once, when a mail is sent.
    user = f"{quote(server.username, safe='')}@"
    return {"smtp_url": _url(server, "smtp", user=user), **_credentials(account, "outgoing", "smtp")}


def _url(server: Server, scheme: str, path: str = "", user: str = "") -> str:
    return f"'{scheme}{'s' if server.security == 'tls' else ''}://{user}{host_and_port(server)}/{path}'"


def _credentials(account: Account, side: str, kind: str) -> dict[str, str]:
    server = getattr(account, side)
    values = {f"{kind}_authenticators": _quoted(_AUTHENTICATORS[kind, server.authentication])}
    script = f"sh ~/{_FILES.command_path(account, side)}"
    if server.authentication == "oauth2":
        values[f"{kind}_oauth_refresh_command"] = f"'{script}'"
    elif server.password_command:
        # The output of backticks in double quotes is not parsed again; without the quotes it would be. Only its first line counts.
        values[f"{kind}_pass"] = f'"`{script}`"'
    elif server.password is not None:
        values[f"{kind}_pass"] = _quoted(server.password)
    return values


def _sourcing(accounts: Sequence[Account]) -> str:
    default = default_account(accounts)
    lines = [f"source ~/{_FILES.path(default, 'muttrc')}"]
    if len(accounts) > 1:
        for number, account in enumerate(accounts[:_MAX_MACROS], start=1):
            keys = f"<sync-mailbox><enter-command>source ~/{_FILES.path(account, 'muttrc')}<enter><change-folder>!<enter>"
            lines.append(f"macro index,pager \\e{number} '{keys}'")
    return "\n".join(lines) + "\n"


def _unsupported_reason(account: Account) -> str | None:
    securities = _securities(account)
    if "none" in securities and "starttls" in securities:
        return "NeoMutt and Mutt cannot enforce starttls for one server and do without TLS for the other: it is one setting"
    for side, kind in (("incoming", account.account_type), ("outgoing", "smtp")):
        server = getattr(account, side)
        if server.authentication != "none" and (kind, server.authentication) not in _AUTHENTICATORS:
            return f"NeoMutt and Mutt do not both support {side}.authentication: {server.authentication} with {kind.upper()}"
        for name, limit in _MAX_BYTES.items():
            if len((getattr(server, name) or "").encode()) > limit:
                return f"NeoMutt and Mutt truncate {side}.{name} after {limit} bytes"
    for name in _FOLDER_VARIABLES:
        if name in account.folders and set(mailbox_path(account, name)) & set(_NOT_IN_FOLDERS):
            return f"NeoMutt does not accept a folder name with one of {' '.join(_NOT_IN_FOLDERS)} (folders.{name})"
    return None


CLIENT = Client(
    name="neomutt",
    title="NeoMutt and Mutt",
    account_types=("imap", "pop"),
    expresses=(
        "email", "sender_name", "reply_to", "account_type", "default", "signature", "signature_format", "leave_on_server",
        "check_interval", "ca_file", "folders.sent", "folders.drafts", "folders.trash",
        *fields_below("incoming", "outgoing"),
    ),
    paths={
        **_FILES.patterns("muttrc", "signature", "incoming.password-command", "outgoing.password-command"),
        **block_paths(*_MUTT, *_NEOMUTT),
    },
    render=_render,
    authentications=("password", "gssapi", "oauth2", "none"),
    unsupported_reason=_unsupported_reason,
    unsupported_fields=html_signature,
    notes=(
        "Each account is a file of its own. A `source` line in the user's muttrc opens the default one; the user's own lines stay. "
        "Alt-1, Alt-2 and so on open the others. The password is in that file, or comes from the command at each start. With a "
        "wrong certificate both programs ask the user whether to accept it, and no setting makes them reject it; sending from a "
        "script fails. In a locale that is not UTF-8 names and folders with letters outside of ASCII are wrong."
    ),
)  # fmt: skip

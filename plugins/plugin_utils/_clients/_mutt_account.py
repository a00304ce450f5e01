# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one account sets in Mutt and NeoMutt, and which accounts they cannot have."""

from __future__ import annotations

from urllib.parse import quote

from .._model.account import Account
from .._model.profile import Server
from ._account_files import AccountFiles
from ._accounts import host_and_port
from ._imap import mailbox
from ._quoting import ALPHANUMERIC, escaped_octets

FILES = AccountFiles("neomutt")

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


def unconverted(command: str) -> str:
    """A file that runs the command without conversion: some character sets have no backslash and no tilde. All in one line, because
    NeoMutt (2025) converts all lines of a file by the setting that it had at its first one, even if that is freed memory by then."""
    return f"set my_mailops_charset=$config_charset config_charset=''; {command}; set config_charset=$my_mailops_charset\n"


def settings(account: Account) -> dict[str, str]:
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
        values["signature"] = f"'~/{FILES.path(account, 'signature')}'"
    return values


def _incoming(account: Account) -> dict[str, str]:
    server = account.incoming
    kind = account.account_type
    # The log-in name has its own variable. A URL is decoded so often that a ':' in it would begin a password.
    url = _url(server, kind)
    username = _quoted(server.username)
    if kind == "imap":
        values = {"folder": url, "spoolfile": _url(server, kind, "INBOX"), "imap_user": username, "imap_login": username}
        folders = {variable: mailbox(account, name) for name, variable in _FOLDER_VARIABLES.items() if name in account.folders}
        if folders:
            # By default the dot is a separator, too, and "Mr. Smith" becomes a folder " Smith" in "Mr". NeoMutt does not replace a slash.
            values["imap_delim_chars"] = f"'{server.level_separator}'"
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
    script = f"sh ~/{FILES.command_path(account, side)}"
    if server.authentication == "oauth2":
        values[f"{kind}_oauth_refresh_command"] = f"'{script}'"
    elif server.password_command:
        # The output of backticks in double quotes is not parsed again; without the quotes it would be. Only its first line counts.
        values[f"{kind}_pass"] = f'"`{script}`"'
    elif server.password is not None:
        values[f"{kind}_pass"] = _quoted(server.password)
    return values


def unsupported_reason(account: Account) -> str | None:
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
        if name in account.folders and set(mailbox(account, name)) & set(_NOT_IN_FOLDERS):
            return f"NeoMutt does not accept a folder name with one of {' '.join(_NOT_IN_FOLDERS)} (folders.{name})"
    return None

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""S-nail: an ``account`` for each account in the user's ``.mailrc``, and the default one switched to.

Only ``wysh`` makes ``set`` read ``$'...'``, in which everything but plain characters is written as ``\xHH``. What an account
sets is undone when the user leaves it. Without ``hold``, mail that was read is moved from the server to a local file.
"""

from __future__ import annotations

import re
import shlex
from email.utils import formataddr
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

_FOLDER = ".config/mailops/s_nail"
_PROTOCOL = {"imap": "imap", "pop": "pop3"}
_MECHANISM = {
    ("imap", "password"): "login", ("pop", "password"): "plain", ("smtp", "password"): "plain",
    ("imap", "encrypted"): "cram-md5", ("smtp", "encrypted"): "cram-md5",
    ("imap", "gssapi"): "gssapi", ("pop", "gssapi"): "gssapi", ("smtp", "gssapi"): "gssapi",
    ("imap", "oauth2"): "oauthbearer", ("pop", "oauth2"): "oauthbearer", ("smtp", "oauth2"): "oauthbearer",
    ("smtp", "none"): "none",
}  # fmt: skip
# The user switches to an account, or says outside of any where mail comes from or goes to.
_OWN_DEFAULT = r"^[ \t]*\\?ac[a-z]*[ \t]+[^ \t{]+[ \t]*$|^[^#\n]*\b(?:inbox|mta|smtp|sendmail)="
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 @._+=:,/*<>%()&;-")


def _quoted(text: str) -> str:
    return "$'" + "".join(chr(octet) if chr(octet) in _PLAIN else f"\\x{octet:02X}" for octet in text.encode()) + "'"


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    default = default_account(accounts)
    text = "".join(_account(account) for account in accounts)
    block = File(".mailrc", f"{text}account {default.key}\n", BLOCK, unless=_OWN_DEFAULT, text_if_matched=text)
    return [block, *(file for account in accounts for file in _scripts(account))]


def _path(account: Account, side: str) -> str:
    return f"{_FOLDER}/{account.key}.{side}.password-command"


def _scripts(account: Account) -> Iterable[File]:
    for side in ("incoming", "outgoing"):
        command = getattr(account, side).password_command
        if command:
            # A newline after the password would be sent with it.
            script = f'password=$({shlex.join(command)}) || exit\nprintf %s "$password" | head -n 1 | tr -d "\\n"\n'
            yield File(_path(account, side), script)


def _account(account: Account) -> str:
    lines = [
        # v15-compat: log-in names in URLs, and passwords by host. The names below are UTF-8 whatever the locale.
        "set v15-compat ttycharset=utf-8 hold tls-verify=strict",
        # The user's own settings for other servers.
        "unset password smtp-hostname tls-ca-dir tls-ca-file tls-ca-no-defaults tls-fingerprint",
        *(f"wysh set {name}={_quoted(value)}" for name, value in _values(account).items()),
    ]
    if account.ca_file:
        lines.append("set tls-ca-no-defaults")
    for side, kind in (("incoming", _PROTOCOL[account.account_type]), ("outgoing", "smtp")):
        lines.append(f"{'set' if getattr(account, side).security == 'starttls' else 'unset'} {kind}-use-starttls")
        lines += _password(account, side)
    return f"account {account.key} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def _values(account: Account) -> dict[str, str]:
    kind = _PROTOCOL[account.account_type]
    url = _url(account.incoming, kind)
    values = {
        "from": _mailbox(account),
        "inbox": f"{url}/INBOX" if kind == "imap" else url,
        f"{kind}-auth": _MECHANISM[account.account_type, account.incoming.authentication],
        "mta": _url(account.outgoing, "smtp"),
        "smtp-auth": _MECHANISM["smtp", account.outgoing.authentication],
    }
    if account.reply_to:
        values["reply-to"] = account.reply_to
    if account.text_signature:
        values["message-inject-tail"] = account.text_signature
    if account.ca_file:
        values["tls-ca-file"] = account.ca_file
    if "sent" in account.folders:
        # Without imap-delim, the first of "/" and "." in a folder's name counts as the separator.
        values |= {"folder": f"{url}/", "imap-delim": "/", "record": f"+{account.folders['sent']}"}
    return values


def _url(server: Server, kind: str) -> str:
    login = "" if server.authentication == "none" else f"{quote(server.username, safe='')}@"
    return f"{kind}{'s' if server.security == 'tls' else ''}://{login}{server.host}:{server.port}"


def _password(account: Account, side: str) -> list[str]:
    server = getattr(account, side)
    variable = f"password-{server.host}:{server.port}"
    if server.password_command:
        # What the variable holds is not parsed again.
        return [
            f"vput ! mailops_password sh ~/{_path(account, side)}",
            f'wysh set {variable}="$mailops_password"',
            "unset mailops_password",
        ]
    return [] if server.password is None else [f"wysh set {variable}={_quoted(server.password)}"]


def _mailbox(account: Account) -> str:
    name = account.sender_name
    if name.isascii():
        return formataddr((name, account.email))
    # S-nail encodes quotes together with what they hold, and the recipient sees them: only where they cannot be done without.
    if re.search(r'[()<>\[\]:;@\\,."]', name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{account.email}>"


def _cannot(account: Account) -> str | None:
    for side, kind in (("incoming", account.account_type), ("outgoing", "smtp")):
        server = getattr(account, side)
        if (kind, server.authentication) not in _MECHANISM:
            return f"S-nail cannot do {side}.authentication: {server.authentication} with {kind.upper()}"
        if ":" in server.host:
            return f"S-nail cannot connect to an IPv6 address, only to a host that has one ({side}.host)"
        if server.authentication == "oauth2" and server.security == "none":
            return f"S-nail sends an OAuth 2 token over TLS only: {side}.security is none"
    for name in ("email", "reply_to"):
        if (getattr(account, name) or "").startswith(("/", "|")):
            return f"S-nail takes an address that begins with / or | for a file or a command ({name})"
    if re.search(r"\\[nt]", account.text_signature or ""):
        return r"S-nail writes a newline for \n and a tab for \t (signature)"
    return None


CLIENT = Client(
    name="s_nail",
    title="S-nail",
    account_types=tuple(_PROTOCOL),
    expresses=frozenset(
        (
            "email", "sender_name", "reply_to", "account_type", "default", "signature", "signature_format", "ca_file",
            "folders.sent",
            *(name for name in dotted_fields() if name.startswith(("incoming.", "outgoing."))),
        )
    ),
    paths=(".mailrc", *(f"{_FOLDER}/*.{side}.password-command" for side in ("incoming", "outgoing"))),
    render=_render,
    authentications=("password", "encrypted", "gssapi", "oauth2", "none"),
    cannot=_cannot,
    loses=loses_html_signature,
    notes=(
        "An `account` for each account in `.mailrc`, and the default one is switched to at the start, unless the user's own lines "
        "switch to one or set `mta` or `inbox`; `s-nail -A KEY` or the command `account KEY` takes another. The password stands "
        "there, or comes from the command whenever the account is switched to; otherwise S-nail asks, or fails where it cannot. "
        "Mail that was read stays on the server. Other programs that read `.mailrc`, such as BSD mailx, do not know `account`. A "
        "wrong certificate is refused."
    ),
)  # fmt: skip

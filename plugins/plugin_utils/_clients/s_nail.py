# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""S-nail: an ``account`` for each account in the user's ``.mailrc``, and a command that switches to the default one.

Only ``wysh`` makes ``set`` read ``$'...'``, in which all but plain characters are written as ``\xHH``. S-nail restores what an
account sets when the user leaves it. Without ``hold``, it moves mail that was read from the server to a local file.
"""

from __future__ import annotations

import re
from email.utils import formataddr
from typing import Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.profile import Server, fields_below
from ._account_files import AccountFiles, captured_password
from ._accounts import default_account, html_signature
from ._client import Client, Context
from ._file import File, block, block_paths, variant
from ._imap import mailbox
from ._quoting import ALPHANUMERIC, double_quoted, escaped_octets

_FILES = AccountFiles("s_nail")
_PROTOCOL = {"imap": "imap", "pop": "pop3"}
_MECHANISM = {
    ("imap", "password"): "login", ("pop", "password"): "plain", ("smtp", "password"): "plain",
    ("imap", "encrypted"): "cram-md5", ("smtp", "encrypted"): "cram-md5",
    ("imap", "gssapi"): "gssapi", ("pop", "gssapi"): "gssapi", ("smtp", "gssapi"): "gssapi",
    ("imap", "oauth2"): "oauthbearer", ("pop", "oauth2"): "oauthbearer", ("smtp", "oauth2"): "oauthbearer",
    ("smtp", "none"): "none",
}  # fmt: skip
# The user's own lines switch to an account, or set where mail comes from or goes to.
_OWN_DEFAULT = r"^[ \t]*\\?ac[a-z]*[ \t]+[^ \t{]+[ \t]*$|^[^#\n]*\b(?:inbox|mta|smtp|sendmail)="
_PLAIN = f"{ALPHANUMERIC} @._+=:,/*<>%()&;-"


def _quoted(text: str) -> str:
    return "$'" + escaped_octets(text, _PLAIN, r"\x{:02X}") + "'"


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    default = default_account(accounts)
    text = "".join(_account(account) for account in accounts)
    scripts = [file for account in accounts for file in _FILES.password_commands(account, _first_line)]
    return [block(".mailrc", f"{text}account {default.key}\n", variants=[variant(_OWN_DEFAULT, text)]), *scripts]


def _first_line(command: str) -> str:
    # S-nail would send a newline after the password, too.
    return f'{captured_password(command)}printf %s "$password" | head -n 1 | tr -d "\\n"\n'


def _account(account: Account) -> str:
    lines = [
        # v15-compat: log-in names in URLs, and passwords by host. The values below are UTF-8, whatever the locale.
        "set v15-compat ttycharset=utf-8 hold tls-verify=strict",
        # The user may have set these for other servers.
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
    values: dict[str, str | None] = {
        "from": _mailbox(account),
        "inbox": f"{url}/INBOX" if kind == "imap" else url,
        f"{kind}-auth": _MECHANISM[account.account_type, account.incoming.authentication],
        "mta": _url(account.outgoing, "smtp"),
        "smtp-auth": _MECHANISM["smtp", account.outgoing.authentication],
        "reply-to": account.reply_to,
        "message-inject-tail": account.text_signature,
        "tls-ca-file": account.ca_file,
    }
    if "sent" in account.folders:
        # Without imap-delim the first "/" or "." in a folder's name is the separator.
        values |= {"folder": f"{url}/", "imap-delim": account.incoming.level_separator, "record": f"+{mailbox(account, 'sent')}"}
    return {name: value for name, value in values.items() if value is not None}


def _url(server: Server, kind: str) -> str:
    login = "" if server.authentication == "none" else f"{quote(server.username, safe='')}@"
    return f"{kind}{'s' if server.security == 'tls' else ''}://{login}{server.host}:{server.port}"


def _password(account: Account, side: str) -> list[str]:
    server = getattr(account, side)
    variable = f"password-{server.host}:{server.port}"
    if server.password_command:
        # S-nail does not parse the value of the variable again.
        return [
            f"vput ! mailops_password sh ~/{_FILES.command_path(account, side)}",
            f'wysh set {variable}="$mailops_password"',
            "unset mailops_password",
        ]
    return [] if server.password is None else [f"wysh set {variable}={_quoted(server.password)}"]


def _mailbox(account: Account) -> str:
    name = account.sender_name
    if name.isascii():
        return formataddr((name, account.email))
    # S-nail encodes the quotes, too, and the recipient sees them. So the name is quoted only where it must be.
    if re.search(r'[()<>\[\]:;@\\,."]', name):
        name = double_quoted(name)
    return f"{name} <{account.email}>"


def _unsupported_reason(account: Account) -> str | None:
    for side, kind in (("incoming", account.account_type), ("outgoing", "smtp")):
        server = getattr(account, side)
        if (kind, server.authentication) not in _MECHANISM:
            return f"S-nail does not support {side}.authentication: {server.authentication} with {kind.upper()}"
        if ":" in server.host:
            return f"S-nail cannot connect to an IPv6 address: give the name of a host ({side}.host)"
        if server.authentication == "oauth2" and server.security == "none":
            return f"S-nail sends an OAuth 2 token over TLS only: {side}.security is none"
    for name in ("email", "reply_to"):
        if (getattr(account, name) or "").startswith(("/", "|")):
            return f"S-nail reads an address that begins with / or | as a file or a command ({name})"
    if re.search(r"\\[nt]", account.text_signature or ""):
        return r"S-nail replaces \n by a newline and \t by a tab (signature)"
    return None


CLIENT = Client(
    name="s_nail",
    title="S-nail",
    account_types=tuple(_PROTOCOL),
    expresses=(
        "email", "sender_name", "reply_to", "account_type", "default", "signature", "signature_format", "ca_file",
        "folders.sent",
        *fields_below("incoming", "outgoing"),
    ),
    paths={**block_paths(".mailrc"), **_FILES.patterns("incoming.password-command", "outgoing.password-command")},
    render=_render,
    authentications=("password", "encrypted", "gssapi", "oauth2", "none"),
    unsupported_reason=_unsupported_reason,
    unsupported_fields=html_signature,
    notes=(
        "Each account is an `account` in `.mailrc`. S-nail starts with the default one, unless the user's own lines switch to "
        "another one or set `mta` or `inbox`; `s-nail -A KEY` or the command `account KEY` switches. The password is in the file, "
        "or comes from the command whenever S-nail switches to the account; otherwise S-nail asks for it, or fails without a "
        "terminal. Mail that was read stays on the server. Other programs that read `.mailrc`, such as BSD mailx, do not know "
        "`account`. A wrong certificate is rejected."
    ),
)  # fmt: skip

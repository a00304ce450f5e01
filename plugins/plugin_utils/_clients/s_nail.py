# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""S-nail: an ``account`` for each account in the user's ``.mailrc``, and a command that switches to the default one.

Only ``wysh`` makes ``set`` read ``$'...'``, in which all but plain characters are written as ``\xHH``. S-nail restores what an
account sets when the user leaves it. Without ``hold``, it moves mail that was read from the server to a local file.

What the user sets outside of accounts applies in all of them. Ours sets or unsets what decides about server, log-in, sender, recipients,
deleted mail and code that runs.
"""

from __future__ import annotations

import re
from email.utils import formataddr
from typing import Sequence
from urllib.parse import quote

from ...module_utils._wire import OTHER_INSTANCES
from .._model.account import Account
from .._model.profile import Server, fields_below
from ._account_files import AccountFiles, captured_password
from ._accounts import default_account, html_signature
from ._client import Client, Context, VariantNote
from ._file import IN_USERS, MARKED, MAY_HAVE_MORE, NO_LONGER_DEFAULT, File, block, block_paths, own_default, owned, variant
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
# What decides in the user's own settings, and has no place in ours unless these set it.
_UNDONE = (
    # Servers and the way to them.
    "smtp-hostname", "socks-proxy", "disconnected", "user", "password", "netrc-lookup", "netrc-pipe", "tls-ca-dir", "tls-ca-file",
    "tls-ca-flags", "tls-ca-no-defaults", "tls-config-file", "tls-config-module", "tls-config-pairs", "tls-crl-dir", "tls-crl-file",
    "tls-fingerprint", "tls-fingerprint-digest",
    # The sender, the recipients, and what is in a mail.
    "sender", "hostname", "reply-to", "autobcc", "autocc", "customhdr", "mta-aliases", "mta-bcc-ok", "record", "folder", "imap-delim",
    "message-inject-head", "message-inject-tail", "smime-sign", "smime-force-encryption",
    # Code that runs.
    "on-account-cleanup", "on-compose-cleanup", "on-compose-enter", "on-compose-leave", "on-compose-splice", "on-compose-splice-shell",
    "on-resend-cleanup", "on-resend-enter", "folder-hook",
)  # fmt: skip
# Old names, which have an effect. S-nail warns of each, so they are undone for users only who have one, and see such warnings anyway.
_OBSOLETE = (
    "agent-shell-lookup", "sendmail", "smtp", "smtp-auth-user", "smtp-auth-password", "replyto",
    "signature", "NAIL_HEAD", "NAIL_TAIL", "ssl-ca-dir", "ssl-ca-file", "ssl-ca-flags", "ssl-ca-no-defaults",
    "ssl-no-default-ca", "ssl-cert", "ssl-cipher-list", "ssl-config-file", "ssl-config-module", "ssl-config-pairs", "ssl-crl-dir",
    "ssl-crl-file", "ssl-curves", "ssl-key", "ssl-method", "ssl-protocol", "ssl-verify",
)  # fmt: skip
_HAS_OBSOLETE = rf"{IN_USERS}^[^#\n]*[ \t](?:{'|'.join(_OBSOLETE)})(?:[=\s]|$)"
# Read before the user's file, and together with it. (Debian's, and what others call it.)
_READS = ("/etc/s-nail.rc", "/etc/mail.rc", "/etc/nail.rc")
_INCLUDES = r"^(?:[ \t]*\\?so(?:u|ur|urc|urce|urce_if)?[ \t]+|[^#\n]*\bmailx-extra-rc=)([^\n;#]+)"
# Lines of the user's own outside of accounts.
_OPENS = r"[ \t]*\\?ac[a-z]*[ \t]+[^\n{]*\{"
_OUTSIDE = (
    rf"\A(?:{_OPENS}[^\n]*\n(?:(?![ \t]*\}})[^\n{OTHER_INSTANCES}]*\n)*[ \t]*\}}[^\n]*\n"
    rf"|(?!{_OPENS})[^\n{OTHER_INSTANCES}]*\n)*?"
)
# Lines of the user or of another instance switch to an account, or the user's own set where mail comes from or goes to.
_OWN_DEFAULT = rf"^[ \t]*\\?ac[a-z]*[ \t]+[^ \t{{]+[ \t]*$|{IN_USERS}^[^#\n]*\b(?:inbox|mta|smtp|sendmail)="
# They set who sends, or a folder on a server, and may do more.
_PARTS_OF_DEFAULT = (
    rf"{_OUTSIDE}[^#\n{OTHER_INSTANCES}]*(?<![\w-])(?:from=|sender=|folder=[$\"']*(?:imap|pop3)s?://)",
    f"{IN_USERS}{MAY_HAVE_MORE}",
)
_OPENS_OURS = r"^account [^ \t{]+$"
# S-nail reads this file after the others, and what it sets would apply in an account that is open by then.
_READ_LAST = r"^[^#\n]*\bmailx-extra-rc="
_PLAIN = f"{ALPHANUMERIC} @._+=:,/*<>%()&;-"


def _quoted(text: str) -> str:
    return "$'" + escaped_octets(text, _PLAIN, r"\x{:02X}") + "'"


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    default = default_account(accounts)
    names = "|".join(account.key for account in accounts)
    plain, thorough = (_text(accounts, undone) for undone in (_UNDONE, (*_UNDONE, *_OBSOLETE)))
    switch = f"account {default.key}\n"
    variants = [variant(rf"^[ \t]*\\?ac[a-z]*[ \t]+(?:{names})[ \t]*\{{", None, "same-name")]
    signs = own_default(_OWN_DEFAULT, dict.fromkeys(_PARTS_OF_DEFAULT, ""), _OPENS_OURS, not default.default)
    ending = f"{MARKED}{switch}" if default.default else ""
    for pattern, note, ours, end in ((_READ_LAST, "read-last", "", ""), *((*sign, ending) for sign in signs)):
        variants.append(variant(rf"\A(?=[\s\S]*?(?:{_HAS_OBSOLETE}))(?=[\s\S]*?(?:{pattern}))", thorough + end, note, ours))
        variants.append(variant(pattern, plain + end, note, ours))
    variants.append(variant(_HAS_OBSOLETE, f"{thorough}{switch}"))
    secrets = [file for account in accounts for file in (*_passwords(account), *_FILES.password_commands(account, _first_line))]
    return [block(".mailrc", f"{plain}{switch}", variants=variants, reads=_READS, includes=_INCLUDES), *secrets]


def _first_line(command: str) -> str:
    # S-nail would send a newline after the password, too.
    return f'{captured_password(command)}printf %s "$password" | head -n 1 | tr -d "\\n"\n'


def _text(accounts: Sequence[Account], undone: Sequence[str]) -> str:
    comment = "# account NAME opens one of these, account null your own settings.\n"
    return "".join((comment, *(_account(account, undone) for account in accounts)))


def _account(account: Account, undone: Sequence[str]) -> str:
    lines = [
        # v15-compat: log-in names in URLs, and passwords by host. The values below are UTF-8, whatever the locale.
        "set v15-compat ttycharset=utf-8 hold tls-verify=strict",
        f"unset {' '.join(undone)}",
        *(f"wysh set {name}={_quoted(value)}" for name, value in _values(account).items()),
    ]
    if account.ca_file:
        lines.append("set tls-ca-no-defaults")
    for side, kind in (("incoming", _PROTOCOL[account.account_type]), ("outgoing", "smtp")):
        lines.append(f"{'set' if getattr(account, side).security == 'starttls' else 'unset'} {kind}-use-starttls")
        lines += _password(account, side)
    if account.has_password:
        lines.append(f"source ~/{_FILES.path(account, 'passwords')}")
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
    if server.password_command:
        # S-nail does not parse the value of the variable again.
        return [
            f"vput ! mailops_password sh ~/{_FILES.command_path(account, side)}",
            f'wysh set {_variable(server)}="$mailops_password"',
            "unset mailops_password",
        ]
    return []


def _passwords(account: Account) -> list[File]:
    """A file that the account sources, if a password is known."""
    servers = [server for server in (account.incoming, account.outgoing) if server.password is not None]
    text = "".join(f"wysh set {_variable(server)}={_quoted(server.password)}\n" for server in servers)
    return [owned(_FILES.path(account, "passwords"), text)] if text else []


def _variable(server: Server) -> str:
    return f"password-{server.host}:{server.port}"


def _mailbox(account: Account) -> str:
    name = account.sender_name
    if name.isascii():
        return formataddr((name, account.email))
    # S-nail encodes the quotes, too, and the recipient sees them. So the name is quoted only where it must be.
    return f"{double_quoted(name) if _needs_quotes(name) else name} <{account.email}>"


def _needs_quotes(name: str) -> bool:
    return bool(re.search(r'[()<>\[\]:;@\\,."]', name))


def _unsupported_values(account: Account) -> list[str]:
    name = account.sender_name
    return ["sender_name"] if not name.isascii() and _needs_quotes(name) else []


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
    paths={**block_paths(".mailrc"), **_FILES.patterns("passwords", "incoming.password-command", "outgoing.password-command")},
    render=_render,
    authentications=("password", "encrypted", "gssapi", "oauth2", "none"),
    unsupported_reason=_unsupported_reason,
    unsupported_fields=html_signature,
    unsupported_values=_unsupported_values,
    variant_notes={
        NO_LONGER_DEFAULT: VariantNote(
            "there is an own account, `mta` or `inbox` now (of the user, the host or another instance), with which S-nail starts from now on instead of "
            "our account: "
            "s-nail -A NAME opens ours. Mark an account as the default one to start with it"
        ),
        "same-name": VariantNote(
            "the user has an account with the name of one of ours: rename it in ~/.mailrc, or give the profile another key", skips=True
        ),
        "read-last": VariantNote(
            "S-nail does not start with our account, because the file that the user names in mailx-extra-rc is read last and would apply in "
            "it: s-nail -A NAME opens it"
        ),
    },
    notes=(
        "Each account is an `account` in `.mailrc`. S-nail starts with the default one, unless the user's own lines, those in `/etc/s-nail.rc`, "
        "or what they source, switch to another one or set `mta` or `inbox`, or, outside of accounts, `from`, `sender` or a `folder` on a "
        "server; of two instances the first one's is the default. Where ours is the default, it stays that until the user adds a line of the first kind; "
        "a warning says so. A profile that is marked as default wins over these; "
        "with an own `mailx-extra-rc`, which would apply in our account, S-nail does not start with ours, and the task warns. "
        "`s-nail -A KEY` or the command `account KEY` switches, and `account null` goes back to the user's own settings. The password is in a "
        "file of ours, which `.mailrc` sources, or comes from the command whenever S-nail switches to the account; otherwise S-nail asks for "
        "it, or fails without a terminal. Mail that was read stays on the server. What the user sets about servers, TLS, log-ins, sender, "
        "recipients, signatures and hooks does not apply in our accounts, and is as before in the user's own; `record` and `folder`, too. What "
        "the user sets for the name of our server (`tls-verify-HOST`) does. An own account with the name of ours skips ours. Other programs "
        "that read `.mailrc`, such as BSD mailx, do not know `account`. A wrong certificate is rejected. A sender's "
        "name that has both letters outside of ASCII and signs such as `,` or `(` reaches recipients with quotes around it, and is "
        "reported as a loss."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""fetchmail: a ``poll`` entry for each account in the user's ``.fetchmailrc``.

A backslash in quotes begins an escape, but ``\"`` is a syntax error: ``\xHH`` it is, for all but plain characters.
fetchmail has no command for passwords; without one in the file it asks.
"""

from __future__ import annotations

from typing import Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_PROTOCOL = {"imap": "IMAP", "pop": "POP3"}
_AUTH = {"password": "password", "encrypted": "cram-md5", "gssapi": "gssapi", "ntlm": "ntlm"}
# Any sslproto but '' makes TLS mandatory; and '' is the only way to say that there is none, as certificate checks demand it too.
_TLS = {"tls": 'ssl sslproto "TLS1.2+"', "starttls": 'no ssl sslproto "TLS1.2+"', "none": 'no ssl sslproto ""'}
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 @._+=:,/*-")


def _quoted(text: str) -> str:
    return '"' + "".join(chr(octet) if chr(octet) in _PLAIN else f"\\x{octet:02X}" for octet in text.encode()) + '"'


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    return [File(".fetchmailrc", "\n".join(_entry(account, user) for account in accounts), BLOCK)]


def _entry(account: Account, user: User) -> str:
    server = account.incoming
    # Named after the account, with the host in "via": two accounts on one host would otherwise be one entry.
    lines = [f'poll "{account.key}" via "{server.host}"']
    options = f"protocol {_PROTOCOL[account.account_type]} port {server.port} auth {_AUTH[server.authentication]}"
    # Without the list of messages seen, POP3 has no notion of new ones, and would fetch all of them each time.
    lines.append(options + (" uidl" if account.account_type == "pop" else ""))
    password = f" password {_quoted(server.password)}" if server.password is not None else ""
    lines.append(f"user {_quoted(server.username)} there{password} is {_quoted(user.name)} here")
    lines.append(_TLS[server.security])
    if server.security != "none":
        lines.append("sslcertck" + (f" sslcertfile {_quoted(account.ca_file)}" if account.ca_file else ""))
    # IMAP mail is never taken off the server.
    lines.append("keep" if account.account_type == "imap" or account.leave_on_server else "no keep")
    return "\n  ".join(lines) + "\n"


CLIENT = Client(
    name="fetchmail",
    title="fetchmail",
    account_types=("imap", "pop"),
    expresses=frozenset(
        (
            "account_type", "leave_on_server", "ca_file",
            "incoming.host", "incoming.port", "incoming.security", "incoming.username", "incoming.password",
            "incoming.authentication",
        )
    ),
    paths=(".fetchmailrc",),
    render=_render,
    authentications=tuple(_AUTH),
    notes=(
        "One entry for each account in `.fetchmailrc`; mail goes to the local mail system, and IMAP mail stays on the server. "
        "The password stands there; otherwise fetchmail asks. A wrong certificate is refused."
    ),
)  # fmt: skip

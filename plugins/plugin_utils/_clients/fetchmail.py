# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""fetchmail: a ``poll`` entry for each account in ``.fetchmailrc``, or in a file of ours where the user has one of their own.

Nothing in an entry undoes what the user's own lines say for all of them (``set tracepolls``, ``defaults localdomains ...``), and an entry more is
more than a user with ``idle`` can have. So a file with own lines stays as it is, and ours is read by ``fetchmail -f``.

A backslash in quotes begins an escape, but ``\"`` is a syntax error. So all but plain characters are written as ``\xHH``.
fetchmail has no command for passwords. Without a password in the file it asks.
"""

from __future__ import annotations

import re
from typing import Sequence

from .._model.account import Account
from ._client import Client, Context, VariantNote
from ._file import OWN_LINE_OR_WORK_TREE, File, block, block_paths, variant
from ._quoting import ALPHANUMERIC, escaped_octets

_PROTOCOL = {"imap": "IMAP", "pop": "POP3"}
_AUTH = {"password": "password", "encrypted": "cram-md5", "gssapi": "gssapi", "ntlm": "ntlm"}
# Any sslproto but '' makes TLS mandatory. Without TLS it must be '', because the default checks certificates, which needs TLS, too.
_TLS = {"tls": 'ssl sslproto "TLS1.2+"', "starttls": 'no ssl sslproto "TLS1.2+"', "none": 'no ssl sslproto ""'}
_USUAL = ".fetchmailrc"
_APART = ".config/mailops/fetchmail/fetchmailrc"
# With files of its own for what was fetched and for the process: otherwise it would wake up, or wait for, the user's own fetchmail.
_COMMAND = f"fetchmail -f ~/{_APART} --pidfile ~/.fetchmail-mailops.pid --idfile ~/.fetchids-mailops"
_PLAIN = f"{ALPHANUMERIC} @._+=:,/*-"


def _quoted(text: str) -> str:
    return '"' + escaped_octets(text, _PLAIN, r"\x{:02X}") + '"'


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    text = "\n".join(_entry(account, context.user.name) for account in accounts)
    return [
        block(_USUAL, text, variants=[variant(OWN_LINE_OR_WORK_TREE, None)]),
        block(_APART, None, variants=[variant(OWN_LINE_OR_WORK_TREE, text, "own-file")], reads=[_USUAL]),
    ]


def _entry(account: Account, local_user: str) -> str:
    server = account.incoming
    # The entry's name is the account's, and the host is in "via": otherwise two accounts on one host would be one entry.
    lines = [f'poll "{account.key}" via "{server.host}"']
    options = f"protocol {_PROTOCOL[account.account_type]} port {server.port} auth {_AUTH[server.authentication]}"
    # POP3 does not mark messages as seen. Without a list of them, fetchmail would fetch all of them each time.
    lines.append(options + (" uidl" if account.account_type == "pop" else ""))
    password = f" password {_quoted(server.password)}" if server.password is not None else ""
    lines.append(f"user {_quoted(server.username)} there{password} is {_quoted(local_user)} here")
    lines.append(_TLS[server.security])
    if server.security != "none":
        lines.append("sslcertck" + (f" sslcertfile {_quoted(account.ca_file)}" if account.ca_file else ""))
    # IMAP mail always stays on the server.
    lines.append("keep" if account.account_type == "imap" or account.leave_on_server else "no keep")
    return "\n  ".join(lines) + "\n"


def _unsupported_reason(account: Account) -> str | None:
    found = re.search(r"[@\\!% ]", account.login)
    if found:
        return f"fetchmail delivers to the log-in name, and makes an address of one with '{found[0]}': the mail would go to somebody else"
    return None


CLIENT = Client(
    name="fetchmail",
    title="fetchmail",
    account_types=("imap", "pop"),
    expresses=(
        "account_type", "leave_on_server", "ca_file",
        "incoming.host", "incoming.port", "incoming.security", "incoming.username", "incoming.password",
        "incoming.authentication",
    ),
    paths=block_paths(_USUAL, _APART),
    render=_render,
    authentications=tuple(_AUTH),
    unsupported_reason=_unsupported_reason,
    variant_notes={
        "own-file": VariantNote(f"the user's own .fetchmailrc stays as it is, and `{_COMMAND}` fetches the mail of the accounts"),
    },
    notes=(
        "Each account is an entry in `.fetchmailrc`. If the user has lines of their own there, that file stays as it is, because what "
        "it says for all entries cannot be undone; so it does if it would get a password and lies in a work tree, such as Git's. The accounts are "
        f"in a file of ours then: `{_COMMAND}`. Mail goes to the local mail "
        "system; IMAP mail also stays on the server. The password is in the file; otherwise fetchmail asks for it. A wrong certificate "
        "is rejected. Users whose log-in name holds `@`, `\\`, `!`, `%` or a space are skipped, because fetchmail makes an address of such a name."
    ),
)  # fmt: skip

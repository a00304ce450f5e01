# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""aerc: a section for each account in the user's ``accounts.conf``.

In backticks a value is read to the last backtick of its line, whatever stands between them. But afterwards ``%(name)s`` is
replaced by another setting of the section, such as the URL with the password: no value of a profile or a user may hold ``%(``.

Which CA to trust can be said in the environment only (``SSL_CERT_FILE``). ``aerc``'s own ``:new-account`` writes the file
anew and loses the marker line at its end; the next run then says that the markers are to be mended.
"""

from __future__ import annotations

import shlex
from email.charset import Charset
from email.utils import formataddr
from typing import Iterable, Sequence
from urllib.parse import quote

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, File, loses_html_signature
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server, dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/mailops/aerc"
_MECHANISM = {"password": "plain", "oauth2": "xoauth2", "none": "none"}
_FOLDER_KEYS = {"sent": "copy-to", "drafts": "postpone", "archive": "archive"}


def _quoted(text: str) -> str:
    return f"`{text}`"


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    # aerc opens with the first account.
    accounts = sorted(accounts, key=lambda account: not account.default)
    text = "\n".join("".join(f"{line}\n" for line in _section(account)) for account in accounts)
    return [File(".config/aerc/accounts.conf", text, BLOCK), *(file for account in accounts for file in _files(account))]


def _path(account: Account, kind: str) -> str:
    return f"{_FOLDER}/{account.key}.{kind}"


def _files(account: Account) -> Iterable[File]:
    if account.text_signature:
        yield File(_path(account, "signature"), account.text_signature + "\n")
    for side in ("incoming", "outgoing"):
        command = getattr(account, side).password_command
        if command:
            # aerc takes all that a command says for the password.
            script = f'password=$({shlex.join(command)}) || exit\nprintf "%s\\n" "$password" | head -n 1\n'
            yield File(_path(account, f"{side}.password-command"), script)


def _section(account: Account) -> list[str]:
    lines = [
        f"[{account.key}]",
        f"source = {_quoted(_source(account.incoming))}",
        *_password_command(account, "incoming", "source"),
        f"outgoing = {_quoted(_outgoing(account.outgoing))}",
        *_password_command(account, "outgoing", "outgoing"),
        # Without it aerc 0.14 refuses to send. Later versions have it for a default, and say so.
        *(["smtp-starttls = yes"] if account.outgoing.security == "starttls" else []),
        f"from = {_quoted(_mailbox(account))}",
        *(f"{key} = {_quoted(account.folders[name])}" for name, key in _FOLDER_KEYS.items() if name in account.folders),
    ]
    if account.text_signature:
        lines.append(f"signature-file = ~/{_path(account, 'signature')}")
    if account.check_interval:
        lines.append(f"check-mail = {account.check_interval}m")
    return lines


def _source(server: Server) -> str:
    scheme = "imaps" if server.security == "tls" else "imap"
    mechanism = "+xoauth2" if server.authentication == "oauth2" else ""
    # "imap" alone insists on STARTTLS.
    return f"{scheme}{mechanism}{'+insecure' if server.security == 'none' else ''}://{_login(server)}{_address(server)}"


def _outgoing(server: Server) -> str:
    # To aerc 0.14 "smtp" without smtp-starttls is without TLS. Later versions say "smtp+insecure", and insist on STARTTLS here.
    scheme = f"{'smtps' if server.security == 'tls' else 'smtp'}+{_MECHANISM[server.authentication]}"
    return f"{scheme}://{'' if server.authentication == 'none' else _login(server)}{_address(server)}"


def _login(server: Server) -> str:
    # The asterisk may stand as it is, and the mask in a diff is made of them.
    password = "" if server.password is None else f":{quote(server.password, safe='*')}"
    return f"{quote(server.username, safe='')}{password}@"


def _address(server: Server) -> str:
    return f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"


def _password_command(account: Account, side: str, key: str) -> list[str]:
    if not getattr(account, side).password_command:
        return []
    return [f"{key}-cred-cmd = sh ~/{_path(account, f'{side}.password-command')}"]


def _mailbox(account: Account) -> str:
    name = account.sender_name
    # In an encoded word (RFC 2047) there is neither "%(" nor anything that looks like one.
    return formataddr((Charset("utf-8").header_encode(name) if "%" in name or "=?" in name else name, account.email))


def _cannot(account: Account) -> str | None:
    if account.incoming.authentication == "none":
        return "aerc always logs in to read mail: it cannot do incoming.authentication: none"
    for side in ("incoming", "outgoing"):
        server = getattr(account, side)
        if server.authentication == "password" and server.password is None and not server.password_command:
            return f"aerc does not ask for passwords: give {side}.password or {side}.password_command"
    for name in _FOLDER_KEYS:
        if "%(" in account.folders.get(name, ""):
            return f"aerc takes '%(' in the name of a folder for another setting (folders.{name})"
    return None


CLIENT = Client(
    name="aerc",
    title="aerc",
    account_types=("imap",),
    expresses=frozenset(
        (
            "email", "sender_name", "default", "signature", "signature_format", "check_interval",
            "folders.sent", "folders.drafts", "folders.archive",
            *(name for name in dotted_fields() if name.startswith(("incoming.", "outgoing."))),
        )
    ),
    paths=(
        ".config/aerc/accounts.conf",
        *(f"{_FOLDER}/*.{kind}" for kind in ("signature", "incoming.password-command", "outgoing.password-command")),
    ),
    render=_render,
    authentications=tuple(_MECHANISM),
    cannot=_cannot,
    loses=loses_html_signature,
    notes=(
        "A section for each account in `accounts.conf`; aerc opens a tab for each, the user's own first, and of ours the default "
        "one. The password stands there, or comes from the command, of which aerc cuts off spaces at both ends; it never asks, so "
        "one of them must be given. `ca_file` cannot be set: start aerc with SSL_CERT_FILE in the environment. A wrong certificate "
        "is refused. When the user makes an account with `:new-account`, aerc loses our second marker line, and the next run says "
        "so."
    ),
)  # fmt: skip

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Geary: a directory of ours for each account, beside those that Geary numbers (account_01) for the user's own accounts.

Passwords are in the user's keyring, where a file cannot put them: Geary asks once for each server. It uses the system's CAs only,
has one switch for the notifications of all accounts, and has no interval for checks. It strips quotes and backslashes from a
sender's name, even if it has written them itself.
"""

from __future__ import annotations

import html
from email.utils import formataddr
from typing import Mapping, Sequence

from .._model.account import Account
from .._model.profile import Server, fields_below
from ._client import Client, Context
from ._file import File, owned, owned_paths
from ._flatpak import in_the_home, noted, on_the_host
from ._imap import mailbox_path
from ._keyfile import Value, key_file

_SECURITY = {"tls": "transport", "starttls": "start-tls", "none": "none"}
_CREDENTIALS = {"password": "custom", "none": "none"}
_AFTER_THE_USERS = 1000
_FLATPAK = "org.gnome.Geary"
_FOLDERS = ("archive", "drafts", "sent", "junk", "trash")


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    files = [
        owned(f".config/geary/mailops-{account.key}/geary.ini", key_file(_groups(account, place)))
        for place, account in enumerate(accounts, start=1)
    ]
    return noted(files, _FLATPAK)


def _groups(account: Account, place: int) -> dict[str, Mapping[str, Value]]:
    """Everything that Geary writes, in its order, so that the file stays the same when Geary saves an account."""
    return {
        "Metadata": {"version": 1, "status": "enabled"},
        "Account": {
            # Geary opens the first account, and writes new mail from the open one: without a default the user's own ones come before ours.
            "ordinal": 0 if account.default else _AFTER_THE_USERS + place,
            "label": account.account_name,
            "prefetch_days": 14,
            "save_drafts": True,
            "save_sent": True,
            "use_signature": bool(account.signature),
            "signature": _signature(account),
            "sender_mailboxes": [formataddr((account.sender_name, account.email))],
            "service_provider": "other",
        },
        "Folders": {f"{name}_folder": mailbox_path(account, name).split("/") for name in _FOLDERS if name in account.folders},
        "Incoming": _service(account.incoming),
        "Outgoing": _service(account.outgoing),
    }


def _signature(account: Account) -> str:
    if not account.signature or account.signature_format == "html":
        return account.signature or ""
    # Geary reads a signature without a tag as text, and escapes it again.
    lines = html.escape(account.signature).rstrip("\n").split("\n")
    return f"<div>{'<br>'.join(lines)}</div>"


def _service(server: Server) -> dict[str, Value]:
    return {
        "login": server.username,
        "remember_password": True,
        "host": server.host,
        "port": server.port,
        "transport_security": _SECURITY[server.security],
        "credentials": _CREDENTIALS[server.authentication],
    }


CLIENT = Client(
    name="geary",
    title="Geary",
    account_types=("imap",),
    expresses=(
        "email", "account_name", "sender_name", "default", "signature", "signature_format", *fields_below("folders"),
        "incoming.host", "incoming.port", "incoming.security", "incoming.username",
        "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
    ),
    paths=owned_paths(".config/geary/mailops-*/geary.ini"),
    render=_render,
    authentications=tuple(_CREDENTIALS),
    host_probes=(on_the_host("Geary", _FLATPAK),),
    variant_notes=in_the_home("Geary"),
    notes=(
        "The accounts are beside the user's own ones, after the next start of Geary. It asks once for each server's password, and "
        "keeps it in the user's keyring. Geary writes the user's changes into the same file, and the next run reverts them. The "
        "server's CA must be one of the system's. With a wrong certificate Geary asks whether to trust it. Where the server marks one "
        "folder for sent mail, drafts, deleted mail, the archive or junk (SPECIAL-USE), and the profile names another, Geary uses "
        "one of the two, and nobody can say which: name those that the server marks. Geary does not find `[Gmail]/...` on a server that lists it without "
        "quotes, as Dovecot does. Geary from a Flatpak does not read these files; a warning says so."
    ),
)  # fmt: skip

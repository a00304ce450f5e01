# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Geary: a directory of ours for each account, next to those that Geary numbers (account_01) for the accounts of its user.

Passwords lie in the user's keyring, where no file can put them: Geary asks once for each server. It knows the system's CAs
only, has one switch for all accounts for notifications, and looks for mail when it likes. Of a sender's name it takes quotes and
backslashes off, also when it has written them itself.
"""

from __future__ import annotations

import html
from email.utils import formataddr
from typing import Mapping, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import Client, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._keyfile import Value, key_file
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_SECURITY = {"tls": "transport", "starttls": "start-tls", "none": "none"}
_CREDENTIALS = {"password": "custom", "none": "none"}
_FOLDERS = {"archive": "archive_folder", "drafts": "drafts_folder", "sent": "sent_folder", "junk": "junk_folder", "trash": "trash_folder"}


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    return [
        File(f".config/geary/mailops-{account.key}/geary.ini", key_file(_groups(account, place)))
        for place, account in enumerate(accounts, start=1)
    ]


def _groups(account: Account, place: int) -> dict[str, Mapping[str, Value]]:
    """All that Geary writes, in its order, so that there is no difference when it saves an account."""
    return {
        "Metadata": {"version": 1, "status": "enabled"},
        "Account": {
            # Geary opens the first account and composes with the one that is open.
            "ordinal": 0 if account.default else place,
            "label": account.account_name,
            "prefetch_days": 14,
            "save_drafts": True,
            "save_sent": True,
            "use_signature": bool(account.signature),
            "signature": _signature(account),
            "sender_mailboxes": [formataddr((account.sender_name, account.email))],
            "service_provider": "other",
        },
        "Folders": {key: account.folders[name].split("/") for name, key in _FOLDERS.items() if name in account.folders},
        "Incoming": _service(account.incoming),
        "Outgoing": _service(account.outgoing),
    }


def _signature(account: Account) -> str:
    if not account.signature or account.signature_format == "html":
        return account.signature or ""
    # Geary takes what has no tag for text, and escapes it once more.
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


def _cannot(account: Account) -> str | None:
    if account.incoming.authentication == "none":
        return "Geary cannot do incoming.authentication: none"
    return None


CLIENT = Client(
    name="geary",
    title="Geary",
    account_types=("imap",),
    expresses=frozenset(
        (
            "email", "account_name", "sender_name", "default", "signature", "signature_format",
            "folders.sent", "folders.drafts", "folders.trash", "folders.archive", "folders.junk",
            "incoming.host", "incoming.port", "incoming.security", "incoming.username",
            "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
        )
    ),
    paths=(".config/geary/mailops-*/geary.ini",),
    render=_render,
    authentications=tuple(_CREDENTIALS),
    cannot=_cannot,
    notes=(
        "Each account stands beside those that the user has made, and Geary knows it at its next start. It asks once for each "
        "server's password, which it keeps in the user's keyring. What the user changes in Geary is written into the same file, and "
        "the next run takes it back. With a wrong certificate Geary asks whether to trust it; the server's CA must be one of the system's."
    ),
)  # fmt: skip

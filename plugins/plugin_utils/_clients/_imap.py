# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of mailboxes as programs want them: with the server's separator or with slashes. Unicode; some programs want modified UTF-7."""

from __future__ import annotations

from .._model.account import Account
from .._model.folders import INBOX


def mailbox(account: Account, name: str) -> str:
    """The folder's name on the server, namespace and separator included (``INBOX.Sent.2026``)."""
    return mailbox_path(account, name).replace("/", account.incoming.level_separator)


def mailbox_path(account: Account, name: str) -> str:
    """The same with slashes (``INBOX/Sent/2026``), for programs that put in the server's separator themselves."""
    path = account.folders[name]
    if path.upper() == INBOX:
        return INBOX
    return (account.incoming.namespace or "").replace(account.incoming.level_separator, "/") + path

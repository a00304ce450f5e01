# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files of msmtp and mpop have in common. There are no escapes: the quotes around an argument are taken off, and every
other character stands for itself."""

from __future__ import annotations

import shlex
from typing import Callable, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, File, default_account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server

# Both programs refuse the whole file, the user's own accounts included, for one longer line.
_LONGEST_LINE = 499
# "account default" in the user's own part: given twice, they refuse the whole file. An account may not be named in quotes by our
# hand, but by the user's.
_OWN_DEFAULT = r'^[ \t]*account[ \t]+"?default"?[ \t\r]*(?::|$)'

Lines = Callable[[Account], Sequence[str]]


def quoted(text: str) -> str:
    return f'"{text}"'


def block(accounts: Sequence[Account], lines: Lines, path: str, alternatives: tuple[str, ...]) -> File:
    """The accounts, one after the other, and which of them is the default, unless the user has one."""
    default = default_account(accounts)
    # A blank line between accounts, none at the end.
    text = "\n".join("".join(f"{line}\n" for line in lines(account)) for account in accounts)
    return File(
        path,
        f"{text}\naccount default : {default.key}\n",
        BLOCK,
        alternatives=alternatives,
        unless=_OWN_DEFAULT,
        text_if_matched=text,
    )


def login_and_tls(server: Server, ca_file: str | None) -> list[str]:
    """Each directive that matters is explicit, if empty: otherwise the user's own ``defaults`` would reach in here."""
    return [
        "user" if server.authentication == "none" else f"user {quoted(server.username)}",
        "password" if server.password is None else f"password {quoted(server.password)}",
        f"passwordeval {quoted(shlex.join(server.password_command))}" if server.password_command else "passwordeval",
        f"tls {'off' if server.security == 'none' else 'on'}",
        f"tls_starttls {'on' if server.security == 'starttls' else 'off'}",
        f"tls_trust_file {quoted(ca_file)}" if ca_file else "tls_trust_file system",
        # A fingerprint would overrule the trust file.
        "tls_fingerprint",
    ]


def too_long(program: str, lines: Sequence[str]) -> str | None:
    for line in lines:
        if len(line.encode()) > _LONGEST_LINE:
            return f"{program} refuses lines of more than {_LONGEST_LINE} bytes, which its directive '{line.split()[0]}' would need"
    return None

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OfflineIMAP: an account and its two repositories in ``.offlineimaprc``, or in a file of ours where the user has one of their own.

What the user says in ``[DEFAULT]`` would apply to our sections, too, the password included, and not every option has a value that undoes
it. So a file with own lines stays as it is, and ours is read by ``offlineimap -c``.

A section must not occur twice, and ``[general]`` says which accounts ``offlineimap`` syncs. Where another instance has that section, ours are
synced by name: ``offlineimap -a work-1a2b3c4d``. It also says where OfflineIMAP keeps what it has synced, and ours all say the same.

Python's configparser reads the file, with ``%`` for interpolation. Name and password are Python expressions: this keeps white space
at the ends and non-ASCII characters, whatever the locale. They are literals or, for ``password_command``, one call with a list of
literals, without a shell.
"""

from __future__ import annotations

import re
from typing import Sequence

from ...module_utils._wire import OTHER_INSTANCES
from .._model.account import Account
from .._model.profile import Server, fields_below
from ._account_files import AccountFiles
from ._client import Client, Context, VariantNote
from ._file import OWN_LINE, File, block, block_paths, owned_paths, variant
from ._imap import NEEDS_QUOTES
from ._ini import ini
from ._maildir import mail_directory, mail_marker

# OfflineIMAP tries those mechanisms that the server has, in this order.
_MECHANISMS = {"password": "PLAIN, LOGIN", "encrypted": "CRAM-MD5", "oauth2": "XOAUTH2"}
_FILES = AccountFiles("offlineimap")
_USUAL = (".config/offlineimap/config", ".offlineimaprc")  # the first that exists
_APART = ".config/mailops/offlineimap/config"
# What OfflineIMAP has synced it knows by the account's name, whatever the file: in its usual directory an account of the user's may have the same one,
# and each would take messages that only the other has for deleted. It is beside the mail, so that who removes all mail removes this, too.
_STATE = f"~/{mail_directory('offlineimap', '.state')}"
_OTHER_GENERAL = rf"{OTHER_INSTANCES}[\s\S]*^\[general\]"
# From before the release of 0.1.0: with that state, our mail would be missing in its new place, and be marked as deleted on the server.
_OTHER_STATE = rf"{_OTHER_GENERAL}\n(?!metadata = {re.escape(_STATE)}$)"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _literal(value: str | list[str]) -> str:
    """The value as Python reads it, in ASCII."""
    return _escaped(ascii(value))


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    general = {"general": {"metadata": _STATE, "accounts": ", ".join(account.key for account in accounts)}}
    sections = {name: options for account in accounts for name, options in _sections(account).items()}
    alone, beside_others = ini({**general, **sections}), ini(sections)
    usual = [variant(_OTHER_STATE, None, "other-state"), variant(OWN_LINE, None), variant(_OTHER_GENERAL, beside_others)]
    apart = [
        variant(_OTHER_STATE, None, "other-state"),
        variant(rf"\A(?={OWN_LINE})[\s\S]*{_OTHER_GENERAL}", beside_others, "own-file"),
        variant(OWN_LINE, alone, "own-file"),
    ]
    return [
        block(".offlineimaprc", alone, alternatives=_USUAL[:1], variants=usual, reads=_USUAL),
        block(_APART, None, variants=apart, reads=_USUAL),
        # OfflineIMAP creates what is above the mail, but not what is above its state.
        *(mail_marker("offlineimap", account.key) for account in accounts),
        *(file for account in accounts for file in _FILES.passwords(account, "incoming")),
    ]


def _sections(account: Account) -> dict[str, dict[str, object]]:
    key = account.key
    return {
        f"Account {key}": {"localrepository": f"{key}-local", "remoterepository": f"{key}-remote"},
        f"Repository {key}-local": {
            "type": "Maildir",
            # OfflineIMAP cannot share a directory with mbsync.
            "localfolders": f"~/{mail_directory('offlineimap', key)}",
            # Otherwise a dot in a folder's name would be a separator.
            "sep": "/",
        },
        f"Repository {key}-remote": _remote(account),
    }


def _remote(account: Account) -> dict[str, object]:
    server = account.incoming
    return {
        "type": "IMAP",
        "remotehost": server.host,
        "remoteport": server.port,
        "remoteusereval": _literal(server.username),
        **_secret(account),
        "auth_mechanisms": "PLAIN" if _needs_plain(server) else _MECHANISMS[server.authentication],
        "ssl": "yes" if server.security == "tls" else "no",
        "starttls": "no",
        # A message that is deleted here is only marked as deleted on the server. No folder is created there.
        "expunge": "no",
        "createfolders": "no",
        "sslcacertfile": _escaped(account.ca_file or "OS-DEFAULT") if server.security == "tls" else None,
    }


def _needs_plain(server: Server) -> bool:
    """LOGIN sends the name without quotes, and only ASCII. (So it is with the password; what is written must not depend on that, and PLAIN comes
    first in any case.)"""
    return server.authentication == "password" and (not server.username.isascii() or bool(set(server.username) & set(NEEDS_QUOTES)))


def _secret(account: Account) -> dict[str, str]:
    server = account.incoming
    option = "oauth2_access_token_eval" if server.authentication == "oauth2" else "remotepasseval"
    if server.password_command:
        command = _literal(list(server.password_command))
        return {option: f'__import__("subprocess").check_output({command}).decode().split("\\n")[0]'}
    if server.password is None:
        # OfflineIMAP asks for an empty one. Without the option it would take one from .netrc, where "default" is for any server, or the keyring.
        return {option: _literal("")}
    path = _literal(f"~/{_FILES.password_path(account, 'incoming')}")
    return {option: f'open(__import__("os").path.expanduser({path}), encoding="utf-8", newline="").read()'}


def _unsupported_reason(account: Account) -> str | None:
    server = account.incoming
    if server.security == "starttls":
        return "OfflineIMAP accepts any certificate after STARTTLS: incoming.security must be tls"
    # A host of digits and dots is an IPv4 address.
    if server.security == "tls" and (":" in server.host or server.host.replace(".", "").isdigit()):
        return "OfflineIMAP compares certificates with host names only: incoming.host is an IP address"
    if account.ca_file and (account.ca_file != account.ca_file.strip() or "$" in account.ca_file):
        return "OfflineIMAP reads '$' in ca_file as a variable, and strips white space from its ends: rename the file"
    return None


CLIENT = Client(
    name="offlineimap",
    title="OfflineIMAP",
    account_types=("imap",),
    expresses=("ca_file", *fields_below("incoming")),
    paths={**block_paths(*_USUAL, _APART), **_FILES.patterns("incoming.password"), **owned_paths(mail_marker("offlineimap", "*").path)},
    render=_render,
    authentications=tuple(_MECHANISMS),
    unsupported_reason=_unsupported_reason,
    variant_notes={
        "own-file": VariantNote(f"the user's own file of OfflineIMAP stays as it is, and `offlineimap -c ~/{_APART}` syncs the accounts"),
        "other-state": VariantNote(
            "the accounts of another instance are those of an earlier version, which OfflineIMAP cannot sync together with ours: deploy that one, "
            "and then this one again",
            skips=True,
        ),
    },
    notes=(
        "The accounts are in `.offlineimaprc`, each with its folders in `~/.local/share/mailops/mail/offlineimap/KEY`. `offlineimap` syncs all of them. "
        "If the user has lines of their own there or in `.config/offlineimap/config`, these files stay as they are, because a `[DEFAULT]` "
        f"would apply to our accounts, too; the accounts are in a file of ours: `offlineimap -c ~/{_APART}`. A message that is "
        "deleted locally is only marked as deleted on the server, and no folder is created there. The password is in a file of ours, or "
        "comes from the command; otherwise OfflineIMAP asks for it, whatever is in `.netrc`. A wrong certificate is rejected. STARTTLS is not supported, "
        "because OfflineIMAP does not check certificates after it. With a log-in name that IMAP has to quote, or a name or password that is "
        "not ASCII, only servers that offer AUTH=PLAIN can be used."
    ),
)  # fmt: skip

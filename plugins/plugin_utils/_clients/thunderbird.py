# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thunderbird: a file for each account in the home, and a script for all users that creates the accounts at every start.

The script is Thunderbird's AutoConfig. Nothing is written into a Thunderbird profile. So it does not matter how many there are or
whether one is in use, and the user's data in it stays.
"""

from __future__ import annotations

import json
import pkgutil
import re
from typing import Any, Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.folders import modified_utf7
from .._model.profile import dotted_fields
from ._account_files import AccountFiles
from ._accounts import servers
from ._client import Client, Context, HostProbe
from ._file import File, block, owned
from ._flatpak import in_the_home, noted, on_the_host
from ._imap import mailbox_path

_FILES = AccountFiles("thunderbird")
# The usual name, so that our block and an administrator's own lines are in one file: Thunderbird reads only one.
_CONFIG = "thunderbird.cfg"
_PREFERENCES = f"""\
pref("general.config.filename", "{_CONFIG}");
pref("general.config.obscure_value", 0);
pref("general.config.sandbox_enabled", false);
"""

_TYPES = {"imap": "imap", "pop": "pop3"}
# nsMsgSocketType and nsMsgAuthMethod.
_SOCKET_TYPES = {"none": 0, "starttls": 2, "tls": 3}
_AUTH_METHODS = {"none": 1, "password": 3, "encrypted": 4, "gssapi": 5, "ntlm": 6, "client_certificate": 7, "oauth2": 10}
# Field -> the preference of an identity, and the preference that makes Thunderbird use it.
_FOLDER_PREFERENCES = {
    "sent": ("fcc_folder", "fcc_folder_picker_mode"),
    "drafts": ("draft_folder", "drafts_folder_picker_mode"),
    "archive": ("archive_folder", "archives_folder_picker_mode"),
}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    files = [owned(_FILES.path(account, "json"), _text(account)) for account in accounts]
    return noted(files, "org.mozilla.thunderbird", "org.mozilla.Thunderbird")


def _text(account: Account) -> str:
    return json.dumps(_data(account), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _data(account: Account) -> dict[str, Any]:
    """``server``, ``identity`` and ``smtpserver`` are preferences of Thunderbird. The script interprets the rest."""
    data = {
        "default": account.default,
        "notifications": account.notifications,
        "ca_file": account.ca_file,
        "trash": _folder_uri(account, "trash") if "trash" in account.folders else None,
        "server": _server(account),
        "identity": _identity(account),
        "smtpserver": _outgoing(account),
        "passwords": {side: server.password for side, server in servers(account) if server.password is not None},
    }
    return {name: value for name, value in data.items() if value is not None}


def _server(account: Account) -> dict[str, Any]:
    server = account.incoming
    values: dict[str, Any] = {
        "type": _TYPES[account.account_type],
        "hostname": server.host,
        "port": server.port,
        "userName": server.username,
        "name": account.account_name,
        "socketType": _SOCKET_TYPES[server.security],
        "authMethod": _AUTH_METHODS[server.authentication],
    }
    if account.check_interval:
        values |= {"check_new_mail": True, "check_time": account.check_interval}
    if account.account_type == "pop":
        values |= {"leave_on_server": account.leave_on_server, "delete_by_age_from_server": account.delete_after_days is not None}
        if account.delete_after_days is not None:
            values["num_days_to_leave_on_server"] = account.delete_after_days
    if "trash" in account.folders:
        values["trash_folder_name"] = mailbox_path(account, "trash")
    if "junk" in account.folders:
        values |= {"spamActionTargetFolder": _folder_uri(account, "junk"), "moveTargetMode": 1}
    return values


def _identity(account: Account) -> dict[str, Any]:
    values: dict[str, Any] = {"fullName": account.sender_name, "useremail": account.email}
    if account.reply_to:
        values["reply_to"] = account.reply_to
    if account.signature:
        values |= {
            "htmlSigText": account.signature,
            "htmlSigFormat": account.signature_format == "html",
            # Otherwise a signature file of the user's would replace the text.
            "attach_signature": False,
        }
    for folder, (preference, picker) in _FOLDER_PREFERENCES.items():
        if folder in account.folders:
            values |= {preference: _folder_uri(account, folder), picker: "1"}
    return values


def _outgoing(account: Account) -> dict[str, Any]:
    server = account.outgoing
    values = {
        "type": "smtp",
        "hostname": server.host,
        "port": server.port,
        "try_ssl": _SOCKET_TYPES[server.security],
        "authMethod": _AUTH_METHODS[server.authentication],
        "description": account.account_name,
    }
    return values if server.authentication == "none" else {**values, "username": server.username}


def _folder_uri(account: Account, folder: str) -> str:
    """The URI of a folder, exactly as Thunderbird writes it: it compares URIs as text."""
    # ESCAPE_XALPHAS in nsEscape.cpp. The path is not escaped.
    username = quote(account.incoming.username, safe="*").replace("~", "%7E")
    return f"imap://{username}@{account.incoming.host}/{modified_utf7(mailbox_path(account, folder))}"


def _unsupported_reason(account: Account) -> str | None:
    if ":" in account.incoming.host:
        return "Thunderbird reads an IPv6 address as a host and a port: incoming.host must be a name"
    return None


_OTHER_CONFIG = (
    "Thunderbird: there is another AutoConfig file, or an obscured one: move it to "
    f"/etc/thunderbird/{_CONFIG}, as plain text (general.config.obscure_value 0), where our block is written, too"
)
_TOO_OLD = f"Thunderbird 140 and older does not find /etc/thunderbird/{_CONFIG}, and would show an error at every start: update it"
_OTHER_INSTALLATION = (
    "which cannot read /etc/thunderbird and ~/.config/mailops, gets no accounts: install the distribution's package"
)
_NAMES_ANOTHER = (
    rf"""general\.config\.filename["']\s*,\s*["'](?!{re.escape(_CONFIG)}["'])|general\.config\.obscure_value["']\s*,(?!\s*0\s*\))"""
)
_INSTALLED = ("/usr/lib*/thunderbird", "/opt/thunderbird")
_PREFERENCE_FOLDERS = (
    "/etc/thunderbird/pref",
    "/etc/thunderbird/defaults/pref",
    *(f"{place}/defaults/pref" for place in _INSTALLED),
)
_HOST_PROBES = (
    # Thunderbird reads one such file only: ours must not replace an administrator's own.
    *(HostProbe(f"{place}/*.js", _OTHER_CONFIG, _NAMES_ANOTHER, blocks=True) for place in _PREFERENCE_FOLDERS),
    *(HostProbe(f"{place}/*.cfg", _OTHER_CONFIG, blocks=True) for place in _INSTALLED),
    *(
        HostProbe(f"{place}/application.ini", _TOO_OLD, r"^Version=(?:[0-9]{2}|1[0-3][0-9]|140)\.", blocks=True)
        for place in _INSTALLED
    ),
    HostProbe("/snap/thunderbird", f"Thunderbird from a Snap, {_OTHER_INSTALLATION}"),
    HostProbe("/var/lib/snapd/snap/thunderbird", f"Thunderbird from a Snap, {_OTHER_INSTALLATION}"),
    on_the_host("Thunderbird", "*.[Tt]hunderbird"),
)

CLIENT = Client(
    name="thunderbird",
    title="Thunderbird",
    account_types=("imap", "pop"),
    expresses=tuple(name for name in dotted_fields() if not name.endswith(".password_command")),
    paths=_FILES.patterns("json"),
    render=_render,
    authentications=tuple(_AUTH_METHODS),
    unsupported_reason=_unsupported_reason,
    host_files=(
        # Thunderbird reads the files in reverse alphabetical order: an administrator's own settings override these.
        block("etc/thunderbird/defaults/pref/zz-mailops.js", _PREFERENCES, comment="//"),
        block(f"etc/thunderbird/{_CONFIG}", pkgutil.get_data(__package__, "_thunderbird.js").decode(), comment="//"),
    ),
    # At the start after a withdrawal the script removes what Thunderbird has stored.
    residue=((".thunderbird/*/prefs.js", '"mailops[.]profiles[.]|[.]mailops-'),),
    host_probes=_HOST_PROBES,
    variant_notes=in_the_home("Thunderbird"),
    notes=(
        "The accounts appear at the next start of Thunderbird, in every Thunderbird profile of the user, beside the user's own "
        "ones. Thunderbird applies the fields of the profile again at each start; the user may change everything else. Passwords "
        "go into Thunderbird's own store; without a password Thunderbird asks for it. A withdrawn account and its password are "
        "removed at the next start; its local mail stays on the disk. A wrong certificate is rejected; all of Thunderbird trusts "
        "`ca_file`, in addition to its own authorities. Notifications are one switch, which is off if all accounts of a user say "
        "so. See docs/thunderbird.md."
    ),
)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thunderbird: a file for each account in the home, and for all users a script that makes accounts of them at every start.

The script is Thunderbird's AutoConfig. Nothing is written into a Thunderbird profile, so it does not matter which ones there are
and whether one is in use, and what the user has in it stays.
"""

from __future__ import annotations

import json
import pkgutil
import re
from typing import Any, Sequence
from urllib.parse import quote

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import BLOCK, Client, Elsewhere, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._imap import modified_utf7
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/mailops/thunderbird"
# The name that administrators use, so that our block and theirs are in one file: Thunderbird reads only one.
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
# Field -> the preference of an identity, and the one which says that the folder is none of the usual ones.
_FOLDER_PREFERENCES = {
    "sent": ("fcc_folder", "fcc_folder_picker_mode"),
    "drafts": ("draft_folder", "drafts_folder_picker_mode"),
    "archive": ("archive_folder", "archives_folder_picker_mode"),
}


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    return [File(f"{_FOLDER}/{account.key}.json", _text(account)) for account in accounts]


def _text(account: Account) -> str:
    return json.dumps(_data(account), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _data(account: Account) -> dict[str, Any]:
    """``server``, ``identity`` and ``smtpserver`` are preferences of Thunderbird; the rest the script knows what to do with."""
    passwords = {"incoming": account.incoming.password, "outgoing": account.outgoing.password}
    data = {
        "default": account.default,
        "notifications": account.notifications,
        "ca_file": account.ca_file,
        "server": _server(account),
        "identity": _identity(account),
        "smtpserver": _outgoing(account),
        "passwords": {side: password for side, password in passwords.items() if password is not None},
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
        values["trash_folder_name"] = account.folders["trash"]
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
            # The user's own file would take the place of the text.
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
    """A folder's name inside Thunderbird, which compares it character by character."""
    # nsEscape.cpp, ESCAPE_XALPHAS; the path is not escaped.
    username = quote(account.incoming.username, safe="*").replace("~", "%7E")
    return f"imap://{username}@{account.incoming.host}/{modified_utf7(account.folders[folder])}"


def _cannot(account: Account) -> str | None:
    if ":" in account.incoming.host:
        return "Thunderbird takes an IPv6 address for a host and a port: incoming.host must be a name"
    if account.incoming.authentication == "none":
        return "Thunderbird always logs in to an incoming server: incoming.authentication cannot be none"
    return None


_OTHER_CONFIG = (
    "Thunderbird: an administrator has another AutoConfig file, or a scrambled one: make it plain text (general.config.obscure_value 0) in "
    f"/etc/thunderbird/{_CONFIG}, where ours is written, too"
)
_TOO_OLD = f"Thunderbird 140 and older does not find /etc/thunderbird/{_CONFIG}, and would say so at every start: update it"
_OTHER_INSTALLATION = (
    "which sees neither /etc/thunderbird nor ~/.config/mailops, gets no accounts: install the distribution's package"
)
_NAMES_ANOTHER = (
    rf"""general\.config\.filename["']\s*,\s*["'](?!{re.escape(_CONFIG)}["'])|general\.config\.obscure_value["']\s*,(?!\s*0\s*\))"""
)
_INSTALLED = ("/usr/lib*/thunderbird", "/opt/thunderbird")
_PREFERENCE_FOLDERS = ("/etc/thunderbird/pref", "/etc/thunderbird/defaults/pref", *(f"{place}/defaults/pref" for place in _INSTALLED))
_ELSEWHERE = (
    # Thunderbird reads one such file: there is none of an administrator's that ours may take the place of.
    *(Elsewhere(f"{place}/*.js", _OTHER_CONFIG, _NAMES_ANOTHER, blocks=True) for place in _PREFERENCE_FOLDERS),
    *(Elsewhere(f"{place}/*.cfg", _OTHER_CONFIG, blocks=True) for place in _INSTALLED),
    *(
        Elsewhere(f"{place}/application.ini", _TOO_OLD, r"^Version=(?:[0-9]{2}|1[0-3][0-9]|140)\.", blocks=True)
        for place in _INSTALLED
    ),
    Elsewhere("/snap/thunderbird", f"Thunderbird from a Snap, {_OTHER_INSTALLATION}"),
    Elsewhere("/var/lib/snapd/snap/thunderbird", f"Thunderbird from a Snap, {_OTHER_INSTALLATION}"),
    Elsewhere("/var/lib/flatpak/app/*.[Tt]hunderbird", f"Thunderbird from a Flatpak, {_OTHER_INSTALLATION}"),
)

CLIENT = Client(
    name="thunderbird",
    title="Thunderbird",
    account_types=("imap", "pop"),
    expresses=frozenset(name for name in dotted_fields() if not name.endswith(".password_command")),
    paths=(f"{_FOLDER}/*.json",),
    render=_render,
    authentications=tuple(_AUTH_METHODS),
    cannot=_cannot,
    host_files=(
        # The last in the alphabet is read first: what administrators say in the others is in force.
        File("etc/thunderbird/defaults/pref/zz-mailops.js", _PREFERENCES, BLOCK, comment="//"),
        File(f"etc/thunderbird/{_CONFIG}", pkgutil.get_data(__package__, "_thunderbird.js").decode(), BLOCK, comment="//"),
    ),
    # The script takes back what Thunderbird has stored, at the start after a withdrawal.
    leftovers=((".thunderbird/*/prefs.js", '"mailops[.]profiles[.]|[.]mailops-'),),
    elsewhere=_ELSEWHERE,
    notes=(
        "The accounts are there at the next start of Thunderbird, in every Thunderbird profile of the user, beside the user's own "
        "ones. What a profile sets is set again at each start; everything else is the user's. Passwords go into Thunderbird's "
        "own store; without one Thunderbird asks. A withdrawn account goes with its password at the next start; its local mail "
        "stays on the disk. A wrong certificate is refused; `ca_file` is trusted besides Thunderbird's own authorities, and for "
        "all of Thunderbird. Notifications are one switch, which is off when all of a user's accounts say so. More in "
        "docs/thunderbird.md."
    ),
)

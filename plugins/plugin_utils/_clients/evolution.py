# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evolution: data sources of ours, key files next to the user's own: an account, its identity, its transport, its signature.

Passwords lie in the user's keyring, where no file can put them: Evolution asks once for each server. It knows the system's CAs
only. Which account is the default and which ones notify are settings in the user's dconf database.
"""

from __future__ import annotations

from typing import Mapping, Sequence
from urllib.parse import quote

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import Client, File
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._keyfile import Value, key_file
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Server
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

_FOLDER = ".config/evolution"
_BACKEND = {"imap": "imapx", "pop": "pop"}
_SECURITY = {"tls": "ssl-on-alternate-port", "starttls": "starttls-on-standard-port", "none": "none"}
# The names of SASL mechanisms. Evolution takes the one it is given, and without a name does not log in to an SMTP server at all.
_METHOD = {"password": "PLAIN", "encrypted": "CRAM-MD5", "gssapi": "GSSAPI", "ntlm": "NTLM", "none": "none"}
_MIME_TYPE = {"text": "text/plain", "html": "text/html"}
# The highest value that the program's property takes.
_MOST_DAYS = 365
# What Evolution leaves as it is in the address of a folder.
_PLAIN_IN_FOLDERS = "!$&'()*+,-./=_~"

Group = Mapping[str, Value]


def _render(accounts: Sequence[Account], user: User) -> list[File]:
    return [file for account in accounts for file in _files(account)]


def _files(account: Account) -> list[File]:
    uid = f"mailops-{account.key}"
    sources = {
        uid: _account(account, uid),
        f"{uid}-identity": _identity(account, uid),
        f"{uid}-transport": _transport(account, uid),
    }
    texts = {}
    if account.signature:
        sources[f"{uid}-signature"] = _signature(account)
        # Text in an ordinary file; Evolution would run one that is executable.
        texts[f"{_FOLDER}/signatures/{uid}-signature"] = account.signature
    texts |= {f"{_FOLDER}/sources/{name}.source": key_file(groups) for name, groups in sources.items()}
    return [File(path, text) for path, text in texts.items()]


def _account(account: Account, uid: str) -> dict[str, Group]:
    mail_account: dict[str, Value] = {
        "BackendName": _BACKEND[account.account_type],
        "IdentityUid": f"{uid}-identity",
        # Otherwise Evolution looks for the special folders and writes what it found into these files.
        "NeedsInitialSetup": False,
    }
    if "archive" in account.folders:
        mail_account["ArchiveFolder"] = _folder(uid, account.folders["archive"])
    refresh: dict[str, Value] = {"Enabled": True}
    if account.check_interval:
        refresh["IntervalMinutes"] = account.check_interval
    groups = {
        "Data Source": _data_source(account),
        "Mail Account": mail_account,
        **_server(account.incoming),
        "Refresh": refresh,
    }
    backend = _imap_backend(account) if account.account_type == "imap" else _pop_backend(account)
    return {**groups, **backend}


def _imap_backend(account: Account) -> dict[str, Group]:
    settings: dict[str, Value] = {}
    for name in ("junk", "trash"):
        if name in account.folders:
            settings |= {f"UseReal{name.title()}Path": True, f"Real{name.title()}Path": account.folders[name]}
    return {"Imapx Backend": settings} if settings else {}


def _pop_backend(account: Account) -> dict[str, Group]:
    settings: dict[str, Value] = {"KeepOnServer": account.leave_on_server}
    if account.delete_after_days:
        settings["DeleteAfterDays"] = account.delete_after_days
    return {"Pop Backend": settings}


def _identity(account: Account, uid: str) -> dict[str, Group]:
    identity: dict[str, Value] = {"Name": account.sender_name, "Address": account.email}
    if account.reply_to:
        identity["ReplyTo"] = account.reply_to
    if account.signature:
        identity["SignatureUid"] = f"{uid}-signature"
    submission: dict[str, Value] = {"TransportUid": f"{uid}-transport"}
    if "sent" in account.folders:
        submission["SentFolder"] = _folder(uid, account.folders["sent"])
    groups = {"Data Source": _data_source(account, uid), "Mail Identity": identity, "Mail Submission": submission}
    if "drafts" in account.folders:
        groups["Mail Composition"] = {"DraftsFolder": _folder(uid, account.folders["drafts"])}
    return groups


def _transport(account: Account, uid: str) -> dict[str, Group]:
    return {
        "Data Source": _data_source(account, uid),
        "Mail Transport": {"BackendName": "smtp"},
        **_server(account.outgoing),
    }


def _signature(account: Account) -> dict[str, Group]:
    return {"Data Source": _data_source(account), "Mail Signature": {"MimeType": _MIME_TYPE[account.signature_format]}}


def _data_source(account: Account, parent: str = "") -> Group:
    return {"DisplayName": account.account_name, "Enabled": True, "Parent": parent}


def _server(server: Server) -> dict[str, Group]:
    authentication = {
        "Host": server.host,
        "Method": _METHOD[server.authentication],
        "Port": server.port,
        # These at their defaults: Evolution adds them where they are missing.
        "ProxyUid": "system-proxy",
        "RememberPassword": True,
        "User": "" if server.authentication == "none" else server.username,
        "CredentialName": "",
        "IsExternal": False,
    }
    return {"Authentication": authentication, "Security": {"Method": _SECURITY[server.security]}}


def _folder(uid: str, path: str) -> str:
    """The address of a folder. A slash in the path separates levels, whatever the server has for that."""
    # Evolution decodes it twice, so that a percent sign must be encoded twice.
    return f"folder://{uid}/{quote(path.replace('%', '%25'), safe=_PLAIN_IN_FOLDERS)}"


def _cannot(account: Account) -> str | None:
    if account.incoming.authentication == "none":
        return "Evolution cannot do incoming.authentication: none"
    if (account.delete_after_days or 0) > _MOST_DAYS:
        return f"Evolution deletes mail from a POP server after at most {_MOST_DAYS} days: delete_after_days is more"
    return None


CLIENT = Client(
    name="evolution",
    title="Evolution",
    account_types=("imap", "pop"),
    expresses=frozenset(
        (
            "email", "account_name", "sender_name", "reply_to", "account_type", "signature", "signature_format", "leave_on_server",
            "delete_after_days", "check_interval",
            "folders.sent", "folders.drafts", "folders.trash", "folders.archive", "folders.junk",
            "incoming.host", "incoming.port", "incoming.security", "incoming.username", "incoming.authentication",
            "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
        )
    ),
    paths=(f"{_FOLDER}/sources/mailops-*.source", f"{_FOLDER}/signatures/mailops-*"),
    render=_render,
    authentications=tuple(_METHOD),
    cannot=_cannot,
    notes=(
        "Each account stands beside those that the user has made, and an Evolution that runs sees it at once. It asks once for each "
        "server's password, which it keeps in the user's keyring. What the user changes in Evolution is written into the same "
        "files, and the next run takes it back. Without `folders` sent mail and drafts stay on the computer. "
        "With a wrong certificate Evolution asks whether to trust it; the server's CA must be one of the system's."
    ),
)  # fmt: skip

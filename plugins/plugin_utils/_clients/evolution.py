# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evolution: data sources, which are key files, beside the user's own: an account, its identity, its transport, its signature.

Passwords are in the user's keyring, where a file cannot put them: Evolution asks once for each server. It uses the system's CAs
only. The default account and notifications are settings in the user's dconf database.
"""

from __future__ import annotations

from typing import Mapping, Sequence
from urllib.parse import quote

from .._model.account import Account
from .._model.profile import Server, fields_below
from ._client import Client, Context
from ._file import File, owned, owned_paths
from ._flatpak import in_the_home, noted, on_the_host
from ._imap import mailbox_path
from ._keyfile import Value, key_file

_FOLDER = ".config/evolution"
_FLATPAK = "org.gnome.Evolution"  # brings its own evolution-data-server, which reads the sources
_BACKEND = {"imap": "imapx", "pop": "pop"}
_SECURITY = {"tls": "ssl-on-alternate-port", "starttls": "starttls-on-standard-port", "none": "none"}
# The names of SASL mechanisms. Without a name Evolution does not log in to an SMTP server at all.
_METHOD = {"password": "PLAIN", "encrypted": "CRAM-MD5", "gssapi": "GSSAPI", "ntlm": "NTLM", "none": "none"}
_MIME_TYPE = {"text": "text/plain", "html": "text/html"}
_MAX_DAYS = 365
# Evolution does not encode these characters in the URI of a folder.
_PLAIN_IN_FOLDERS = "!$&'()*+,-./=_~"

Group = Mapping[str, Value]


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    return noted([file for account in accounts for file in _files(account)], _FLATPAK)


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
        # Evolution would run an executable file.
        texts[f"{_FOLDER}/signatures/{uid}-signature"] = account.signature
    texts |= {f"{_FOLDER}/sources/{name}.source": key_file(groups) for name, groups in sources.items()}
    return [owned(path, text) for path, text in texts.items()]


def _account(account: Account, uid: str) -> dict[str, Group]:
    return {
        "Data Source": _data_source(account),
        "Mail Account": {
            "BackendName": _BACKEND[account.account_type],
            "IdentityUid": f"{uid}-identity",
            # Otherwise Evolution looks for the special folders, and writes them into these files.
            "NeedsInitialSetup": False,
            "ArchiveFolder": _folder(account, uid, "archive"),
        },
        **_server(account.incoming),
        "Refresh": {"Enabled": True, "IntervalMinutes": account.check_interval},
        **_backend(account),
    }


def _backend(account: Account) -> dict[str, Group]:
    if account.account_type == "pop":
        return {"Pop Backend": {"KeepOnServer": account.leave_on_server, "DeleteAfterDays": account.delete_after_days}}
    settings: dict[str, Value] = {}
    for name in ("junk", "trash"):
        if name in account.folders:
            settings |= {f"UseReal{name.title()}Path": True, f"Real{name.title()}Path": mailbox_path(account, name)}
    return {"Imapx Backend": settings} if settings else {}


def _identity(account: Account, uid: str) -> dict[str, Group]:
    drafts = _folder(account, uid, "drafts")
    return {
        "Data Source": _data_source(account, uid),
        "Mail Identity": {
            "Name": account.sender_name,
            "Address": account.email,
            "ReplyTo": account.reply_to,
            "SignatureUid": f"{uid}-signature" if account.signature else None,
        },
        "Mail Submission": {"TransportUid": f"{uid}-transport", "SentFolder": _folder(account, uid, "sent")},
        **({"Mail Composition": {"DraftsFolder": drafts}} if drafts else {}),
    }


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
        # These are defaults. Evolution adds them if they are missing.
        "ProxyUid": "system-proxy",
        "RememberPassword": True,
        "User": "" if server.authentication == "none" else server.username,
        "CredentialName": "",
        "IsExternal": False,
    }
    return {"Authentication": authentication, "Security": {"Method": _SECURITY[server.security]}}


def _folder(account: Account, uid: str, name: str) -> str | None:
    """The URI of a folder. A slash in the path separates levels, whatever the server's separator is."""
    if name not in account.folders:
        return None
    # Evolution decodes it twice.
    return f"folder://{uid}/{quote(mailbox_path(account, name).replace('%', '%25'), safe=_PLAIN_IN_FOLDERS)}"


def _unsupported_reason(account: Account) -> str | None:
    if (account.delete_after_days or 0) > _MAX_DAYS:
        return f"Evolution deletes mail from a POP server after at most {_MAX_DAYS} days: lower delete_after_days"
    return None


CLIENT = Client(
    name="evolution",
    title="Evolution",
    account_types=("imap", "pop"),
    expresses=(
        "email", "account_name", "sender_name", "reply_to", "account_type", "signature", "signature_format", "leave_on_server",
        "delete_after_days", "check_interval",
        *fields_below("folders"),
        "incoming.host", "incoming.port", "incoming.security", "incoming.username", "incoming.authentication",
        "outgoing.host", "outgoing.port", "outgoing.security", "outgoing.username", "outgoing.authentication",
    ),
    paths=owned_paths(f"{_FOLDER}/sources/mailops-*.source", f"{_FOLDER}/signatures/mailops-*"),
    render=_render,
    authentications=tuple(_METHOD),
    unsupported_reason=_unsupported_reason,
    host_probes=(on_the_host("Evolution", _FLATPAK),),
    variant_notes=in_the_home("Evolution"),
    notes=(
        "The accounts are beside the user's own ones, at once if Evolution is running. It asks once for each server's password, "
        "and keeps it in the user's keyring. Evolution writes the user's changes into the same files, and the next run reverts "
        "them. Without `folders` sent mail and drafts stay on the computer. The server's CA must be one of the system's. With a "
        "wrong certificate Evolution asks whether to trust it. Evolution from a Flatpak does not read these files; a warning says so."
    ),
)  # fmt: skip

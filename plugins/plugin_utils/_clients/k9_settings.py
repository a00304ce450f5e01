# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A settings file for K-9 Mail and Thunderbird for Android: ``mail.k9s``, version 111 of format 1.

The app skips an account without a word when one of the required elements or attributes is missing, and asks for the passwords that are. A new
account notifies of nothing, unless both the account and its inbox say that it does.
"""

from __future__ import annotations

import uuid
from typing import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .._model.account import Account, instance_suffix
from .._model.profile import Server
from ._android import WITHOUT_CA_FILE, cautions
from ._client import Client, Context, Option
from ._file import File, owned, owned_paths

_NAMESPACE = uuid.UUID("c7c0a3f4-9d0a-4a53-8f43-9c3a4a7e2d55")
_VERSION, _FORMAT = "111", "1"
_TYPES = {"imap": "IMAP", "pop": "POP3"}
_SECURITIES = {"none": "NONE", "starttls": "STARTTLS_REQUIRED", "tls": "SSL_TLS_REQUIRED"}
_AUTHENTICATIONS = {"none": "NONE", "password": "PLAIN", "encrypted": "CRAM_MD5", "client_certificate": "EXTERNAL", "oauth2": "XOAUTH2"}
_BOOLEANS = {True: "true", False: "false"}


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    root = Element("k9settings", version=_VERSION, format=_FORMAT)
    listed = SubElement(root, "accounts")
    for account in accounts:
        _add_account(listed, account, context)
    ElementTree.indent(root)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'
    return [owned(f"mail{instance_suffix(context.instance)}.k9s", text)]


def _add_account(above: Element, account: Account, context: Context) -> None:
    identifier = uuid.uuid5(_NAMESPACE, "\0".join((context.instance, account.login, account.key, account.email)))
    found = SubElement(above, "account", uuid=str(identifier))
    _add_text(found, "name", account.account_name)
    passwords = context.options["include_passwords"]
    _add_server(found, "incoming-server", _TYPES[account.account_type], account.incoming, passwords)
    _add_server(found, "outgoing-server", "SMTP", account.outgoing, passwords)
    notifies = _BOOLEANS[account.notifications]
    _add_settings(found, {"notifyNewMail": notifies})
    identity = SubElement(SubElement(found, "identities"), "identity")
    _add_text(identity, "name", account.sender_name)
    _add_text(identity, "email", account.email)
    _add_settings(identity, _identity_settings(account))
    inbox = SubElement(SubElement(found, "folders"), "folder", name="INBOX")
    _add_values(inbox, {"notificationsEnabled": notifies})


def _add_server(above: Element, name: str, kind: str, server: Server, passwords: bool) -> None:
    found = SubElement(above, name, type=kind)
    _add_text(found, "host", server.host)
    _add_text(found, "port", str(server.port))
    _add_text(found, "connection-security", _SECURITIES[server.security])
    _add_text(found, "authentication-type", _AUTHENTICATIONS[server.authentication])
    _add_text(found, "username", "" if server.authentication == "none" else server.username)
    if passwords and server.password is not None:
        _add_text(found, "password", server.password)


def _identity_settings(account: Account) -> dict[str, str]:
    found = {"signatureUse": _BOOLEANS[account.signature is not None]}
    if account.signature is not None:
        found |= {"signature": account.signature, "signatureIsHtml": _BOOLEANS[account.signature_format == "html"]}
    if account.reply_to is not None:
        found["replyTo"] = account.reply_to
    return found


def _add_settings(above: Element, settings: Mapping[str, str]) -> None:
    _add_values(SubElement(above, "settings"), settings)


def _add_values(above: Element, settings: Mapping[str, str]) -> None:
    for key, value in sorted(settings.items()):
        SubElement(above, "value", key=key).text = value


def _add_text(above: Element, name: str, text: str) -> None:
    SubElement(above, name).text = text


CLIENT = Client(
    name="k9_settings",
    title="K-9 Mail",
    account_types=("imap", "pop"),
    expresses=(
        "email", "account_name", "sender_name", "reply_to", "account_type", "notifications", "signature", "signature_format",
        *(f"{side}.{name}" for side in ("incoming", "outgoing") for name in ("host", "port", "security", "username", "password", "authentication")),
    ),
    paths=owned_paths("mail.k9s", "mail-*.k9s"),
    render=_render,
    authentications=tuple(_AUTHENTICATIONS),
    cautions=cautions,
    without_ca_file=WITHOUT_CA_FILE,
    options=(Option("include_passwords", "bool", False, "Whether passwords are in the file. Otherwise the app asks for them."),),
    notes=(
        "`mail.k9s`, to open on the phone: K-9 Mail, or Thunderbird for Android, menu, Settings, Import settings. It has signatures and "
        "notifications, which a code has not. The app never updates an account: a second import adds it again. No real phone was available; a parser "
        "written from the app's rules judges the file. See [phones](phones.md)."
    ),
)  # fmt: skip

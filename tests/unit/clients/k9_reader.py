# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader of K-9 Mail's settings files, written from what its parser and its validators demand, not from our writer.

The app skips an account, or a setting, without a word; here it is an error.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SECURITIES = ("NONE", "STARTTLS_REQUIRED", "SSL_TLS_REQUIRED")
_AUTHENTICATIONS = ("PLAIN", "CRAM_MD5", "EXTERNAL", "XOAUTH2", "NONE")
_ACCOUNT = {"name", "incoming-server", "outgoing-server", "settings", "identities", "folders"}
# Setting -> whether it is a boolean, as of version 111.
_ACCOUNT_SETTINGS = {"notifyNewMail": True}
_FOLDER_SETTINGS = {"notificationsEnabled": True}
_IDENTITY_SETTINGS = {"replyTo": False, "signature": False, "signatureIsHtml": True, "signatureUse": True}


class Rejected(Exception):
    """The app would not import the account, or not all of it."""


def read(content: bytes) -> list[dict[str, Any]]:
    """The accounts: ``uuid``, ``name``, ``incoming``, ``outgoing``, ``identity``, and the settings of all kinds."""
    _need(not content.startswith(b"\xef\xbb\xbf"), "a byte order mark")
    root = ElementTree.fromstring(content)
    _need(root.tag == "k9settings" and root.attrib == {"version": "111", "format": "1"}, "not a settings file of version 111, format 1")
    accounts = _children(root, {"accounts"})["accounts"]
    found = [_account(each) for each in accounts]
    _need({each.tag for each in accounts} <= {"account"}, "something that is no account")
    _need(len({each["uuid"] for each in found}) == len(found), "a uuid twice")
    return found


def _account(element: Element) -> dict[str, Any]:
    parts = _children(element, _ACCOUNT)
    try:
        identifier = str(uuid.UUID(element.attrib["uuid"]))
    except (KeyError, ValueError) as exc:
        raise Rejected("no uuid") from exc
    (identity,) = parts["identities"]
    person = _children(identity, {"name", "email", "settings"})
    _need(re.fullmatch(r"[^\s@<>]+@[a-z0-9.-]+", _text(person["email"])) is not None, "no bare address")
    (folder,) = parts["folders"]
    _need(folder.attrib == {"name": "INBOX"}, "another folder")
    return {
        "uuid": identifier,
        "name": _text(parts["name"]),
        "incoming": _server(parts["incoming-server"], ("IMAP", "POP3")),
        "outgoing": _server(parts["outgoing-server"], ("SMTP",)),
        "identity": (_text(person["email"]), _text(person["name"])),
        "settings": _settings(parts["settings"], _ACCOUNT_SETTINGS),
        "identity_settings": _settings(person["settings"], _IDENTITY_SETTINGS),
        "inbox": _settings(folder, _FOLDER_SETTINGS),
    }


def _server(element: Element, types: tuple[str, ...]) -> dict[str, str]:
    needed = {"host", "port", "connection-security", "authentication-type", "username"}
    parts = {name: _text(each) for name, each in _children(element, needed, optional={"password"}).items()}
    _need(element.attrib.get("type") in types, "another type of server")
    _need(bool(parts["host"]), "no host")
    _need(parts["port"].isdigit() and 1 <= int(parts["port"]) <= 65535, "no port")
    _need(parts["connection-security"] in _SECURITIES and parts["authentication-type"] in _AUTHENTICATIONS, "another security")
    return {"type": element.attrib["type"], **parts}


def _settings(element: Element, known: dict[str, bool]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in element:
        key = each.attrib.get("key", "")
        _need(each.tag == "value" and key in known and key not in found, f"setting {key}")
        found[key] = _text(each)
        _need(not known[key] or found[key] in ("true", "false"), f"{key} is no boolean")
    return found


def _children(element: Element, needed: set[str], optional: frozenset[str] | set[str] = frozenset()) -> dict[str, Element]:
    found = {each.tag: each for each in element}
    _need(len(found) == len(element), "an element twice")
    _need(needed <= set(found) <= needed | optional, f"other elements than {sorted(needed)}: {sorted(found)}")
    return found


def _text(element: Element) -> str:
    """The app takes the first text: no comment or element may be in it."""
    _need(len(element) == 0, "an element in a text")
    return element.text or ""


def _need(fact: bool, reason: str) -> None:
    if not fact:
        raise Rejected(reason)

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile: the description of an IMAP or POP account, with variables in its texts; and its stored form. No I/O.

``_profile_reader`` makes profiles of given data, and is the one place that validates it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Mapping, NamedTuple

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import passwords as secrets
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import variables

ACCOUNT_TYPES = ("imap", "pop")
SECURITIES = ("tls", "starttls", "none")
AUTHENTICATIONS = ("password", "encrypted", "gssapi", "ntlm", "oauth2", "client_certificate", "none")
SIGNATURE_FORMATS = ("text", "html")
FOLDERS = ("sent", "drafts", "trash", "archive", "junk")

# What a store adds to a profile. mail_profile_info returns it, so it may come back as input; it is not part of the model.
RECORD_FIELDS = ("id", "revision")


@dataclass(frozen=True)
class Server:
    """``incoming`` or ``outgoing``. In a profile texts hold variables and a derived port is None; in an account neither."""

    host: str
    port: int | None = None
    security: str = "tls"
    username: str = "{UserEmail}"
    password: str | None = field(default=None, repr=False)
    password_command: tuple[str, ...] | None = None
    authentication: str = "password"
    allow_cleartext: bool = False

    @functools.cached_property
    def variables(self) -> list[tuple[str, str]]:
        """The variables in its texts, each with the field that it stands in."""
        texts = [("host", self.host), ("username", self.username), ("password", self.password)]
        texts += [("password_command", argument) for argument in self.password_command or ()]
        return [(variable, name) for name, text in texts if text is not None for variable in variables.names(text)]

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """The stored form. Many profiles share it, so nobody changes it in place."""
        command = None if self.password_command is None else list(self.password_command)
        return {**{name: getattr(self, name) for name in SERVER_FIELDS}, "password_command": command}


class Profile(NamedTuple):
    name: str
    incoming: Server
    outgoing: Server
    description: str = ""
    email: str = "{UserEmail}"
    account_name: str = "{UserEmail}"
    sender_name: str = "{UserDisplayName}"
    reply_to: str | None = None
    account_type: str = "imap"
    default: bool = False
    notifications: bool = True
    signature: str | None = None
    signature_format: str = "text"
    leave_on_server: bool = True
    delete_after_days: int | None = None
    check_interval: int | None = None
    folders: Mapping[str, str] | None = None
    ca_file: str | None = None
    variables: Mapping[str, str | None] = MappingProxyType({})
    warnings: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Every field in the order of the documentation; ``port: None`` means that it follows from type and security."""
        return stored_form({name: getattr(self, name) for name in FIELDS})

    def variable_places(self) -> tuple[dict[str, str], dict[str, str]]:
        """Variable -> the first field that it stands in: of password fields, and of all others."""
        return variable_places(self._asdict())


def stored_form(known: Mapping[str, Any]) -> dict[str, Any]:
    """The stored form of what a profile holds, given as field -> value."""
    data = {**known, "incoming": known["incoming"].data, "outgoing": known["outgoing"].data}
    data["folders"] = dict(sorted(known["folders"].items())) if known["folders"] else None
    data["variables"] = dict(sorted(known["variables"].items())) if known["variables"] else {}
    return data


def variable_places(known: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    secret: dict[str, str] = {}
    shown = dict(_text_places(_texts(known)))
    for name, text in known["folders"].items() if known["folders"] else ():
        for variable in variables.names(text):
            shown.setdefault(variable, f"folders.{name}")
    for side in secrets.SERVERS:
        for variable, key in known[side].variables:
            (secret if key == "password" else shown).setdefault(variable, f"{side}.{key}")
    return secret, shown


FIELDS = (
    "name", "description", "email", "account_name", "sender_name", "reply_to", "account_type", "default", "notifications",
    "signature", "signature_format", "incoming", "outgoing", "leave_on_server", "delete_after_days", "check_interval",
    "folders", "ca_file", "variables",
)  # fmt: skip
SERVER_FIELDS = tuple(item.name for item in fields(Server))
# The stored form of fields that are not given.
DEFAULTS = {**{name: Profile._field_defaults.get(name) for name in FIELDS}, "variables": {}}
SERVER_DEFAULTS = Server("").data
_TEXTS = ("email", "account_name", "sender_name", "reply_to", "signature")
_texts = itemgetter(*_TEXTS)


@functools.lru_cache(maxsize=1024)  # most profiles say the same in these
def _text_places(texts: tuple[str | None, ...]) -> Mapping[str, str]:
    """Variable -> the first of the text fields that it stands in."""
    places: dict[str, str] = {}
    for place, text in zip(_TEXTS, texts):
        for variable in variables.names(text or ""):
            places.setdefault(variable, place)
    return places


def dotted_fields() -> tuple[str, ...]:
    """Every field that a client may express: nested ones as ``incoming.host`` and ``folders.sent``."""
    own = [name for name in FIELDS if name not in ("name", "description", "incoming", "outgoing", "folders", "variables")]
    servers = [f"{side}.{name}" for side in ("incoming", "outgoing") for name in SERVER_FIELDS if name != "allow_cleartext"]
    return tuple(own + servers + [f"folders.{name}" for name in FOLDERS])

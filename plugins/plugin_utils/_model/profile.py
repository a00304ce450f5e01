# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile: the description of an IMAP or POP account, with variables in its texts. No I/O.

``profile_reader`` makes profiles of given data, and is the one place that validates it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Collection, Iterator, Mapping, NamedTuple

from . import variables
from .errors import Invalid
from .passwords import SERVERS

ACCOUNT_TYPES = ("imap", "pop")
SECURITIES = ("tls", "starttls", "none")
# In other programs' words. "TLS" is TLS from the first byte here, as RFC 8314 recommends, whatever it is elsewhere.
SECURITY_SPELLINGS = {
    **dict.fromkeys(("tls", "ssl", "ssltls", "tlsssl", "implicittls", "imaps", "pop3s", "smtps", "submissions"), "tls"),
    **dict.fromkeys(("starttls", "stls", "explicittls", "tlsstarttls", "starttlstls"), "starttls"),
    **dict.fromkeys(("none", "noencryption", "unencrypted", "plaintext", "cleartext"), "none"),
}
AUTHENTICATIONS = ("password", "encrypted", "gssapi", "ntlm", "oauth2", "client_certificate", "none")
# In other programs' words, and the names of mechanisms (SASL).
AUTHENTICATION_SPELLINGS = {
    **dict.fromkeys(("password", "normalpassword", "plain", "login", "plainlogin", "loginplain"), "password"),
    **dict.fromkeys(("encrypted", "encryptedpassword", "crammd5", "scramsha1", "scramsha256"), "encrypted"),
    **dict.fromkeys(("gssapi", "kerberos", "kerberosgssapi"), "gssapi"),
    "ntlm": "ntlm",
    **dict.fromkeys(("oauth2", "oauth", "xoauth2", "oauthbearer"), "oauth2"),
    **dict.fromkeys(("clientcertificate", "tlscertificate", "external"), "client_certificate"),
    **dict.fromkeys(("none", "noauthentication"), "none"),
}
SIGNATURE_FORMATS = ("text", "html")
FOLDERS = ("sent", "drafts", "trash", "archive", "junk")

# What a store adds to a profile. mail_profile_info returns it, so it may come back as input; it is not part of the model.
RECORD_FIELDS = ("id", "revision")

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
_MAX_SLUG = 24  # characters of a derived key


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

    def texts(self) -> Iterator[tuple[str, str]]:
        """Each text that may hold variables, with its field."""
        yield "host", self.host
        yield "username", self.username
        if self.password is not None:
            yield "password", self.password
        for argument in self.password_command or ():
            yield "password_command", argument

    @property
    def data(self) -> dict[str, Any]:
        """The stored form."""
        command = None if self.password_command is None else list(self.password_command)
        return {**{item.name: getattr(self, item.name) for item in fields(self)}, "password_command": command}


@dataclass(frozen=True)
class Incoming(Server):
    """``namespace``: what the names of the user's folders begin with on an IMAP server, in the server's spelling (``INBOX.``)."""

    separator: str | None = None
    namespace: str | None = None

    @property
    def level_separator(self) -> str:
        """What the server has between the levels of a folder's name, or a slash if nothing is known."""
        return self.separator or (self.namespace or "/")[-1]


class Profile(NamedTuple):
    """``key``: what its accounts are called on hosts; None where it was not given and no store has derived it yet."""

    name: str
    incoming: Incoming
    outgoing: Server
    key: str | None = None
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
        """The stored form: every field in the order of the documentation. ``port: None`` means that it follows from type and security."""
        data = {name: getattr(self, name) for name in FIELDS}
        data["incoming"], data["outgoing"] = self.incoming.data, self.outgoing.data
        data["folders"] = dict(sorted(self.folders.items())) if self.folders else None
        data["variables"] = dict(sorted(self.variables.items()))
        return data

    def variable_places(self) -> tuple[dict[str, str], dict[str, str]]:
        """Variable -> the first field that holds it: among password fields, and among all others."""
        secret: dict[str, str] = {}
        public: dict[str, str] = {}
        for place, text in self._texts():
            found = secret if place.endswith(".password") else public
            for variable in variables.names(text):
                found.setdefault(variable, place)
        return secret, public

    def _texts(self) -> Iterator[tuple[str, str]]:
        for name in ("email", "account_name", "sender_name", "reply_to", "signature"):
            text = getattr(self, name)
            if text is not None:
                yield name, text
        for name, text in (self.folders or {}).items():
            yield f"folders.{name}", text
        for side in SERVERS:
            for name, text in getattr(self, side).texts():
                yield f"{side}.{name}", text


FIELDS = (
    "name", "key", "description", "email", "account_name", "sender_name", "reply_to", "account_type", "default", "notifications",
    "signature", "signature_format", "incoming", "outgoing", "leave_on_server", "delete_after_days", "check_interval",
    "folders", "ca_file", "variables",
)  # fmt: skip
SERVER_KINDS = {"incoming": Incoming, "outgoing": Server}
SERVER_FIELDS = {side: tuple(item.name for item in fields(kind)) for side, kind in SERVER_KINDS.items()}
# The stored form of fields that are not given.
DEFAULTS = {**{name: Profile._field_defaults.get(name) for name in FIELDS}, "variables": {}}
SERVER_DEFAULTS = {side: kind("").data for side, kind in SERVER_KINDS.items()}
# What no client expresses by itself: the rest of the profile means something else with it.
_FACTS = ("allow_cleartext", "separator", "namespace")


def dotted_fields() -> tuple[str, ...]:
    """Every field that a client may express: nested ones as ``incoming.host`` and ``folders.sent``."""
    own = [name for name in FIELDS if name not in ("name", "key", "description", "incoming", "outgoing", "folders", "variables")]
    servers = [f"{side}.{name}" for side in SERVERS for name in SERVER_FIELDS[side] if name not in _FACTS]
    return tuple(own + servers + [f"folders.{name}" for name in FOLDERS])


def fields_below(*names: str) -> tuple[str, ...]:
    """The dotted fields of these mappings: ``incoming``, ``outgoing``, ``folders``."""
    return tuple(name for name in dotted_fields() if name.startswith(tuple(f"{each}." for each in names)))


# --- the key ---


def profile_key(value: Any) -> str:
    """A key that was given, or Invalid."""
    if not isinstance(value, str) or not _KEY.match(value):
        raise Invalid("must be 1 to 40 lower-case ASCII letters, digits and '-', and begin with a letter or digit")
    return value


def derived_key(name: str, taken: Collection[str] = frozenset()) -> str:
    """``work-1a2b3c4d``: the key of a profile of this name that was given none. ``taken`` holds the keys of the other profiles."""
    start = slug(name)[:_MAX_SLUG]
    attempt = 0
    while True:
        hashed = "\0".join(["default", name, *([str(attempt)] if attempt else [])])
        key = f"{start}-{hashlib.sha256(hashed.encode()).hexdigest()[:8]}"
        if key not in taken:
            return key
        attempt += 1


def slug(name: str) -> str:
    """The name in lower-case ASCII letters, digits and single dashes: a label for people, not unique."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "profile"

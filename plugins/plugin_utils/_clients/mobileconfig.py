# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration profiles for Mail on iPhone, iPad and Mac: ``mail.mobileconfig``, a property list with a payload for each account.

The keys are those of Apple's schema ``com.apple.mail.managed``. It has no word for STARTTLS: with UseSSL a device begins with TLS, but on the
ports where that is not usual. A device replaces a profile by one with the same identifier, and an account by one with the same identifier and
UUID; two users, profiles or instances with the same ones would overwrite each other. So all are made from names that stay.
"""

from __future__ import annotations

import datetime
import plistlib
import re
import uuid
from typing import Any, Callable, Mapping, Sequence

from .._model import values
from .._model.account import Account, instance_suffix
from .._model.errors import Invalid, Problems
from .._model.passwords import masked
from .._model.profile import Server
from . import _apple_switches, _signing
from ._accounts import servers
from ._client import Client, Context, Option, OptionCheck
from ._file import File, owned, owned_paths

_NAMESPACE = uuid.UUID("7d3b1f0e-5a2c-4c0e-9d59-1c8f0f3f5f7a")
_TYPES = {"imap": "EmailTypeIMAP", "pop": "EmailTypePOP"}
_AUTHENTICATIONS = {"none": "EmailAuthNone", "password": "EmailAuthPassword", "encrypted": "EmailAuthCRAMMD5", "ntlm": "EmailAuthNTLM"}
_STARTTLS_PORTS = (25, 110, 143, 587)
_DEVICES = {"any": 0, "iphone": 1, "mac": 5}
_PREFIX = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z")
_LANGUAGE = re.compile(r"default\Z|[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")  # BCP 47, and what every other language gets
_MAX_PREFIX, _MAX_CONSENT = 100, 4000  # characters


# What becomes of a password that is written: it stays, or is masked.
Show = Callable[[str], str]


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    content = _plist(accounts, context, lambda password: password)
    redacted = _plist(accounts, context, masked).decode()
    secret = content.decode() != redacted
    signer = _signing.signer(context.options)
    if signer is not None:
        content, redacted = signer.signed(content), f"{signer.description}\n{redacted}"
    path = f"mail{instance_suffix(context.instance)}.mobileconfig"
    return [owned(path, content, redacted=redacted, secret=secret, tag=signer.tag if signer else "")]


def _plist(accounts: Sequence[Account], context: Context, show: Show) -> bytes:
    options, user = context.options, context.user
    identifier = _uuid("profile", context.instance, user.name, user.email or "")
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{options['identifier_prefix']}.{identifier}",
        "PayloadUUID": identifier,
        "PayloadDisplayName": f"{options['organization'] or 'E-mail'} ({user.email or accounts[0].email})",
        "PayloadOrganization": options["organization"],
        "PayloadDescription": options["description"],
        # A Mac takes mail accounts for a user only.
        "PayloadScope": "User",
        "PayloadRemovalDisallowed": options["removal_disallowed"] or None,
        "RemovalDate": _date(options["removal_date"]) if options["removal_date"] else None,
        "TargetDeviceType": _DEVICES[options["target_device"]] or None,
        "ConsentText": options["consent_text"] or None,
        "PayloadContent": [_payload(account, context, show) for account in accounts],
    }
    return plistlib.dumps(_given(profile), sort_keys=True)


def _payload(account: Account, context: Context, show: Show) -> dict[str, Any]:
    identifier = _uuid("account", context.instance, context.user.name, account.key, account.email)
    return _given({
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{context.options['identifier_prefix']}.{account.key}.{identifier}",
        "PayloadUUID": identifier,
        "PayloadDisplayName": account.account_name,
        "EmailAccountType": _TYPES[account.account_type],
        "EmailAccountDescription": account.account_name,
        "EmailAccountName": account.sender_name or None,
        "EmailAddress": account.email,
        **_server("IncomingMailServer", account.incoming),
        **_server("OutgoingMailServer", account.outgoing),
        **_passwords(account, context.options["include_passwords"], show),
        **_apple_switches.payload(context.options),
    })  # fmt: skip


def _server(prefix: str, server: Server) -> dict[str, Any]:
    keys = {
        "Authentication": _AUTHENTICATIONS[server.authentication],
        "HostName": server.host,
        "PortNumber": server.port,
        "UseSSL": server.security != "none",
        # A device asks for what is left out, and takes an empty text as the answer.
        "Username": server.username if server.authentication != "none" else None,
    }
    return {prefix + name: value for name, value in keys.items()}


def _passwords(account: Account, included: bool, show: Show) -> dict[str, Any]:
    incoming, outgoing = account.incoming, account.outgoing
    same = outgoing.authentication != "none" and (incoming.username, incoming.password) == (outgoing.username, outgoing.password)
    return {
        "OutgoingPasswordSameAsIncomingPassword": same,
        "IncomingPassword": show(incoming.password) if included and incoming.password is not None else None,
        "OutgoingPassword": show(outgoing.password) if included and outgoing.password is not None and not same else None,
    }


def _uuid(*names: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\0".join(names))).upper()


def _given(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


def _date(text: str) -> datetime.datetime:
    """In UTC, without a time zone, as property lists have it."""
    try:
        found = datetime.datetime.fromisoformat(re.sub("[Zz]\\Z", "+00:00", text))  # Python 3.10 does not know it
    except ValueError:
        raise Invalid("must be a date such as 2027-06-30, or with a time, 2027-06-30T18:00:00+02:00") from None
    return found if found.tzinfo is None else found.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def _check_options(options: Mapping[str, Any], now: datetime.datetime) -> OptionCheck:
    problems, (found, warnings) = Problems(), _signing.check(options, now)
    problems.extend(found)
    with problems.at("identifier_prefix"):
        if len(options["identifier_prefix"]) > _MAX_PREFIX or not _PREFIX.match(options["identifier_prefix"]):
            raise Invalid(f"must be a name such as org.example.mail: ASCII letters, digits, '-' and single dots, {_MAX_PREFIX} at most")
    for language, text in options["consent_text"].items():
        with problems.at(f"consent_text.{str(language)[:20]}"):
            if not isinstance(language, str) or not _LANGUAGE.match(language):
                raise Invalid("is not a language such as en, pl or pt-BR, and not 'default'")
            values.text(text, _MAX_CONSENT, newline=True)
    added = list(warnings)
    if options["removal_date"]:
        with problems.at("removal_date"):
            if _date(options["removal_date"]) <= now.astimezone(datetime.timezone.utc).replace(tzinfo=None):
                added.append("removal_date: is over: a device removes the profile at once")
    if options["removal_disallowed"]:
        added.append("removal_disallowed: an iPhone or iPad obeys only when it is supervised; a Mac asks for an administrator's password")
    return OptionCheck(tuple(problems), tuple(added))


def _unsupported_reason(account: Account) -> str | None:
    for side, server in servers(account):
        if server.security == "starttls" and server.port not in _STARTTLS_PORTS:
            ports = ", ".join(map(str, _STARTTLS_PORTS))
            return f"Apple Mail begins with TLS on every port but {ports}, and {side}.port is {server.port} with starttls"
    return None


CLIENT = Client(
    name="mobileconfig",
    title="Apple Mail",
    account_types=("imap", "pop"),
    expresses=(
        "email", "account_name", "sender_name", "account_type",
        *(f"{side}.{name}" for side in ("incoming", "outgoing") for name in ("host", "port", "security", "username", "password", "authentication")),
    ),
    paths=owned_paths("mail.mobileconfig", "mail-*.mobileconfig"),
    render=_render,
    authentications=tuple(_AUTHENTICATIONS),
    unsupported_reason=_unsupported_reason,
    without_ca_file=(
        "the profile cannot have ca_file: users have to install the authority's certificate and switch trust in it on by hand (Settings, General, "
        "About, Certificate Trust Settings)"
    ),
    options=(
        Option("include_passwords", "bool", False, "Whether passwords are in the file. Otherwise the device asks for them when it is installed."),
        Option("organization", "str", None, "Whom the profile is from, as the device displays it."),
        Option(
            "identifier_prefix", "str", "mailops.profiles",
            "What the identifiers of profiles begin with, such as org.example.mail. A device takes a profile with another one for a new one.",
        ),
        Option("description", "str", None, "What the profile is for, as the device displays it."),
        Option("consent_text", "dict", {}, "What the user has to agree to, by language (`en`, `pl`, or `default` for all others)."),
        Option("removal_date", "str", None, "When the device removes the profile by itself: a date such as 2027-06-30, in UTC, or with time and offset."),
        Option("removal_disallowed", "bool", False, "The user cannot remove the profile. An iPhone or iPad obeys only when it is supervised."),
        Option("target_device", "str", "any", "The kind of device, so that nobody is asked which one it is for.", choices=tuple(_DEVICES)),
        *_apple_switches.OPTIONS,
        *_signing.OPTIONS,
    ),
    check_options=_check_options,
    redacts=True,
    tag_change=(
        "the profiles were signed with another key before, or are not signed any more: a device that has the old one refuses the new one until its "
        "user has removed the old one (Settings, General, VPN & Device Management; on a Mac, Device Management); renew a certificate with the same "
        "key, and nobody has to"
    ),
    notes=(
        "`mail.mobileconfig`, to open in Mail or Safari on the device; the user then installs it in the settings. Works without an MDM, and updates an "
        "installed one in place. TLS is implicit but on the ports 25, 110, 143 and 587. A private authority (`ca_file`) has to be installed and trusted by "
        "hand. No signature, notifications, folders or OAuth 2: the format has none. No real device was available; Apple's schema and `openssl cms` judge "
        "the file. See [phones](phones.md)."
    ),
)  # fmt: skip

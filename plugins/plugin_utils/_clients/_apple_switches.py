# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switches of Apple's schema ``com.apple.mail.managed`` that are options of the client ``mobileconfig``, the same for all accounts."""

from __future__ import annotations

from typing import Any, Mapping

from ._client import Option

# Option -> key of the schema, default, what it does. Users may decide about S/MIME themselves, unless an administrator says otherwise: without
# these keys they could not switch it on at all.
_SWITCHES = {
    "prevent_move": ("PreventMove", False, "Messages cannot be moved to another account, nor forwarded or answered from one."),
    "prevent_app_sheet": ("PreventAppSheet", False, "No app but Mail can send from the account."),
    "disable_recents_syncing": ("disableMailRecentsSyncing", False, "Recent addresses of the account stay on the device."),
    "allow_mail_drop": ("allowMailDrop", False, "Large attachments may go through Apple's Mail Drop."),
    "smime_signing_enabled": ("SMIMESigningEnabled", False, "Messages are signed with S/MIME."),
    "smime_signing_user_overrideable": ("SMIMESigningUserOverrideable", True, "The user may switch signing on and off."),
    "smime_signing_certificate_user_overrideable": (
        "SMIMESigningCertificateUUIDUserOverrideable", True, "The user may choose the certificate for signing.",
    ),
    "smime_encrypt_by_default": ("SMIMEEncryptByDefault", False, "Messages are encrypted with S/MIME unless the user says otherwise."),
    "smime_encrypt_by_default_user_overrideable": (
        "SMIMEEncryptByDefaultUserOverrideable", True, "The user may switch that on and off.",
    ),
    "smime_encryption_certificate_user_overrideable": (
        "SMIMEEncryptionCertificateUUIDUserOverrideable", True, "The user may choose the certificate for encryption.",
    ),
    "smime_per_message_switch": (
        "SMIMEEnableEncryptionPerMessageSwitch", True, "Each message has a switch for encryption.",
    ),
}  # fmt: skip

OPTIONS = tuple(Option(name, "bool", default, description) for name, (_key, default, description) in _SWITCHES.items())


def payload(options: Mapping[str, Any]) -> dict[str, bool]:
    """The keys of one account's payload."""
    return {key: options[name] for name, (key, _default, _description) in _SWITCHES.items()}

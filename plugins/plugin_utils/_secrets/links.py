# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``{LinkToken}``: the name of a directory on a web server that nobody guesses, and that is the same in every run.

HMAC-SHA-256 (RFC 2104) under the administrator's ``link_secret``, the first 130 bits as 26 characters of base 32 (RFC 4648), lower case.
Another instance, user, e-mail address, ``link_version`` or secret gives another token, and nothing of them can be read from it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Mapping

from .._model.user import User
from .sources import Source, given_secret

ENVIRONMENT = "MAILOPS_LINK_SECRET"
_SOURCE = Source("link_secret", ENVIRONMENT, 32)
OPTIONS = _SOURCE.options
TOKEN_LENGTH = 26
HINT = f"give {', '.join(OPTIONS)} or {ENVIRONMENT}, a text of {_SOURCE.min_length} characters at least (openssl rand -base64 32)"
_PURPOSE = "mailops-link-1"


class LinkSecret:
    """The administrator's secret; its text appears nowhere."""

    def __init__(self, text: str) -> None:
        self._key = text.encode()

    def token(self, instance: str, user: User) -> str | None:
        """None for a user without an e-mail address, because another one has to change the token."""
        if user.email is None:
            return None
        # Nobody has two mailboxes whose addresses differ in capital letters only, and directories of people spell them this way and that.
        fields = (_PURPOSE, instance, user.name, user.email.lower(), str(user.link_version))
        digest = hmac.new(self._key, "\0".join(fields).encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:TOKEN_LENGTH]


def link_secret(options: Mapping[str, Any], environ: Mapping[str, str]) -> LinkSecret | None:
    """The secret that the options or the environment give, if any."""
    found = given_secret(_SOURCE, options, environ)
    return None if found is None else LinkSecret(found[0])

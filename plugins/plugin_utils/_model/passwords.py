# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the text of a password field is: one variable, a sealed password, or a literal."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import variables
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid

SERVERS = ("incoming", "outgoing")
MASK = "********"  # what is displayed for a password

SEALED_PREFIX = "$mailops$"
# $mailops$1$SALT$CHECK$DATA, see _secrets/keys.py
SEALED = re.compile(r"\$mailops\$1\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{11})\$([A-Za-z0-9_-]{39,8000})\Z")


def is_sealed(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(SEALED_PREFIX)


def is_literal(text: Any) -> bool:
    """Whether a password is to be sealed: it is neither sealed nor exactly one variable."""
    return isinstance(text, str) and not is_sealed(text) and not variables.parse(text).only_variable


def sealed(text: str) -> str:
    """A sealed password of the right form; whether it is genuine is seen when it is opened."""
    if not SEALED.match(text):
        raise Invalid("is not a whole encrypted password, or one of a newer release: take it from mail_profile_info again")
    return text

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page for a user, that says what to tap and type on each device: one self-contained HTML file for each language.

It has the codes for Thunderbird on Android in it, and links to the files that the same task writes beside it. HTML is escaped by Jinja; the
page's content security policy (CSP level 3) allows the one style and the one script in it, and nothing from outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from ...module_utils._wire import MASK, File
from .._model.account import Account
from .._model.errors import MailopsError
from .._model.profile import AUTHENTICATIONS, fields_below
from . import _qr, thunderbird_android
from ._client import Client, Context
from ._file import owned, owned_paths
from ._setup_page import options as page_options
from ._setup_page.contact import linked
from ._setup_page.page import Code, Language, Page, html
from ._setup_page.tables import account_table
from ._setup_page.texts import texts

_MAX_PAGE = 64 << 10  # bytes
_MAX_SUMMARY = 2000  # characters of at most four bytes

# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page for a user that says what to tap and type on each device: one self-contained HTML file for each language.

It has the codes for Thunderbird on Android in it, and links to the files that the same task writes beside it. Jinja escapes all texts; the page's
content security policy (CSP level 3) allows the one style and the one script in it, and nothing from outside.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._wire import MASK, File
from .._model.account import Account
from .._model.errors import Invalid, MailopsError
from .._model.profile import AUTHENTICATIONS, fields_below
from .._model.user import User
from ._accounts import host_and_port
from ._client import Client, Context
from ._file import owned, owned_paths
from ._setup_page import codes, downloads
from ._setup_page.contact import linked
from ._setup_page.options import OPTIONS, check_options, logo, page_address
from ._setup_page.page import Code, Language, Page, html
from ._setup_page.tables import account_table
from ._setup_page.texts import texts

_MAX_PAGE = 64 << 10  # bytes
_MAX_SUMMARY = 2000  # bytes
_INDEX = "index.html"
_CODE = re.compile('<img class="m[0-9]"[^>]*>')  # even its size tells how long a password is


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    options = context.options
    found = codes.of_accounts(accounts, context)
    shared: dict[str, Any] = {
        "title": options["title"],
        "person": _person(context.user),
        "color": options["color"],
        "logo": logo(options["logo_file"].content) if options["logo_file"] else None,
        "contact": linked(options["contact"]) if options["contact"] else None,
        "downloads": downloads.files(accounts, context),
        "delta_chat": downloads.delta_chat(accounts, context),
        "codes": found.images,
        "without_code": ", ".join(account.account_name for account in found.without),
        "holds_password": found.hold_password,
        "files_hold_password": downloads.hold_password(accounts, context),
        "has_imap": any(account.account_type == "imap" for account in accounts),
        "has_pop": any(account.account_type == "pop" for account in accounts),
    }
    return [_file(language, accounts, context, shared) for language in options["languages"]]


def _file(language: str, accounts: Sequence[Account], context: Context, shared: Mapping[str, Any]) -> File:
    options = context.options
    path = _path(language, options["languages"])
    page = Page(
        language=language,
        accounts=[account_table(account, texts(language)) for account in accounts],
        other_languages=[
            Language(other, texts(other)["language"], _path(other, options["languages"])) for other in options["languages"] if other != language
        ],
        address=_address(path, context) if options["base_url"] else None,
        **shared,
    )
    content = html(page)
    if len(content.encode()) > _MAX_PAGE:
        raise MailopsError(
            f"user '{context.user.name}': {path} of the client setup_page would have {len(content.encode())} bytes, and phones on a slow line get "
            f"{_MAX_PAGE} at most: give a smaller logo_file, or fewer profiles"
        )
    return owned(path, content, redacted=_summary(page, accounts, content), secret=page.holds_password)


def _address(path: str, context: Context) -> Code:
    """The code of the page's address."""
    try:
        return codes.image(page_address(context.options["base_url"], "" if path == _INDEX else path).encode())
    except Invalid as exc:
        raise MailopsError(f"user '{context.user.name}': client_options.setup_page.base_url: {exc}; give a shorter address") from None


def _path(language: str, languages: Sequence[str]) -> str:
    # The same for each instance: it is the name that web servers look for.
    return _INDEX if language == languages[0] else f"index.{language}.html"


def _person(user: User) -> str:
    return user.variable_values(None).get("UserDisplayName") or user.email or user.name


def _summary(page: Page, accounts: Sequence[Account], content: str) -> str:
    """What diffs and manifests have instead of the page: no code, and nothing of a text that may have a link's token."""
    content = _CODE.sub("", content)
    lines = [
        f"setup page ({page.language}), SHA-256 without codes: {hashlib.sha256(content.encode()).hexdigest()}",
        f"codes: {len(page.codes)}{f', with the password {MASK}' if page.holds_password else ''}",
        f"beside it: {', '.join([*page.downloads.values(), *(link.file for link in page.delta_chat)]) or 'nothing'}",
        f"for: {page.person}",
        *(_account_line(account) for account in accounts),
    ]
    return "\n".join(lines).encode()[: _MAX_SUMMARY - 1].decode(errors="ignore") + "\n"


def _account_line(account: Account) -> str:
    servers = (f"{host_and_port(server)} {server.security}" for server in (account.incoming, account.outgoing))
    return f"{account.account_name} <{account.email}>: {account.account_type} {', smtp '.join(servers)}"


CLIENT = Client(
    name="setup_page",
    title="Setup page",
    account_types=("imap", "pop"),
    expresses=(
        "email", "account_name", "sender_name", "reply_to", "account_type", "leave_on_server", "delete_after_days",
        *(f"{side}.{name}" for side in ("incoming", "outgoing") for name in ("host", "port", "security", "username", "password", "authentication")),
        *fields_below("folders"),
    ),
    paths=owned_paths(_INDEX, "index.*.html"),
    render=_render,
    authentications=AUTHENTICATIONS,
    options=OPTIONS,
    check_options=check_options,
    without_ca_file="the page says nothing of ca_file: people have to install the authority's certificate on each device, and you have to tell them how",
    redacts=True,
    notes=(
        "A page for the user's browser, in a `dest` that a web server has, or to be sent or printed: see [the setup page](setup-page.md). It links the "
        "files that `mobileconfig`, `k9_settings` and `delta_chat` write in the same task, and has the codes of `thunderbird_android` itself, whether "
        "or not that is one of the task's clients. An account that no code can hold is in the table, as are all settings but passwords. With "
        "`include_passwords` a password is in the codes, and never a text. The files have the same names in each instance: give two instances "
        "different directories. A program that the user sets up by hand checks certificates as it is used to."
    ),
)  # fmt: skip

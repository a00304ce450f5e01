# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts for the tests of the clients, from raw data and through the same validation as an administrator's."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client, Context
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account, resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users

JOANNA = {
    "name": "jkowalska",
    "email": "j.kowalska@example.org",
    "display_name": "Joanna Kowalska",
    "password": "tr0ub4dor&3",
}


def resolved(profiles: list[dict[str, Any]], user: Mapping[str, Any] | None = None) -> tuple[list[Account], Context]:
    """The accounts of a user (of Joanna), and the context for a client without options; MailopsError for invalid data."""
    known = {each["name"]: read_profile(each) for each in profiles}
    (reader,) = read_users([dict(user or JOANNA)])
    return resolve_users([reader], known, None, "laptop-17", "default")[reader.name], Context(reader, {})


def options_of(client: Client) -> dict[str, Any]:
    """The client's options, with which it writes all that it can."""
    return {**client.default_options(), **{option.name: True for option in client.options if option.name == "include_passwords"}}


def files_of(client: Client, accounts: list[Account], context: Context) -> list[File]:
    """All files that the client writes for the accounts."""
    return client.files(accounts, context._replace(options=options_of(client)))
